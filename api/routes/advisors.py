"""Advisors: who they are, their books, and that they leave."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from accounts.principal import Principal
from accounts.roles import DESK
from advisors.schemas import LeavingCommand
from api.dependencies import NewId, Now, Read, Write, requires
from api.errors import problems
from api.kept import KeptBooks
from api.rendering import Paging
from api.transactional import TransactionalRoute
from api.versions import MustMatch, Tagged
from customers import handover, queries, staff
from customers.staff_schemas import AdvisorAnswer, AdvisorCommand, AdvisorRow, Advisors, HandOverAnswer
from desk_groups import queries as desk_groups
from kit.errors import NotFound
from kit.ids import decode

router = APIRouter(prefix="/v1/advisors", tags=["Advisors"], route_class=TransactionalRoute)

Admin = Annotated[Principal, requires("admin")]
Reader = Annotated[Principal, requires(*DESK, "admin", "auditor")]
Leaver = Annotated[Principal, requires("supervisor", "admin")]


@router.post("", status_code=201, summary="Add an advisor", responses=problems(409))
async def create(
    _: Admin, wanted: AdvisorRow, session: Write, versions: Tagged, now: Now, new_id: NewId
) -> AdvisorAnswer:
    """A new advisor: offline, with an empty book. The direct dial number comes with the first customer."""
    return versions.of(await staff.get(session, await staff.take_on(session, wanted, now, new_id)))


@router.get("", summary="List advisors", responses=problems(404))
async def listed(
    _: Reader,
    session: Read,
    page: Paging,
    desk_group: Annotated[str | None, Query(description="Only those of this desk group.")] = None,
) -> Advisors:
    group_id = None if desk_group is None else decode("grp", desk_group)
    if group_id is not None and not await desk_groups.existing(session, [group_id]):
        raise NotFound
    items = await staff.page(session, page.after_id(), group_id, page.limit)
    return Advisors(items=items, next=page.next_after(items, lambda one: [decode("adv", one.id)]))


@router.get("/{advisor_id}", summary="Read an advisor")
async def get(_: Reader, advisor_id: str, session: Read, versions: Tagged) -> AdvisorAnswer:
    return versions.of(await staff.get(session, decode("adv", advisor_id)))


@router.put("/{advisor_id}", summary="Replace an advisor")
async def change(
    _: Admin,
    advisor_id: str,
    wanted: AdvisorCommand,
    session: Write,
    versions: MustMatch,
    now: Now,
    new_id: NewId,
) -> AdvisorAnswer:
    """Profile, desk group and book; what is left out has its default. Customers stay."""
    identifier = decode("adv", advisor_id)
    versions.check(await staff.locked(session, identifier))
    await staff.change(session, identifier, wanted, now, new_id)
    return versions.of(await staff.get(session, identifier))


@router.post("/{advisor_id}/leaving", summary="Say that an advisor leaves")
async def leave(
    _: Leaver, advisor_id: str, wanted: LeavingCommand, session: Write, versions: MustMatch, now: Now
) -> AdvisorAnswer:
    """No new customers from now on. When the day has come the book is handed over and the numbers redirected."""
    identifier = decode("adv", advisor_id)
    versions.check(await staff.locked(session, identifier))
    await staff.leave(session, identifier, wanted.leaving_at, now)
    return versions.of(await staff.get(session, identifier))


@router.delete("/{advisor_id}/leaving", summary="Say that an advisor stays")
async def stay(_: Leaver, advisor_id: str, session: Write, versions: MustMatch, now: Now) -> AdvisorAnswer:
    identifier = decode("adv", advisor_id)
    versions.check(await staff.locked(session, identifier))
    await staff.stay(session, identifier, now)
    return versions.of(await staff.get(session, identifier))


@router.post("/{advisor_id}/hand-over", summary="Hand over a leaver's book", responses=problems(409))
async def hand_over(
    _: Leaver, advisor_id: str, session: Write, books: KeptBooks, now: Now, new_id: NewId
) -> HandOverAnswer:
    """Up to 50 customers at once, the own desk group first; repeat while `remaining` is more than `stuck`.

    Nobody is without an advisor in between, even if a book must exceed its cap (then it is flagged).
    """
    identifier = decode("adv", advisor_id)
    done = await handover.hand_over(session, books, identifier, now, new_id)
    remaining = await queries.count_of_advisor(session, identifier)
    return HandOverAnswer(moved=done.moved, remaining=remaining, stuck=done.stuck)
