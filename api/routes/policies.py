"""A market's policy before it is in force: previewed, and taken back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from accounts.principal import Principal
from api.dependencies import FromServices, Now, Write, keyless, lengthy, requires
from api.errors import problems
from api.exchange import exchange_of, rehearser_of
from api.transactional import TransactionalRoute
from contacts import rehearsing
from kit.fields import MarketId
from markets import service
from markets.policy import differences, name_of
from markets.schemas import CourseAnswer, FieldChange, PolicyCommand, PolicyPreview, RehearsalAnswer
from routing.rehearsal import Comparison, Course, Past

router = APIRouter(prefix="/v1", tags=["Markets"], route_class=TransactionalRoute)

Admin = Annotated[Principal, requires("admin")]
Supervisor = Annotated[Principal, requires("supervisor", "admin")]
Named = Annotated[MarketId, Path(description="For example `DE`.")]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.post("/markets/{market_id}/policies/preview", summary="Preview a policy")
@keyless("nothing is changed")
@lengthy("thousands of calls are decided twice")
async def preview(
    _: Supervisor, market_id: Named, wanted: PolicyCommand, services: FromServices, now: Now
) -> PolicyPreview:
    """Which rules differ from the policy that is in force when this one would begin, and how the market's calls of
    the last seven days (2,000 at most) would have gone under either. Takes some seconds."""
    async with services.database.reading() as session:
        await service.get(session, market_id)
        valid_from = await service.begins(session, market_id, wanted, now)
        version, before = await service.policy_in_force(session, market_id, valid_from)
    past = await rehearsing.past(services.database, exchange_of(services), market_id, now)
    found = await rehearser_of(services).rehearse(past, before, wanted.rules)
    return PolicyPreview(
        valid_from=valid_from,
        follows=name_of(market_id, version),
        changes=[FieldChange(field=n, before=b, after=a) for n, b, a in differences(before, wanted.rules)],
        rehearsal=None if found is None else _rehearsal(past, found),
    )


def _rehearsal(past: Past, found: Comparison) -> RehearsalAnswer:
    return RehearsalAnswer(
        calls=len(past.calls),
        since=past.begins_at if past.calls else None,
        before=_course(found.before),
        after=_course(found.after),
        otherwise=found.otherwise,
    )


def _course(course: Course) -> CourseAnswer:
    return CourseAnswer(
        outcomes=dict(course.outcomes),
        within_20s=course.within_20s,
        mean_wait_s=course.mean_wait_s,
        wait_p90_s=course.wait_p90_s,
    )


@router.post(
    "/markets/{market_id}/policies/{version}/withdraw",
    status_code=204,
    summary="Withdraw a policy",
    response_class=Response,
    responses=problems(409),
)
async def withdraw(_: Admin, market_id: Named, version: Version, session: Write, now: Now) -> None:
    """One that is not in force yet; until then it has decided nothing. The version before it goes on."""
    await service.withdraw(session, market_id, version, now)
