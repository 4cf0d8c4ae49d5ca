"""Absences: asked for by advisors, entered and approved by leads and supervisors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter

from accounts.principal import Principal
from accounts.roles import DESK
from advisors import absences as advisors
from advisors.schemas import AbsenceAnswer, AbsenceCommand, Absences, DecisionCommand
from api.dependencies import FromServices, NewId, Now, Read, Write, requires
from api.errors import problems
from api.exchange import exchange_of
from api.rendering import Paging
from api.transactional import TransactionalRoute
from api.versions import MustMatch, Tagged, Versions
from contacts import replanning
from contacts.arrivals import scene_for
from contacts.preview_schemas import PreviewOut, shown
from desk_groups import absences as desk_groups
from desk_groups import service as seating
from kit.database import ReadSession, Row
from kit.errors import Error, Forbidden, NotFound
from kit.ids import decode, encode
from kit.intervals import Interval
from kit.wire import Moment

router = APIRouter(prefix="/v1", tags=["Absences"], route_class=TransactionalRoute)

AtTheDesk = Annotated[Principal, requires(*DESK)]
Approver = Annotated[Principal, requires("lead", "supervisor")]


@router.post(
    "/advisors/{advisor_id}/absences", status_code=201, summary="Enter an absence", responses=problems(409)
)
async def enter(
    principal: AtTheDesk,
    advisor_id: str,
    wanted: AbsenceCommand,
    session: Write,
    versions: Tagged,
    now: Now,
    new_id: NewId,
) -> AbsenceAnswer:
    """One's own: a request, but for sickness, which holds at once. Entered by a lead or supervisor: approved.

    409 `below-minimum-presence` when too few of the desk group would be there.
    """
    identifier = decode("adv", advisor_id)
    state = await _state(session, principal, identifier, wanted.kind)
    row = await desk_groups.enter(
        session,
        identifier,
        Interval(wanted.starts_at, wanted.ends_at),
        wanted.kind,
        state,
        now,
        new_id,
        despite_minimum=wanted.despite_minimum,
    )
    return versions.of(_answer(row))


@router.get("/advisors/{advisor_id}/absences/preview", summary="Preview an absence")
async def preview(
    principal: AtTheDesk,
    advisor_id: str,
    session: Write,
    services: FromServices,
    now: Now,
    starts_at: Moment | None = None,
    ends_at: Moment | None = None,
) -> PreviewOut:
    """What it would break, before it is entered: promises with what would become of each, and days below the
    minimum presence. Once it holds, promises are planned anew within a second."""
    identifier = decode("adv", advisor_id)
    await _check_concerned(session, principal, identifier)
    await advisors.ahead(session, identifier, now, (None, None), 1)
    period = _period(starts_at, ends_at)
    advisors.check(period, now)
    scene = await scene_for(session, exchange_of(services), now)
    planned = await replanning.preview(scene, identifier, period)
    return shown(planned, await desk_groups.thin_days(session, identifier, period))


@router.get("/advisors/{advisor_id}/absences", summary="List an advisor's absences")
async def listed(principal: AtTheDesk, advisor_id: str, session: Read, now: Now, page: Paging) -> Absences:
    """Requested and approved ones, present and to come; for the advisor, the lead of the group and supervisors."""
    identifier = decode("adv", advisor_id)
    await _check_concerned(session, principal, identifier)
    rows = await advisors.ahead(session, identifier, now, page.after_start(), page.limit)
    return Absences(
        items=[_answer(row) for row in rows],
        next=page.next_after(rows, lambda row: [row["starts_at"], row["id"]]),
    )


@router.get("/absences/{absence_id}", summary="Read an absence")
async def get(principal: AtTheDesk, absence_id: str, session: Read, versions: Tagged) -> AbsenceAnswer:
    """For the advisor, the lead of the group and supervisors."""
    row = await advisors.get(session, decode("abs", absence_id))
    with not_there():
        await _check_concerned(session, principal, row["advisor_id"])
    return versions.of(_answer(row))


@router.post("/absences/{absence_id}/approve", summary="Approve an absence", responses=problems(409))
async def approve(
    principal: Approver, absence_id: str, wanted: DecisionCommand, session: Write, versions: MustMatch, now: Now
) -> AbsenceAnswer:
    identifier = await _to_decide(session, principal, absence_id, versions)
    row = await desk_groups.approve(session, identifier, now, despite_minimum=wanted.despite_minimum)
    return versions.of(_answer(row))


@router.post("/absences/{absence_id}/decline", summary="Decline an absence", responses=problems(409))
async def decline(
    principal: Approver, absence_id: str, session: Write, versions: MustMatch, now: Now
) -> AbsenceAnswer:
    identifier = await _to_decide(session, principal, absence_id, versions)
    return versions.of(_answer(await advisors.decline(session, identifier, now)))


@router.post("/absences/{absence_id}/cancel", summary="Call an absence off", responses=problems(409))
async def cancel(
    principal: AtTheDesk, absence_id: str, session: Write, versions: MustMatch, now: Now
) -> AbsenceAnswer:
    """One that has begun ends now."""
    row = await advisors.lock(session, decode("abs", absence_id))
    with not_there():
        await _check_concerned(session, principal, row["advisor_id"])
    versions.check(_answer(row))
    return versions.of(_answer(await advisors.cancel(session, row["id"], now)))


def _period(starts_at: datetime | None, ends_at: datetime | None) -> Interval:
    if starts_at is None:
        raise advisors.AbsenceRefused(Error("/query/starts_at", "missing"))
    if ends_at is None:
        raise advisors.AbsenceRefused(Error("/query/ends_at", "missing"))
    return Interval(starts_at, ends_at)


async def _to_decide(session: Write, principal: Principal, absence_id: str, versions: Versions) -> UUID:
    """An absence that the caller may decide on, as they have read it."""
    identifier = decode("abs", absence_id)
    row = await advisors.lock(session, identifier)
    with not_there():
        await _check_approver(session, principal, row["advisor_id"])
    versions.check(_answer(row))
    return identifier


@contextlib.contextmanager
def not_there() -> Iterator[None]:
    """An absence that is not the caller's concern is answered like one that is not there."""
    try:
        yield
    except Forbidden:
        raise NotFound from None


async def _state(
    session: ReadSession, principal: Principal, advisor_id: UUID, kind: str
) -> Literal["requested", "approved"]:
    if principal.advisor_id == advisor_id:
        return "approved" if kind == "sick" else "requested"
    if principal.role == "advisor":
        raise Forbidden
    await _check_approver(session, principal, advisor_id)
    return "approved"


async def _check_approver(session: ReadSession, principal: Principal, advisor_id: UUID) -> None:
    """A lead speaks for the own group, a supervisor for all; nobody for themselves."""
    if principal.advisor_id == advisor_id:
        raise Forbidden
    if principal.role == "lead":
        await seating.check_leads(session, principal.advisor_id, advisor_id)


async def _check_concerned(session: ReadSession, principal: Principal, advisor_id: UUID) -> None:
    if principal.advisor_id != advisor_id:
        if principal.role == "advisor":
            raise Forbidden
        await _check_approver(session, principal, advisor_id)


def _answer(row: Row) -> AbsenceAnswer:
    return AbsenceAnswer(
        id=encode("abs", row["id"]),
        advisor=encode("adv", row["advisor_id"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        kind=row["kind"],
        state=row["state"],
    )
