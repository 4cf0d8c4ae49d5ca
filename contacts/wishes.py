"""Callbacks that are wished for elsewhere than in a call: by the portal, the control center, or the staff."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from callbacks import guards
from callbacks import queries as callback_queries
from callbacks import service as callbacks
from callbacks.rooms import Calendar, Slot
from callbacks.service import Wish
from callbacks.slots import check
from contacts import queries
from contacts.arrivals import language_of
from contacts.conversations import rescind_callback_offer
from contacts.directory import MarketEntry
from contacts.promises import Found, advisor_calendar, group_calendar, slot_policy, windows
from contacts.situation import Scene
from kit.database import Row
from kit.errors import Conflict, Error, NotFound, Unprocessable
from kit.phone_numbers import check_may_be_dialled, normalise


class NumberMissing(Unprocessable):
    word, title = "number-missing", "Under which number shall we call?"


class BeingCalled(Conflict):
    """The customer's phone rings for this promise right now."""

    word, title = "being-called", "We are calling at this very moment."


async def slots(scene: Scene, external_ref: str) -> list[Found]:
    """The earliest windows that can be promised to this customer. Raises `NotFound`."""
    customer = await _customer(scene, external_ref)
    market = scene.directory.markets[customer["market_id"]]
    advisor_id = customer["related_advisor_id"]
    return await windows(scene, market, advisor_id, _group(scene, customer))


async def promise(
    scene: Scene,
    external_ref: str,
    starts_at: datetime,
    number: str | None,
    topic: str | None,
    asked_by: str | None = None,
    *,
    number_confirmed: bool | None = None,
    suits: Slot | None = None,
    expected_minutes: int | None = None,
) -> Row:
    """Promise the window that begins then; `asked_by` is the stable name of who asks. Raises `NotFound`,
    `NumberMissing`, `NumberNotAllowed`, `WindowClosed`, `SlotAlreadyTaken`, `TooManyCallbacks`, `BeingCalled`."""
    customer = await _customer(scene, external_ref)
    market = scene.directory.markets[customer["market_id"]]
    target, is_new = await _number(scene, customer, number, market)
    found = await _checked(scene, customer, starts_at, None, expected_minutes)
    wish = Wish(
        market_id=market.id,
        customer_id=customer["customer_id"],
        advisor_id=found.advisor_id,
        desk_group_id=found.group_id,
        number=target,
        language=language_of(market, customer["languages"]),
        topic=topic,
        group_because=found.because,
        asked_by=asked_by,
        new_number=is_new,
        number_confirmed=number_confirmed,
        suits=suits,
        expected_minutes=expected_minutes,
    )
    await guards.check(scene.session, wish, market.policy(scene.now).dialling, scene.now)
    new_id = scene.exchange.new_id(scene.now)
    stored = await callbacks.promise(scene.session, wish, found.slot, new_id, scene.now)
    if stored["id"] != new_id:
        raise BeingCalled(present_state=stored["state"])
    return stored


async def move(scene: Scene, external_ref: str, callback_id: UUID, starts_at: datetime) -> Row:
    """Another window for an open promise."""
    customer = await _customer(scene, external_ref)
    await _hold(scene, customer)
    row = await locked(scene, external_ref, callback_id)
    found = await _checked(scene, customer, starts_at, row, row["expected_minutes"])
    return await callbacks.move(scene.session, row, found.slot, scene.now)


async def cancel(scene: Scene, external_ref: str, callback_id: UUID, reason: str) -> Row:
    """Ended by somebody's wish; an advisor whose phone rings for it is free again."""
    row = await locked(scene, external_ref, callback_id)
    cancelled = await callbacks.cancel(scene.session, row, reason, scene.now)
    await rescind_callback_offer(scene, cancelled)
    return cancelled


async def locked(scene: Scene, external_ref: str, callback_id: UUID) -> Row:
    """The customer's promise; somebody else's is not there."""
    row = await callback_queries.lock(scene.session, callback_id)
    customer = await _customer(scene, external_ref)
    if row is None or row["customer_id"] != customer["customer_id"]:
        raise NotFound
    return row


async def _checked(
    scene: Scene,
    customer: Mapping[str, Any],
    starts_at: datetime,
    moved: Mapping[str, Any] | None,
    minutes: int | None = None,
) -> Found:
    """The window, held for us until the end of the transaction, with whoever can keep it."""
    market = scene.directory.markets[customer["market_id"]]
    policy = slot_policy(market, scene.now)
    slot = Slot(starts_at, starts_at + timedelta(minutes=policy.slot_minutes))
    own_id, group_id = customer["related_advisor_id"], _group(scene, customer)
    await _hold(scene, customer)
    but = moved["id"] if moved is not None else None
    own_can = own_id in scene.directory.advisors and (moved is None or moved["owner_state"] == "own")
    calendar: Calendar
    if own_can and await windows(scene, market, own_id, None, but=but):
        calendar, because = await advisor_calendar(scene, market, own_id, but), None
    else:
        calendar = await group_calendar(scene, market, group_id, but)
        because = "own_advisor_away" if own_id is not None else "no_own_advisor"
    check(slot, scene.now, calendar, policy, minutes=minutes)
    return Found(slot, own_id, group_id, because)


async def _hold(scene: Scene, customer: Mapping[str, Any]) -> None:
    """Nobody else promises the own advisor's or the group's time meanwhile; always before a promise is locked."""
    owners = (customer["related_advisor_id"], _group(scene, customer))
    for owner_id in sorted(i for i in owners if i is not None):
        await callback_queries.hold_ledger(scene.session, owner_id)


async def _number(
    scene: Scene, customer: Mapping[str, Any], number: str | None, market: MarketEntry
) -> tuple[str, bool]:
    """Whom to call, and whether that number is a new one to us."""
    known = await queries.phones_of(scene.session, customer["customer_id"])
    if number is None and not known:
        raise NumberMissing(Error("/number", "missing"))
    target = known[0] if number is None else normalise(number, market.region)
    check_may_be_dialled(target, market.callable_countries(scene.now))
    return target, target not in known


async def _customer(scene: Scene, external_ref: str) -> Row:
    customer = await queries.customer(scene.session, external_ref)
    if customer is None:
        raise NotFound
    return customer


def _group(scene: Scene, customer: Mapping[str, Any]) -> UUID | None:
    own = scene.directory.advisors.get(customer["related_advisor_id"]) if customer["related_advisor_id"] else None
    if own is not None and own.group_id is not None:
        return own.group_id
    return scene.directory.markets[customer["market_id"]].general_group_id
