"""What an absence would break, on the wire: for the advisor, the lead and supervisors; customers never see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from pydantic import Field

from callbacks.replans import Asked, Moved
from contacts.replanning import Planned
from desk_groups.absences import Thin
from kit.ids import encode
from kit.wire import Moment, Shown


class BrokenOut(Shown):
    """A promise, and what would become of it: `moved` within the wish, `asked` about, or `handed` to the group."""

    id: str
    customer: str | None = Field(description="The control center's number of the customer.")
    market: str
    window: list[Moment]
    outcome: Literal["moved", "asked", "handed"]
    moves_to: list[Moment] | None = None
    answer_until: Moment | None = None


class ThinOut(Shown):
    """A day on which fewer than `minimum` of the desk group would be at work, and its first such stretch."""

    day: date
    thin_from: Moment
    thin_until: Moment
    minimum: int


class PreviewOut(Shown):
    promises: list[BrokenOut]
    thin_days: list[ThinOut]


def shown(planned: Sequence[Planned], thin: Sequence[Thin]) -> PreviewOut:
    return PreviewOut(
        promises=[_broken(one) for one in planned],
        thin_days=[
            ThinOut(
                day=one.day, thin_from=one.stretch.starts_at, thin_until=one.stretch.ends_at, minimum=one.minimum
            )
            for one in thin
        ],
    )


def _broken(planned: Planned) -> BrokenOut:
    promise, replan = planned.promise, planned.replan
    assert replan.kind != "stands"  # the preview leaves those out
    return BrokenOut(
        id=encode("cb", promise["id"]),
        customer=promise["external_ref"],
        market=promise["market_id"],
        window=[promise["window_starts_at"], promise["window_ends_at"]],
        outcome=replan.kind,
        moves_to=list(replan.slot) if isinstance(replan, Moved) else None,
        answer_until=replan.until if isinstance(replan, Asked) else None,
    )
