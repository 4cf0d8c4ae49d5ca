"""How long one would wait: for a desk group, for a named advisor, and when that one is usually free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from accounts.principal import Principal
from accounts.roles import DESK
from api.dependencies import FromServices, Now, Write, requires
from api.exchange import exchange_of
from api.services import Services
from api.transactional import TransactionalRoute
from contacts import arrivals, forecast, queries
from contacts.forecast_schemas import AdvisorWait, GroupWait, UsuallyFree
from contacts.situation import Scene
from customers.relationships import NoAdvisor
from kit.errors import NotFound
from kit.fields import MarketId, Ref
from kit.ids import decode, encode

router = APIRouter(prefix="/v1", tags=["Expected waits"], route_class=TransactionalRoute)

Reader = Annotated[Principal, requires(*DESK, "admin", "auditor", "control_center")]
Asker = Annotated[Principal, requires(*DESK, "auditor", "control_center", "customer")]
Market = Annotated[
    MarketId | None,
    Query(description="Whose customers would call: their policy and pace. Left out: the first that is served."),
]


@router.get("/desk-groups/{group_id}/expected-wait", summary="How long one would wait for a desk group")
async def of_group(
    _: Reader, group_id: str, session: Write, services: FromServices, now: Now, market: Market = None
) -> GroupWait:
    """For somebody of this market who would call now, with nothing special to ask."""
    scene, group = await _scene(session, services, now), decode("grp", group_id)
    entry = scene.directory.groups.get(group)
    served = _market(scene, market, () if entry is None else entry.members)
    waiting, expected = await forecast.of_group(scene, group, served)
    return GroupWait(
        desk_group=group_id, waiting=waiting, expected_wait_s=None if expected is None else list(expected)
    )


@router.get("/advisors/{advisor_id}/expected-wait", summary="How long one would wait for an advisor")
async def of_advisor(
    _: Reader, advisor_id: str, session: Write, services: FromServices, now: Now, market: Market = None
) -> AdvisorWait:
    """For somebody who would hold for this very advisor, and at which hours holding is usually shortest."""
    scene, advisor = await _scene(session, services, now), decode("adv", advisor_id)
    return await _wait(scene, advisor, _market(scene, market, (advisor,)))


@router.get(
    "/customers/{external_ref}/advisor/expected-wait", summary="How long a customer would wait for their advisor"
)
async def of_own(
    _: Asker, external_ref: Annotated[Ref, Path()], session: Write, services: FromServices, now: Now
) -> AdvisorWait:
    """The same for the customer's own advisor; a customer reaches theirs alone."""
    customer = await queries.customer(session, external_ref)
    if customer is None:
        raise NotFound
    if customer["related_advisor_id"] is None:
        raise NoAdvisor
    scene = await _scene(session, services, now)
    return await _wait(scene, customer["related_advisor_id"], customer["market_id"])


async def _wait(scene: Scene, advisor: UUID, market: str) -> AdvisorWait:
    holding, expected = await forecast.of_advisor(scene, advisor, market)
    free = await forecast.usually_free(scene, advisor, market)
    spans = [UsuallyFree(weekday=day, since=since, until=until) for day, since, until in free]
    return AdvisorWait(
        advisor=encode("adv", advisor),
        waiting=holding,
        expected_wait_s=None if expected is None else list(expected),
        usually_free=spans,
    )


def _market(scene: Scene, wanted: str | None, members: Sequence[UUID]) -> str:
    """The market asked for, else the first that any of them serves. Raises `NotFound`, also where nobody is."""
    advisors = [scene.directory.advisors[i] for i in members if i in scene.directory.advisors]
    served = sorted({market for advisor in advisors for market in advisor.markets})
    market = wanted or next(iter(served), None)
    if not advisors or market is None or market not in scene.directory.markets:
        raise NotFound
    return market


async def _scene(session: Write, services: Services, now: Now) -> Scene:
    return await arrivals.scene_for(session, exchange_of(services), now)
