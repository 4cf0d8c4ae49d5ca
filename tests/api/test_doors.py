"""Who may enter: default deny when the application is built, and at each door."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from accounts.models import ROLES, SCOPES
from accounts.principal import Principal
from accounts.queries import principal as look_up
from api.app import Services, Unguarded, add, refuse_unguarded
from api.dependencies import Write, public, requires
from api.door import Door
from api.transactional import TransactionalRoute
from kit.clock import VirtualClock
from kit.database import ReadSession
from tests.api.test_bad_input import problem
from tests.api.test_transactional import services_of
from tests.support.api import Client, a_key

EVERYBODY = (*ROLES, *SCOPES)


def app_with(route_class: type[APIRoute], endpoint: object, method: str = "GET") -> FastAPI:
    app = FastAPI(openapi_url=None)
    router = APIRouter(route_class=route_class)
    router.add_api_route("/v1/new", endpoint, methods=[method])  # type: ignore[arg-type]
    add(app, router)
    return app


async def nobody_thought_of_it() -> None: ...


async def guarded(_: Annotated[Principal, requires("admin")]) -> None: ...


async def writing(_: Annotated[Principal, requires("admin")], session: Write) -> None: ...


@public("anybody may look")
async def public_and_guarded(_: Annotated[Principal, requires("admin")]) -> None: ...


@pytest.mark.parametrize(
    ("route_class", "endpoint", "method", "complaint"),
    [
        (TransactionalRoute, nobody_thought_of_it, "GET", "declare requires"),
        (Door, nobody_thought_of_it, "GET", "declare requires"),
        (Door, public_and_guarded, "GET", "not both"),
        (APIRoute, guarded, "GET", "route_class"),
        (Door, writing, "PUT", "route_class"),
        (TransactionalRoute, guarded, "POST", "keyless"),
        (TransactionalRoute, writing, "PUT", "MustMatch"),
        (TransactionalRoute, writing, "PATCH", "MustMatch"),
    ],
)
def test_application_with_a_route_that_is_not_guarded_is_not_built(
    route_class: type[APIRoute], endpoint: object, method: str, complaint: str
) -> None:
    with pytest.raises(Unguarded, match=complaint):
        refuse_unguarded(app_with(route_class, endpoint, method))


@pytest.mark.parametrize(("route_class", "endpoint"), [(Door, guarded), (TransactionalRoute, writing)])
def test_guarded_route_is_taken(route_class: type[APIRoute], endpoint: object) -> None:
    refuse_unguarded(app_with(route_class, endpoint, "DELETE"))


def test_plain_route_needs_to_be_marked_public() -> None:
    app = FastAPI(openapi_url=None)
    app.router.routes.append(Route("/page", nobody_thought_of_it))

    with pytest.raises(Unguarded):
        refuse_unguarded(app)


def test_router_within_a_router_is_refused() -> None:
    outer, inner = APIRouter(), APIRouter(route_class=TransactionalRoute)
    inner.add_api_route("/v1/new", guarded)
    outer.include_router(inner)

    with pytest.raises(Unguarded):
        add(FastAPI(), outer)


def test_router_that_was_included_past_the_table_is_refused() -> None:
    app, router = FastAPI(openapi_url=None), APIRouter(route_class=TransactionalRoute)
    router.add_api_route("/v1/new", guarded)
    app.include_router(router)

    with pytest.raises(Unguarded):
        refuse_unguarded(app)


@pytest.mark.parametrize("grants", [(), ("boss",), ("admin", "telephone")])
def test_grant_that_nobody_can_have_is_a_mistake_at_once(grants: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="grant"):
        requires(*grants)


@pytest.mark.parametrize("who", EVERYBODY)
async def test_only_the_named_grants_open_a_door(steady: Client, who: str) -> None:
    allowed = {"control_center", "advisor"}

    answer = await steady.as_(who).get("/v1/toys/x")

    assert answer.status_code == (200 if who in allowed else 403)


async def test_every_guarded_route_refuses_strangers_and_those_without_the_grant(steady: Client) -> None:
    guarded_routes = [route for route in steady.app.routes if isinstance(route, Door) and not route.public]
    assert len(guarded_routes) > 10
    for route in guarded_routes:
        wrong = next(who for who in EVERYBODY if any(who not in grants for grants in route.requirements))
        path = route.path_format.replace("{", "").replace("}", "")
        for method in route.methods or ():
            stranger = await steady.request(method, path)
            other = await steady.as_(wrong).request(method, path)
            assert (stranger.status_code, other.status_code) == (401, 403), f"{method} {path}"


async def test_stranger_is_told_how_to_come_in_whatever_they_bring(steady: Client) -> None:
    answer = await steady.post("/v1/toys", content=b"not json at all")

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert problem(answer)["type"].endswith("/unauthorized")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic YTpi",
        "bearer dw_telephony_short",
        "Bearer dw_telephony_" + "A" * 43,
        "Bearer \xff",
    ],
)
async def test_what_is_no_key_opens_nothing(steady: Client, header: str) -> None:
    answer = await steady.get("/v1/toys/x", headers={"Authorization": header.encode("latin-1")})

    assert answer.status_code == 401


async def test_key_ends_with_its_date(steady: Client) -> None:
    services, clock = services_of(steady), clock_of(steady)
    async with services.database.transaction() as session:
        ends = clock.now() + timedelta(seconds=1)
        key = await a_key(session, clock, "control_center", expires_at=ends)
    caller = steady.with_token(key.secret)

    before = await caller.get("/v1/toys/x")
    clock.advance(1)
    after = await caller.get("/v1/toys/x")

    assert (before.status_code, after.status_code) == (200, 401)


async def test_two_keys_are_valid_while_one_takes_over(steady: Client) -> None:
    admin = steady.as_("admin")
    wanted = {"name": "cc", "scopes": ["control_center"]}
    issued = [(await admin.post("/v1/machine-keys", json=wanted)).json() for _ in range(2)]
    callers = [steady.with_token(key["secret"]) for key in issued]

    both = [(await caller.get("/v1/toys/x")).status_code for caller in callers]
    await admin.delete(f"/v1/machine-keys/{issued[0]['id']}")
    after = [(await caller.get("/v1/toys/x")).status_code for caller in callers]

    assert (both, after) == ([200, 200], [401, 200])


async def test_key_revoked_on_another_replica_opens_nothing_after_two_seconds(steady: Client) -> None:
    services, clock = services_of(steady), clock_of(steady)
    async with services.database.transaction() as session:
        key = await a_key(session, clock, "control_center")
    caller = steady.with_token(key.secret)
    await caller.get("/v1/toys/x")

    async with services.database.transaction() as session:
        await session.execute("UPDATE machine_keys SET revoked_at = $2 WHERE id = $1", key.key.id, clock.now())
    clock.advance(2)

    assert (await caller.get("/v1/toys/x")).status_code == 401


async def test_known_key_is_looked_up_once_in_two_seconds(steady: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[bytes] = []

    async def counting(session: ReadSession, hashed: bytes, now: datetime) -> tuple[Principal, datetime] | None:
        looked_up.append(hashed)
        return await look_up(session, hashed, now)

    monkeypatch.setattr("accounts.queries.principal", counting)
    services_of(steady).recognition.forget_all()
    for _ in range(5):
        await steady.as_("control_center").get("/v1/toys/x")
    clock_of(steady).advance(2)
    await steady.as_("control_center").get("/v1/toys/x")

    assert len(looked_up) == 2


def clock_of(client: Client) -> VirtualClock:
    clock = services_of(client).clock
    assert isinstance(clock, VirtualClock)
    return clock


def test_services_hand_on_what_others_put_in(steady: Client) -> None:
    services = services_of(steady)

    assert isinstance(services, Services)
    assert services.recognition is services.recognition
    assert len(services.secret) == 32
