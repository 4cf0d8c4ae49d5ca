"""Callbacks out of a call: the earliest window that can be kept is promised first, and adjusted afterwards.

A caller who presses 2 and hangs up at once has a promise; whoever stays on the line may choose a later window. The
own advisor keeps it where their calendar has room within the horizon, else the desk group, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from callbacks import guards
from callbacks import queries as callback_queries
from callbacks import service as callbacks
from callbacks.rooms import Calendar, Slot, SlotPolicy
from callbacks.service import Wish
from callbacks.slots import bookable
from contacts import queries
from contacts.directory import MarketEntry
from contacts.placing import CHOICE_SLACK
from contacts.public import contact_changed
from contacts.situation import Scene
from kit.errors import Unprocessable
from kit.intervals import Interval, union
from kit.phone_numbers import check_may_be_dialled, normalise

Contact = dict[str, Any]
QUIET_WITHIN = timedelta(days=1)
"""A quiet hour is worth waiting for so long; a customer who waits longer calls again."""


@dataclass(frozen=True, slots=True)
class Found:
    """A window that can be kept, and by whom; `because` is why it isn't the own advisor."""

    slot: Slot
    advisor_id: UUID | None
    group_id: UUID | None
    because: str | None

    @property
    def by(self) -> str:
        return "own" if self.because is None else "group"


def slot_policy(market: MarketEntry, now: datetime) -> SlotPolicy:
    rules = market.policy(now).callback
    return SlotPolicy(
        slot_minutes=rules.slot_minutes,
        lead_minutes=rules.lead_minutes,
        grace_minutes=rules.grace_minutes,
        expected_minutes=rules.expected_minutes,
        share=rules.share,
        horizon_days=rules.horizon_days,
        at_most=rules.at_most,
    )


async def windows(
    scene: Scene,
    market: MarketEntry,
    advisor_id: UUID | None,
    group_id: UUID | None,
    *,
    not_before: datetime | None = None,
    but: UUID | None = None,
) -> list[Found]:
    """The next windows, of the own advisor where there are any, else of the desk group."""
    policy = slot_policy(market, scene.now)
    if advisor_id is not None and advisor_id in scene.directory.advisors:
        calendar = await advisor_calendar(scene, market, advisor_id, but)
        found = _quiet_first(scene, market, calendar, policy, not_before)
        if found:
            group_id = scene.directory.advisors[advisor_id].group_id
            return [Found(slot, advisor_id, group_id, None) for slot in found]
    because = "no_own_advisor" if advisor_id is None else "own_advisor_away"
    calendar = await group_calendar(scene, market, group_id, but)
    found = _quiet_first(scene, market, calendar, policy, not_before)
    return [Found(slot, advisor_id, group_id, because) for slot in found]


def _quiet_first(
    scene: Scene, market: MarketEntry, calendar: Calendar, policy: SlotPolicy, not_before: datetime | None
) -> list[Slot]:
    """The earliest windows; where the market has named its quiet hours, first those of the day to come."""
    now, quiet = scene.now, market.policy(scene.now).callback.quiet
    found: list[Slot] = []
    if quiet is not None:
        hours = quiet.between(now, now + QUIET_WITHIN, market.hours.zone)
        found = bookable(now, calendar, policy, wishes=hours, not_before=not_before)
    others = bookable(now, calendar, policy, not_before=not_before)
    return [*found, *(slot for slot in others if slot not in found)][: policy.at_most]


async def advisor_calendar(
    scene: Scene, market: MarketEntry, advisor_id: UUID, but: UUID | None = None
) -> Calendar:
    """The own advisor's working time, the market's hours, and what has been promised of both."""
    horizon = scene.now + slot_policy(market, scene.now).horizon
    working = scene.directory.advisors[advisor_id].working.intervals(scene.now, horizon)
    promised = _in_rooms(await callback_queries.windows(scene.session, advisor_id, but), scene, market)
    return Calendar(working, market.hours.open_intervals(scene.now, horizon), promised, market.hours.zone)


async def group_calendar(
    scene: Scene, market: MarketEntry, group_id: UUID | None, but: UUID | None = None
) -> Calendar:
    """Any time at which somebody of the group works; promises count as if one person kept them all."""
    horizon = scene.now + slot_policy(market, scene.now).horizon
    group = scene.directory.groups.get(group_id) if group_id is not None else None
    members = [scene.directory.advisors[i] for i in (group.members if group is not None else ())]
    spans: list[list[Interval]] = [member.working.intervals(scene.now, horizon) for member in members]
    found = await callback_queries.group_windows(scene.session, group_id, but) if group_id else []
    promised = _in_rooms(found, scene, market)
    return Calendar(union(*spans), market.hours.open_intervals(scene.now, horizon), promised, market.hours.zone)


def _in_rooms(promised: Sequence[callback_queries.Promised], scene: Scene, market: MarketEntry) -> list[Slot]:
    """A window as often as its call takes rooms."""
    policy = slot_policy(market, scene.now)
    return [slot for slot, minutes in promised for _ in range(policy.rooms_for(minutes))]


async def keeper_calendar(scene: Scene, promise: Mapping[str, Any]) -> Calendar:
    """The calendar of whoever keeps this promise, without the promise itself."""
    market = scene.directory.markets[promise["market_id"]]
    if promise["owner_state"] == "own" and promise["advisor_id"] in scene.directory.advisors:
        return await advisor_calendar(scene, market, promise["advisor_id"], promise["id"])
    return await group_calendar(scene, market, promise["desk_group_id"], promise["id"])


