"""Markets, sites, policies and closures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from accounts.principal import Principal
from accounts.roles import DESK
from api.dependencies import NewId, Now, Read, Write, requires
from api.errors import problems
from api.rendering import Json, Paging
from api.transactional import TransactionalRoute
from api.versions import MayMatch, MustMatch, Tagged
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
async def get(_: Reader, market_id: Named, session: Read, versions: Tagged) -> MarketAnswer:
    return versions.of(public.market(await service.get(session, market_id)))


@router.put(
    "/markets/{market_id}",
    summary="Create or replace a market",
    response_model=MarketAnswer,
    responses={201: {"model": MarketAnswer, "description": "The market is new."}, **problems(409)},
)
async def put(
    _: Admin, market_id: Named, wanted: MarketCommand, session: Write, versions: MustMatch, now: Now
) -> Response:
    """Opening hours and holidays hold for the very next call."""
    present = await queries.locked_market(session, market_id)
    versions.check(None if present is None else public.market(present))
    market, created = await service.put(session, market_id, wanted, now)
    return Json(versions.of(public.market(market)), 201 if created else 200)


@router.get("/sites", summary="List sites")
async def sites(_: Reader, session: Read) -> Sites:
    return Sites(items=[public.site(site) for site in await queries.sites(session)])


@router.get("/sites/{site_id}", summary="Read a site")
async def get_site(_: Reader, site_id: str, session: Read, versions: Tagged) -> SiteAnswer:
    return versions.of(public.site(await service.site(session, decode("site", site_id))))


@router.post("/sites", status_code=201, summary="Add a site", responses=problems(409))
async def add_site(
    _: Admin, wanted: SiteCommand, session: Write, versions: Tagged, now: Now, new_id: NewId
) -> SiteAnswer:
    return versions.of(public.site(await service.add_site(session, wanted, now, new_id)))


@router.put("/sites/{site_id}", summary="Replace a site", responses=problems(409))
async def change_site(
    _: Admin, site_id: str, wanted: SiteCommand, session: Write, versions: MustMatch, now: Now
) -> SiteAnswer:
    identifier = decode("site", site_id)
    versions.check(public.site(await service.locked_site(session, identifier)))
    return versions.of(public.site(await service.change_site(session, identifier, wanted, now)))


@router.get("/markets/{market_id}/policy", summary="Read the policy in force")
async def policy(_: Reader, market_id: Named, session: Read, versions: Tagged, now: Now) -> PolicyAnswer:
    """The rules that hold now. Version 0 is the default of a market that has declared nothing."""
    await service.get(session, market_id)
    newest = await queries.newest_version(session, market_id)
    return versions.of(await _in_force(session, market_id, now), edit=[market_id, newest])


async def _in_force(session: Read, market_id: str, now: Now) -> PolicyAnswer:
    row = await queries.policy_in_force(session, market_id, now)
    return public.policy(market_id, 0, None, Policy()) if row is None else public.policy_row(market_id, row)


@router.get("/markets/{market_id}/policies", summary="List a market's policies")
async def policies(_: Reader, market_id: Named, session: Read, versions: Tagged, page: Paging) -> Policies:
    """Versions, the newest first, those to come included."""
    await service.get(session, market_id)
    newest = await queries.newest_version(session, market_id)
    rows = await queries.policies(session, market_id, page.after[0] if page.after else None, page.limit)
    shown = [public.policy_row(market_id, row) for row in rows]
    found = Policies(items=shown, next=page.next_after(rows, lambda row: [row["version"]]))
    return versions.of(found, edit=[market_id, newest])


@router.post("/markets/{market_id}/policies", status_code=201, summary="Declare a policy")
async def declare(
    _: Supervisor, market_id: Named, wanted: PolicyCommand, session: Write, versions: MustMatch, now: Now
) -> PolicyAnswer:
    """A new version, in force at once or from `valid_from`; decisions name the version they were made under.
    `If-Match` is the tag of the policy or the policies as you have read them: the newest is what yours follows."""
    newest = await service.newest_policy(session, market_id)
    versions.check(await _in_force(session, market_id, now), edit=[market_id, newest])
    made = await service.declare(session, market_id, wanted, now)
    answer = public.policy(market_id, made.version, made.valid_from, wanted.rules)
    return versions.of(answer, edit=[market_id, made.version])


@router.get("/markets/{market_id}/closures", summary="List closures")
async def closures(_: Reader, market_id: Named, session: Read, now: Now) -> Closures:
    """Those that hold now or will."""
    await service.get(session, market_id)
    found = await queries.closures_ahead(session, market_id, now)
    return Closures(items=[public.closure(closure) for closure in found])


@router.get("/closures/{closure_id}", summary="Read a closure")
async def get_closure(_: Reader, closure_id: str, session: Read, versions: Tagged) -> ClosureAnswer:
    return versions.of(public.closure(await service.closure(session, decode("clo", closure_id))))


@router.post("/markets/{market_id}/closures", status_code=201, summary="Close a market out of turn")
async def close(
    _: Supervisor,
    market_id: Named,
    wanted: ClosureCommand,
    session: Write,
    versions: Tagged,
    now: Now,
    new_id: NewId,
) -> ClosureAnswer:
    """An emergency holds for the very next call, until it is lifted or over."""
    return versions.of(public.closure(await service.close(session, market_id, wanted, now, new_id)))


@router.delete("/closures/{closure_id}", status_code=204, summary="Lift a closure", response_class=Response)
async def lift(_: Supervisor, closure_id: str, session: Write, versions: MayMatch, now: Now) -> None:
    """It ends now, or does not begin; one that is over stays as it was."""
    identifier = decode("clo", closure_id)
    versions.check(public.closure(await service.locked_closure(session, identifier)))
    await service.lift(session, identifier, now)
