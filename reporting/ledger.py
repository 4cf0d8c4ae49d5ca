"""The ledger of promises as figures: promised, kept, late, moved, broken, and why; by day, market and desk group.

Each promise is counted once under `promised`, on the day on which it was given by the market's clock, and once
under its end or as `open`: so promised = kept + late + broken + cancelled + settled + merged + open. `moved` and
`handed` are told beside. A desk group of fewer than five people is not told apart (I38): its promises are with
those that belong to no group. Nothing is told by advisor.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from kit.database import ReadSession, Row
from kit.errors import Error, Unprocessable
from reporting import ledger_queries as queries

FEWEST = 5
LONGEST = timedelta(days=92)
ENDS = ("kept", "late", "broken", "cancelled", "settled", "merged", "open")
OURS = frozenset({"number_not_allowed", "dial_limit"})
"""Why we have called a promise off ourselves: broken, whatever its state is called."""
CODES = frozenset({"reached", "not_reached", "got_through", "second_wish", "customer_wish", "erased", *OURS})
"""What stands as a reason by itself; whatever people have typed is `other`."""


class LedgerTooLong(Unprocessable):
    """Codes: `backwards`, `too_long`."""

    word, title = "ledger-too-long", "The ledger is told for a quarter of a year at most."


@dataclass
class Line:
    """Of one day, market and desk group; `why` counts reasons by what they are the reason of: `broken.not_reached`,
    `handed.own_advisor_away`."""

    day: date
    market: str
    desk_group: UUID | None
    ends: Counter[str] = field(default_factory=Counter)
    moved: int = 0
    handed: int = 0
    why: Counter[str] = field(default_factory=Counter)

    @property
    def promised(self) -> int:
        return self.ends.total()


async def lines(session: ReadSession, since: datetime, until: datetime) -> list[Line]:
    """Promises given from one instant to another. Raises `LedgerTooLong`."""
    for code, holds in {"backwards": until <= since, "too_long": until - since > LONGEST}.items():
        if holds:
            raise LedgerTooLong(Error("/query/until", code))
    return summed(await queries.counted(session, since, until, FEWEST))


def summed(rows: Iterable[Row]) -> list[Line]:
    """From counts by all that tells promises apart. Pure."""
    found: defaultdict[tuple[date, str, UUID | None], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["day"], row["market_id"], row["desk_group_id"]].append(row)
    keys = sorted(found, key=lambda key: (key[0], key[1], str(key[2] or "")))
    return [_line(Line(*key), found[key]) for key in keys]


def _line(line: Line, rows: Iterable[Row]) -> Line:
    for row in rows:
        end, count = end_of(row), row["promises"]
        line.ends[end] += count
        line.moved += count if row["moved"] else 0
        if end not in ("open", "kept", "late"):
            reason = row["final_reason"]
            line.why[f"{end}.{reason if reason in CODES else 'other'}"] += count
        if row["owner_state"] == "handed_to_group":
            line.handed += count
            line.why[f"handed.{row['owner_reason']}"] += count
    return line


def end_of(row: Row) -> str:
    """One of `ENDS`."""
    if row["state"] == "done":
        return "late" if row["late"] else "kept"
    if row["state"] == "failed" or (row["state"] == "cancelled" and row["final_reason"] in OURS):
        return "broken"
    return str(row["state"]) if row["state"] in ENDS else "open"