async def choose_callback(scene: Scene, row: Contact) -> Contact | None:
    """The caller wants to be called back. None where no window can be promised at all."""
    if _target(scene, row, row["caller_number"]) is None:
        return await ask_number(scene, row)
    return await _promise(scene, row, row["caller_number"], asked_by=None)


async def number_typed(scene: Scene, row: Contact, digits: str) -> Contact | None:
    """The number to call back, typed; one that may not be dialled is asked for again, once."""
    region = scene.market(row).region
    try:
        number = _target(scene, row, normalise(digits, region)) if digits else None
    except Unprocessable:
        number = None
    if number is None:
        if (row["menu"] or {}).get("refused"):
            return None
        return await ask_number(scene, row, refused=True)
    return await _promise(scene, row, number, asked_by=f"calls:{row['market_id']}")


async def later(scene: Scene, row: Contact) -> Contact:
    """The next window after the one promised; where there is none the promise stays as it is."""
    seen = await callback_queries.by_id(scene.session, row["callback_id"])
    if seen is None:
        return row
    # the ledger before the promise, as whoever promises does
    await _hold(scene, seen["advisor_id"], seen["desk_group_id"])
    promise = await callback_queries.lock(scene.session, row["callback_id"])
    if promise is None or promise["state"] != "scheduled":
        return row
    market = scene.market(row)
    advisor_id = promise["advisor_id"] if promise["owner_state"] == "own" else None
    found = await windows(
        scene,
        market,
        advisor_id,
        promise["desk_group_id"],
        not_before=promise["window_ends_at"],
        but=promise["id"],
    )
    if not found or (promise["owner_state"] == "own") != (found[0].because is None):
        return row
    await callbacks.move(scene.session, promise, found[0].slot, scene.now)
    return await placed(scene, row, promise["id"], found[0])


async def _promise(scene: Scene, row: Contact, number: str, *, asked_by: str | None) -> Contact | None:
    """`asked_by` where the number was typed. None where nothing can be promised."""
    market = scene.market(row)
    own_id = row["own_advisor_id"] if row["own_by"] is not None else None
    own = scene.directory.advisors.get(own_id) if own_id is not None else None
    group_id = own.group_id if own is not None else market.general_group_id
    await _hold(scene, own_id, group_id)
    found = await windows(scene, market, own_id, group_id)
    if not found:
        return None
    best = found[0]
    wish = Wish(
        market_id=market.id,
        customer_id=row["customer_id"],
        advisor_id=best.advisor_id,
        desk_group_id=best.group_id,
        number=number,
        language=row["language"],
        contact_id=row["id"],
        group_because=best.because,
        asked_by=asked_by,
        new_number=asked_by is not None and not await _knows(scene, row, number),
        instead_of=row["callback_id"],
    )
    reached = await guards.reached(scene.session, wish, market.policy(scene.now).dialling, scene.now)
    if reached is not None:
        scene.session.alarm(reached.alarm(scene.now))
        return None
    stored = await callbacks.promise(scene.session, wish, best.slot, scene.exchange.new_id(scene.now), scene.now)
    slot = Slot(stored["window_starts_at"], stored["window_ends_at"])
    kept = Found(slot, best.advisor_id, best.group_id, best.because)
    return await placed(scene, row, stored["id"], kept, typed=asked_by is not None)


async def _hold(scene: Scene, advisor_id: UUID | None, group_id: UUID | None) -> None:
    for owner_id in sorted(i for i in (advisor_id, group_id) if i is not None):
        await callback_queries.hold_ledger(scene.session, owner_id)


async def placed(scene: Scene, row: Contact, callback_id: UUID, found: Found, *, typed: bool = False) -> Contact:
    """The caller hears what is promised, and may still choose another time; a number that was `typed` is read back
    by its end, and may be typed again."""
    return await _choosing(
        scene,
        row,
        "callback_placed",
        {
            "window": [found.slot.starts_at.isoformat(), found.slot.ends_at.isoformat()],
            "by": found.by,
            "typed": typed,
        },
        callback_id=callback_id,
        choice="callback",
    )


async def ask_number(scene: Scene, row: Contact, *, refused: bool = False) -> Contact:
    return await _choosing(scene, row, "callback_number", {"refused": refused}, choice="callback")


async def _choosing(scene: Scene, row: Contact, step: str, menu: Mapping[str, Any], **changes: Any) -> Contact:
    timeout = timedelta(seconds=scene.market(row).policy(scene.now).routing.choice_timeout_s)
    before = dict(row)
    saved = await queries.save(
        scene.session,
        row,
        state="choosing",
        since=row["since"] if row["state"] == "choosing" else scene.now,
        step=step,
        menu=dict(menu),
        deadline_at=scene.now + timeout + CHOICE_SLACK,
        **changes,
    )
    scene.session.announce(contact_changed("contact.choosing", saved, scene.now, before=before))
    return saved


async def _knows(scene: Scene, row: Contact, number: str) -> bool:
    """Whether the customer has left this number with us; of somebody unknown we know none."""
    return row["customer_id"] is not None and number in await queries.phones_of(scene.session, row["customer_id"])


def _target(scene: Scene, row: Contact, number: str | None) -> str | None:
    """The number if it may be dialled."""
    if number is None:
        return None
    try:
        check_may_be_dialled(number, scene.market(row).callable_countries(scene.now))
    except Unprocessable:
        return None
    return number
