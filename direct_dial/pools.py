"""The numbers that a market has: added by admins and imports, counted, listed. None is ever deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from direct_dial import events, queries
from direct_dial.schemas import NumberAnswer
from kit.database import Row, Session
from kit.errors import Conflict, Error
from kit.ids import encode
from kit.phone_numbers import check_allowed_target, display, normalise

TRUNK_DIGITS = 3
"""The direct dials of a block differ in their last three digits, unless the pool says otherwise."""


class NumberElsewhere(Conflict):
    word, title = "number-elsewhere", "That number is in another market's pool."


def read(written: str, region: str, pointer: str) -> str:
    """E.164 of a number for a pool. Raises `NumberUnreadable`, `NumberNotAllowed` (premium and the like)."""
    number = normalise(written, region, pointer)
    check_allowed_target(number, pointer)
    return number


def trunks(numbers: Collection[str]) -> dict[str, str | None]:
    """Number → the beginning that it shares with others of the same delivery; None for one on its own."""
    blocks = Counter(number[:-TRUNK_DIGITS] for number in numbers)
    return {n: n[:-TRUNK_DIGITS] if blocks[n[:-TRUNK_DIGITS]] > 1 else None for n in numbers}


async def add(session: Session, market_id: str, numbers: Sequence[str], kind: str, now: datetime) -> int:
    """Put E.164 numbers into a market's pool; returns how many are new. Raises `NumberElsewhere`."""
    known = await queries.markets_of(session, numbers)
    elsewhere = [place for place, number in enumerate(numbers) if known.get(number, market_id) != market_id]
    if elsewhere:
        raise NumberElsewhere(*(Error(f"/numbers/{place}", "elsewhere") for place in elsewhere))
    beginnings = trunks(numbers)
    rows = [(number, market_id, kind, beginnings[number]) for number in dict.fromkeys(numbers)]
    added = len(await queries.add(session, rows, now))
    if added:
        session.announce(events.added(market_id, added, now))
    return added


def answer(row: Row, region: str) -> NumberAnswer:
    return NumberAnswer(
        number=row["number"],
        display=display(row["number"], region, row["trunk"]),
        kind=row["kind"],
        state=row["state"],
        advisor=None if row["advisor_id"] is None else encode("adv", row["advisor_id"]),
        since=row["since"],
        quarantined_until=row["quarantined_until"],
    )
