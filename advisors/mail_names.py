"""What stands before the @ of an advisor's own address: made from the name once, unique, kept when names change.

Anna Müller-Lüdenscheidt   anna.mueller-luedenscheidt
Анна Бергер                advisor            (what has no letters in ASCII)
another Anna Berger        anna.berger2
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import cast
from uuid import UUID

from kit.database import ReadSession, Session

LONGEST = 48
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa", "ł": "l"})
RESERVED = frozenset({"abuse", "hostmaster", "mailer-daemon", "postmaster", "reply", "root", "webmaster"})

NAMELESS = """
SELECT id, name FROM advisors WHERE mail_name IS NULL AND name <> '' AND ($1::uuid[] IS NULL OR id = ANY($1))
ORDER BY id FOR NO KEY UPDATE
"""
TAKEN = "SELECT mail_name FROM advisors WHERE mail_name LIKE ANY($1::text[])"
GIVE = "UPDATE advisors SET mail_name = $2 WHERE id = $1"
BY_NAME = "SELECT id FROM advisors WHERE mail_name = $1"
LOCK = "SELECT pg_advisory_xact_lock(727275)"


async def give(session: Session, only: Collection[UUID] | None = None) -> int:
    """Give one to each advisor who has none; returns how many. Two at once wait for each other."""
    if not await session.fetch(NAMELESS, None if only is None else list(only)):
        return 0
    await session.execute(LOCK)
    rows = await session.fetch(NAMELESS, None if only is None else list(only))
    wanted = {row["id"]: derived(row["name"]) for row in rows}
    taken = {row["mail_name"] for row in await session.fetch(TAKEN, [f"{name}%" for name in set(wanted.values())])}
    for advisor_id, name in wanted.items():
        free = first_free(name, taken)
        taken.add(free)
        await session.execute(GIVE, advisor_id, free)
    return len(rows)


async def advisor_of(session: ReadSession, mail_name: str) -> UUID | None:
    return cast("UUID | None", await session.fetch_value(BY_NAME, mail_name.lower()))


def derived(name: str) -> str:
    """Small letters, digits, dots and hyphens."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(UMLAUTS)).encode("ascii", "ignore").decode()
    words = [word.strip("-") for word in re.findall(r"[a-z0-9-]+", plain)]
    found = ".".join(word for word in words if word)[:LONGEST].strip(".-")
    return found or "advisor"


def first_free(name: str, taken: Collection[str]) -> str:
    number, found = 1, name
    while found in taken or found in RESERVED:
        number += 1
        found = f"{name}{number}"
    return found
