"""The ledger of promises on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import Field

from kit.database import Row
from kit.ids import encode
from kit.wire import Moment, Shown
from reporting.ledger import ENDS, Line


class LineOut(Shown):
    """promised = kept + late + broken + cancelled + settled + merged + open; moved and handed are among them."""

    day: date
    market: str
    desk_group: str | None = Field(description="Null for those of no group, and of groups of fewer than five.")
    promised: int
    kept: int
    late: int
    broken: int
    cancelled: int
    settled: int
    merged: int
    open: int
    moved: int
    handed: int
    why: dict[str, int]


class LedgerOut(Shown):
    lines: list[LineOut]


class PromiseOut(Shown):
    id: str
    state: str
    market: str
    customer: str | None
    advisor: str | None
    desk_group: str | None
    owner_state: str
    owner_reason: str | None
    window: list[Moment]
    planned_at: Moment | None
    attempts: int
    moves: int
    created_at: Moment


class PromisesOut(Shown):
    callbacks: list[PromiseOut]
    next: str | None


class ChangeOut(Shown):
    """`by` is who made it: a person, a key, a loop; `because` a code where there is one."""

    at: Moment
    change: str
    state: str
    owner_state: str
    window: list[Moment]
    by: str | None
    because: str | None


class HistoryOut(Shown):
    changes: list[ChangeOut]


def ledger(lines: Sequence[Line]) -> LedgerOut:
    return LedgerOut(lines=[_line(line) for line in lines])


def _line(line: Line) -> LineOut:
    ends: dict[str, Any] = {end: line.ends[end] for end in ENDS}
    return LineOut(
        day=line.day,
        market=line.market,
        desk_group=_encoded("grp", line.desk_group),
        promised=line.promised,
        moved=line.moved,
        handed=line.handed,
        why=dict(sorted(line.why.items())),
        **ends,
    )


def promise(row: Row) -> PromiseOut:
    return PromiseOut(
        id=encode("cb", row["id"]),
        state=row["state"],
        market=row["market_id"],
        customer=row["external_ref"],
        advisor=_encoded("adv", row["advisor_id"]),
        desk_group=_encoded("grp", row["desk_group_id"]),
        owner_state=row["owner_state"],
        owner_reason=row["owner_reason"],
        window=[row["window_starts_at"], row["window_ends_at"]],
        planned_at=row["planned_at"],
        attempts=row["attempts"],
        moves=row["moves"] or 0,
        created_at=row["created_at"],
    )


def change(row: Row) -> ChangeOut:
    told = row["callback"]
    return ChangeOut(
        at=row["at"],
        change=row["type"].removeprefix("callback."),
        state=told["state"],
        owner_state=told["owner_state"],
        window=told["window"],
        by=row["actor"],
        because=row["because"],
    )


def _encoded(prefix: str, identifier: Any) -> str | None:
    return None if identifier is None else encode(prefix, identifier)
