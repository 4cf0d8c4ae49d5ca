"""What must hold at every instant, as SQL: `invariants.sql`, one statement for each, run alone or all at once.

A violation is an id and a code, never anything about a person: it may be logged and counted. Whoever asks says as
of which instant, and how far back histories are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files

from kit.database import ReadSession

LOOK_BACK = timedelta(days=1)

HEAD = re.compile(r"^-- (I\d+): (.+)$", re.MULTILINE)

# both instants are always there, whichever of them the chosen invariants ask for
NOTHING = "SELECT '' AS invariant, '' AS id, '' AS why WHERE $1::timestamptz IS NULL OR $2::timestamptz IS NULL"


@dataclass(frozen=True, slots=True)
class Invariant:
    """`sql` selects `id` and `why` of everything that breaks it; $1 is now, $2 how far back to look."""

    id: str
    sentence: str
    sql: str


@dataclass(frozen=True, slots=True)
class Violation:
    """What breaks an invariant: the id of a row or the encoded id of a thing, and a code."""

    id: str
    why: str


@lru_cache(maxsize=1)
def load() -> Mapping[str, Invariant]:
    """All of them by id, in the order of the file."""
    text = files("kit").joinpath("invariants.sql").read_text("utf-8")
    heads = list(HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return {
        head[1]: Invariant(head[1], head[2], _bound(text[head.end() : end]))
        for head, end in zip(heads, ends, strict=True)
    }


def _bound(block: str) -> str:
    sql = block.strip().rstrip(";")
    return sql.replace("$now", "$1::timestamptz").replace("$since", "$2::timestamptz")


async def violations(
    session: ReadSession, now: datetime, *, since: datetime | None = None, only: Collection[str] | None = None
) -> dict[str, list[Violation]]:
    """What is broken as of `now`, by invariant; empty when all is well.

    `only` names those to look at; `since` is how far back histories are read (a day where it isn't said). One
    statement, so that all of them see the same instant; on a large database ask for them one by one.
    """
    wanted = tuple(load()) if only is None else tuple(only)
    found: dict[str, list[Violation]] = {}
    for row in await session.fetch(_statement(wanted), now, since or now - LOOK_BACK):
        found.setdefault(row["invariant"], []).append(Violation(row["id"], row["why"]))
    return found


@lru_cache(maxsize=64)
def _statement(wanted: tuple[str, ...]) -> str:
    known = load()
    parts = [
        f"SELECT '{known[i].id}' AS invariant, found.id::text, found.why FROM ({known[i].sql}) found"  # noqa: S608
        for i in wanted
    ]
    return "\nUNION ALL\n".join([NOTHING, *parts])
