"""Markets, sites, policies and closures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from accounts.principal import Principal
from accounts.roles import DESK
from api.dependencies import NewId, Now, Read, Write, requires
from api.errors import problems
from api.rendering import Json
from api.transactional import TransactionalRoute
from kit.fields import MarketId
from kit.ids import decode
from markets import public, queries, service
from markets.policy import Policy
from markets.schemas import (
    ClosureAnswer,
    ClosureCommand,
    Closures,
    MarketAnswer,
    MarketCommand,
    Markets,
    Policies,
    PolicyAnswer,
    PolicyCommand,
    SiteAnswer,
    SiteCommand,
    Sites,
)

router = APIRouter(prefix="/v1", tags=["Markets"], route_class=TransactionalRoute)

Admin = Annotated[Principal, requires("admin")]
Supervisor = Annotated[Principal, requires("supervisor", "admin")]
Reader = Annotated[Principal, requires(*DESK, "admin", "auditor", "control_center")]
Named = Annotated[MarketId, Path(description="For example `DE`.")]


@router.get("/markets", summary="List markets")
async def listed(_: Reader, session: Read) -> Markets:
    return Markets(items=[public.market(market) for market in await queries.markets(session)])


@router.get("/markets/{market_id}", summary="Read a market")
async def get(_: Reader, market_id: Named, session: Read) -> MarketAnswer:
    return public.market(await service.get(session, market_id))


@router.put(
    "/markets/{market_id}",
    summary="Create or replace a market",
    response_model=MarketAnswer,
    responses={201: {"model": MarketAnswer, "description": "The market is new."}},
)
async def put(_: Admin, market_id: Named, wanted: MarketCommand, session: Write, now: Now) -> Response:
    """Opening hours and holidays hold for the very next call."""
    market, created = await service.put(session, market_id, wanted, now)
    return Json(public.market(market), 201 if created else 200)


@router.get("/sites", summary="List sites")
async def sites(_: Reader, session: Read) -> Sites:
    return Sites(items=[public.site(site) for site in await queries.sites(session)])


@router.post("/sites", status_code=201, summary="Add a site", responses=problems(409))
async def add_site(_: Admin, wanted: SiteCommand, session: Write, now: Now, new_id: NewId) -> SiteAnswer:
    return public.site(await service.add_site(session, wanted, now, new_id))


@router.put("/sites/{site_id}", summary="Replace a site", responses=problems(409))
async def change_site(_: Admin, site_id: str, wanted: SiteCommand, session: Write, now: Now) -> SiteAnswer:
    return public.site(await service.change_site(session, decode("site", site_id), wanted, now))


@router.get("/markets/{market_id}/policy", summary="Read the policy in force")
async def policy(_: Reader, market_id: Named, session: Read, now: Now) -> PolicyAnswer:
    """The rules that hold now. Version 0 is the default of a market that has declared nothing."""
    await service.get(session, market_id)
    row = await queries.policy_in_force(session, market_id, now)
    return public.policy(market_id, 0, None, Policy()) if row is None else public.policy_row(market_id, row)


@router.get("/markets/{market_id}/policies", summary="List a market's policies")
async def policies(_: Reader, market_id: Named, session: Read) -> Policies:
    """All versions, the newest first, those to come included."""
    await service.get(session, market_id)
    rows = await queries.policies(session, market_id)
    return Policies(items=[public.policy_row(market_id, row) for row in rows])


@router.post("/markets/{market_id}/policies", status_code=201, summary="Declare a policy")
async def declare(_: Supervisor, market_id: Named, wanted: PolicyCommand, session: Write, now: Now) -> PolicyAnswer:
    """A new version, in force at once or from `valid_from`; decisions name the version they were made under."""
    made = await service.declare(session, market_id, wanted, now)
    return public.policy(market_id, made.version, made.valid_from, wanted.rules)


@router.get("/markets/{market_id}/closures", summary="List closures")
async def closures(_: Reader, market_id: Named, session: Read, now: Now) -> Closures:
    """Those that hold now or will."""
    await service.get(session, market_id)
    found = await queries.closures_ahead(session, market_id, now)
    return Closures(items=[public.closure(closure) for closure in found])


@router.post("/markets/{market_id}/closures", status_code=201, summary="Close a market out of turn")
async def close(
    _: Supervisor, market_id: Named, wanted: ClosureCommand, session: Write, now: Now, new_id: NewId
) -> ClosureAnswer:
    """An emergency holds for the very next call, until it is lifted or over."""
    return public.closure(await service.close(session, market_id, wanted, now, new_id))


@router.delete("/closures/{closure_id}", status_code=204, summary="Lift a closure", response_class=Response)
async def lift(_: Supervisor, closure_id: str, session: Write, now: Now) -> None:
    """It ends now, or does not begin; one that is over stays as it was."""
    await service.lift(session, decode("clo", closure_id), now)
