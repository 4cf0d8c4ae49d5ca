"""The application: routes behind doors, one edge around them, and what runs beside them."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.telemetry import TelemetryConfig
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from accounts.roles import CUSTOMER
from api import instruments, openapi
from api.access_log import AccessLog
from api.dispatch import Dispatch
from api.door import CUSTOMERS_OWN, Door
from api.edge import Edge
from api.routes import ROUTERS, health
from api.services import Services
from api.transactional import TransactionalRoute

__all__ = ["Services", "create_app", "create_watched"]

DESCRIPTION = """
Every customer gets a person of their own. Ids are opaque (`adv_…`), instants ISO 8601 with offset, durations in
seconds with the unit in the name, numbers E.164. Failures are RFC 9457 problem documents with a stable `type`.
"""
DOCUMENT = "/v1/openapi.json"
OWN_PATHS = frozenset({DOCUMENT})
"""Added by FastAPI itself; says nothing that is not in the repository."""

SILENT: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
"""FastAPI's own telemetry is off: its logs carry URLs, and URLs carry numbers."""


class Unguarded(RuntimeError):
    """A route that nobody has given a grant, or whose class does not guard it."""


class Application(FastAPI):
    """FastAPI with one layer around its router instead of five; the edge writes every failure."""

    def build_middleware_stack(self) -> ASGIApp:
        usual = AsyncExitStackMiddleware(self.router)
        return Edge(Dispatch(self.router, usual), self.state.services, self.state.access_log)

    def openapi(self) -> dict[str, Any]:
        return openapi.document(self)


def create_app(services: Services) -> FastAPI:
    """Build the application. Raises `Unguarded` when a route would let anybody in."""
    return _assembled(services, ROUTERS, DOCUMENT)


def create_watched(services: Services) -> FastAPI:
    """What a process that serves nobody is watched by: `/livez`, `/readyz` and `/metrics`."""
    return _assembled(services, [health.router], None)


def _assembled(services: Services, routers: Sequence[APIRouter], document: str | None) -> FastAPI:
    app = Application(
        title="Durchwahl",
        version="1",
        summary="A personal advisor for every customer.",
        description=DESCRIPTION,
        openapi_url=document,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=SILENT,
        lifespan=_lifespan,
    )
    app.state.services = services
    instruments.install(services)
    app.state.access_log = _access_log(services)
    for router in routers:
        add(app, router)
    refuse_unguarded(app)
    return app


def _access_log(services: Services) -> AccessLog | None:
    if not services.settings.access_log:
        return None
    log = AccessLog()
    services.database.on_commit(lambda session: log.committed(services.clock.now(), session))
    return log


def add(app: FastAPI, router: APIRouter) -> None:
    """Put the router's routes beside the others. `include_router` would build each anew and match it twice."""
    nested = [route for route in router.routes if not isinstance(route, Route | APIWebSocketRoute)]
    if nested:
        raise Unguarded("a router within a router is not looked into: list it among ROUTERS")
    app.router.routes.extend(router.routes)


def refuse_unguarded(app: FastAPI) -> None:
    """Default deny, checked before the first request."""
    for route in app.routes:
        for complaint in _complaints(route):
            raise Unguarded(f"{getattr(route, 'path', route)}: {complaint}")


def _complaints(route: BaseRoute) -> Iterator[str]:
    if isinstance(route, Door):
        yield from _complaints_of_door(route)
    elif isinstance(route, APIRoute):
        yield "its router needs route_class=TransactionalRoute"
    elif getattr(route, "path", None) not in OWN_PATHS and not _is_public(route):
        yield "mark its endpoint with @public(why), or guard it"


def _complaints_of_door(route: Door) -> Iterator[str]:
    if bool(route.requirements) == bool(route.public):
        yield "declare requires(…), or mark the endpoint with @public(why); not both"
    if any(CUSTOMER in grants for grants in route.requirements) and CUSTOMERS_OWN not in route.param_convertors:
        yield f"it lets customers in, so its path says whose it is: {{{CUSTOMERS_OWN}}}"
    if route.writes and not route.is_transactional:
        yield "it writes, so its router needs route_class=TransactionalRoute"
    if {"PUT", "PATCH"} & (route.methods or set()) and not route.unversioned and route.versioned in (None, "never"):
        yield "two may edit it: ask for MustMatch or MayMatch, or say with @unversioned(why) what serves instead"
    if isinstance(route, TransactionalRoute) and route.needs_key and not route.writes:
        yield "a POST has its effect through Write, or says with @keyless(why) what serves in place of a key"


def _is_public(route: BaseRoute) -> bool:
    return hasattr(getattr(route, "endpoint", None), "__public__")


def _settle_garbage() -> None:
    """What is there after the start stays, so the collector need not walk it again and again: under load its walks
    were most of the tail (p99 57 ms with the defaults, 15 ms with this)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start what runs beside the requests, and stop it in reverse order."""
    services: Services = app.state.services
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(services.vitals.watching())
        for hook in services.background:
            await stack.enter_async_context(hook if isinstance(hook, AbstractAsyncContextManager) else hook())
        _settle_garbage()
        yield
        services.vitals.drain()
    if app.state.access_log is not None:
        app.state.access_log.flush()
