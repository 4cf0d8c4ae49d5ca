"""Callbacks of a customer: windows to choose from, promises to make, move and cancel."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path

from accounts.principal import Principal
from api.dependencies import FromServices, Now, Read, Remember, Remembered, Write, requires
from api.errors import problems
from api.exchange import exchange_of
from api.rendering import Paging
from api.services import Services
from api.transactional import TransactionalRoute
from callbacks import queries
from callbacks.schemas import CallbackOut, CallbacksOut, CancelIn, MoveIn, SlotOut, SlotsOut, WishIn, shown
from callbacks.slots import WindowClosed
from contacts import arrivals, wishes
from contacts import queries as customers
from contacts.situation import Scene
from kit.database import Row
from kit.errors import NotFound
from kit.fields import Ref
from kit.ids import decode, encode
from kit.local_time import is_skipped

router = APIRouter(prefix="/v1/customers/{external_ref}", tags=["Callbacks"], route_class=TransactionalRoute)

Reference = Annotated[Ref, Path(description="The control center's pseudonymous number of the customer.")]
Asker = Annotated[Principal, requires("control_center", "advisor", "lead", "supervisor", "customer")]


def _shown(services: Services, row: Row, remember: Remembered | None = None) -> CallbackOut:
    """`remember`: the answer is kept for repeats, and an erasure of the customer must find it."""
    if remember is not None:
        remember.subjects.append(encode("cus", row["customer_id"]))
    directory = exchange_of(services).directory.held
    entry = directory.advisors.get(row["advisor_id"]) if directory is not None else None
    return shown(row, entry.name if entry is not None else None)


async def _meant(scene: Scene, external_ref: str, written: datetime) -> datetime:
    """The instant. A time without zone, or one that the clocks there jump over, is refused with the next possible
    window, as nobody knows which was meant."""
    code = None if written.tzinfo is not None else "no_time_zone"
    if code is None and written.utcoffset():
        customer = await customers.customer(scene.session, external_ref)
        there = scene.directory.markets[customer["market_id"]].hours.zone if customer is not None else None
        code = "in_clock_change" if there is not None and is_skipped(written, there) else None
    if code is None:
        return written.astimezone(UTC)
    found = await wishes.slots(scene, external_ref)
    raise WindowClosed(code, found[0].slot if found else None)


@router.get("/callback-slots", summary="Windows for a callback", responses=problems(404))
async def slots(_: Asker, external_ref: Reference, session: Write, services: FromServices, now: Now) -> SlotsOut:
    """The earliest windows in which the own advisor can call; where there are none, somebody of the desk group."""
    scene = await arrivals.scene_for(session, exchange_of(services), now)
    found = await wishes.slots(scene, external_ref)
    return SlotsOut(
        slots=[SlotOut(starts_at=one.slot.starts_at, ends_at=one.slot.ends_at, by=one.by) for one in found]
    )


@router.post("/callbacks", status_code=201, summary="Promise a callback", responses=problems(404, 409, 429))
async def promise(
    asker: Asker,
    external_ref: Reference,
    wish: WishIn,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
) -> CallbackOut:
    """Stored before it is answered. An earlier open promise is merged into the new one. A number is read as people
    write it; one that may not be dialled is refused, and so is one more callback than the market's policy allows
    to this number or customer in a day, or to new numbers in an hour (429)."""
    scene = await arrivals.scene_for(session, exchange_of(services), now)
    starts_at = await _meant(scene, external_ref, wish.slot_starts_at)
    row = await wishes.promise(
        scene,
        external_ref,
        starts_at,
        wish.number,
        wish.topic,
        asked_by=asker.name_for_keys,
        number_confirmed=wish.number_confirmed,
        suits=wish.suits,
        expected_minutes=wish.expected_minutes,
    )
    return _shown(services, row, remember)


@router.get("/callbacks", summary="A customer's callbacks", responses=problems(404))
async def listed(
    _: Asker, external_ref: Reference, session: Read, services: FromServices, page: Paging, ended: bool = True
) -> CallbacksOut:
    """Newest first; `ended=false` leaves out what is over."""
    if await customers.customer(session, external_ref) is None:
        raise NotFound
    await exchange_of(services).directory.current(session)
    rows = await queries.of_customer(session, external_ref, page.after_id(), page.limit, also_final=ended)
    shown = [_shown(services, row) for row in rows]
    return CallbacksOut(callbacks=shown, next=page.next_after(rows, lambda row: [row["id"]]))


@router.post("/callbacks/{callback_id}/move", summary="Move a callback", responses=problems(404, 409))
async def move(
    _: Asker,
    external_ref: Reference,
    callback_id: str,
    wanted: MoveIn,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
) -> CallbackOut:
    """Another window, as the customer wishes."""
    scene = await arrivals.scene_for(session, exchange_of(services), now)
    identifier = decode("cb", callback_id)
    await wishes.locked(scene, external_ref, identifier)
    starts_at = await _meant(scene, external_ref, wanted.slot_starts_at)
    return _shown(services, await wishes.move(scene, external_ref, identifier, starts_at), remember)


@router.post("/callbacks/{callback_id}/cancel", summary="Cancel a callback", responses=problems(404, 409))
async def cancel(
    _: Asker,
    external_ref: Reference,
    callback_id: str,
    wanted: CancelIn,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
) -> CallbackOut:
    """It stays in the ledger, with the reason."""
    scene = await arrivals.scene_for(session, exchange_of(services), now)
    row = await wishes.cancel(scene, external_ref, decode("cb", callback_id), wanted.reason)
    return _shown(services, row, remember)
