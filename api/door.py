"""The door that every route has: who may enter, then what they bring.

Order of refusals: no or bad credentials 401, not allowed 403, body too large 413, of another type 415, unreadable
400, unsafe text 422; only then FastAPI validates and the endpoint is called. Authentication comes first, so that a
stranger can make us neither parse nor open a transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from http.cookies import CookieError, SimpleCookie
from typing import Any, ClassVar, TypeAlias, cast
from urllib.parse import urlsplit

from fastapi import params
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from accounts import jwt
from accounts.principal import Principal
from accounts.recognition import REMEMBERED
from api.bodies import Kind, StrictRequest
from api.dependencies import PRINCIPAL, REQUEST_ID, SESSION, JsonOrForm, Requires, reading, reporting, writing
from api.handing import calls, shortened
from api.services import Services
from api.versions import Mode, Versioned, tagged
from kit import actors
from kit.actors import Actor
from kit.database import ReadSession
from kit.errors import Forbidden, NotFound, Unauthorized
from kit.settings import Settings

COOKIE = "durchwahl_session"
CUSTOMERS_OWN = "external_ref"
"""The part of the path that says whose a customer's route is."""
SWITCHS = frozenset({"telephony"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Handler: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]


class ForeignOrigin(Forbidden):
    """A page of somebody else's made the browser send our cookie along."""

    word, title = "foreign-origin", "This comes from another site."


class Door(APIRoute):
    """A route for reading. `TransactionalRoute` is the one for effects."""

    is_transactional: ClassVar[bool] = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._asked: list[Any] = []
        super().__init__(*arguments, **options)
        self.app = self._answer

    @property
    def public(self) -> str | None:
        return getattr(self.endpoint, "__public__", None)

    @property
    def keyless(self) -> str | None:
        return getattr(self.endpoint, "__keyless__", None)

    @property
    def streamed(self) -> str | None:
        return getattr(self.endpoint, "__streamed__", None)

    @property
    def requirements(self) -> tuple[frozenset[str], ...]:
        return tuple(call.grants for call in self._asked if isinstance(call, Requires))

    @property
    def versioned(self) -> Mode | None:
        """What the route makes of `If-Match`; None where its answers have no version."""
        return next((call.mode for call in self._asked if isinstance(call, Versioned)), None)

    @property
    def unversioned(self) -> str | None:
        return getattr(self.endpoint, "__unversioned__", None)

    @property
    def bodies(self) -> list[JsonOrForm[Any]]:
        return [call for call in self._asked if isinstance(call, JsonOrForm)]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of body that the endpoint takes."""
        if self.body_field is None:
            return ("json", "form") if self.bodies else ()
        return ("form",) if isinstance(self.body_field.field_info, params.Form) else ("json",)

    @property
    def reads(self) -> bool:
        return reading in self._asked

    @property
    def reports(self) -> bool:
        return reporting in self._asked

    @property
    def writes(self) -> bool:
        return writing in self._asked

    def get_route_handler(self) -> Handler:
        """Called by FastAPI once the route knows itself; what it needs is found out here, not per request."""
        self._asked = self._asked or list(calls(self.dependant))
        self.dependant = shortened(self.dependant)
        self._handle = self._guarded(self.acting(super().get_route_handler()))
        return self._handle

    def _takes_turns(self, services: Services) -> AbstractAsyncContextManager[None]:
        """The switch never waits, nor does who streams a body, for as long as that takes."""
        if not self.requirements or SWITCHS in self.requirements or self.streamed:
            return nullcontext()
        if hasattr(self.endpoint, "__arrival__"):
            return services.arrival_turns.turn()
        lengthy = self.reports or hasattr(self.endpoint, "__lengthy__")
        return (services.report_turns if lengthy else services.turns).turn()

    def _guarded(self, act: Callable[[Request, Services], Awaitable[Response]]) -> Handler:
        requirements = self.requirements
        kinds = () if self.streamed else self.kinds
        swallows = self.writes and not self.streamed
        versioned = self.versioned is not None
        counted = not hasattr(self.endpoint, "__uncounted__")
        waits = self._takes_turns

        async def enter(request: Request) -> Response:
            services = cast(Services, request.scope["app"].state.services)
            began = services.clock.now()
            who = actors.STRANGER
            if requirements:
                async with waits(services):
                    principal = request.scope[PRINCIPAL] = await admitted(request.scope, services, requirements)
                who = principal.name_for_keys
            elif counted:
                services.limits.stranger(request.scope, services.clock.now())
            actors.become(Actor(who, request.scope[REQUEST_ID]))
            if kinds:
                await cast(StrictRequest, request).read(*kinds)
            elif swallows:
                await request.body()
            async with waits(services):
                response = await act(request, services)
            if requirements and services.clock.now() - began >= REMEMBERED:
                await still_admitted(request.scope, services)
            return tagged(request, response) if versioned else response

        return enter

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As FastAPI calls a handler, without the layer that catches exceptions: the edge does that for all.

        The actor is put back at the end, as a server may answer several requests in one task."""
        before = actors.current()
        try:
            await self._handled(scope, receive, send)
        finally:
            actors.become(before)

    async def _handled(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as after_answer:
            scope["fastapi_middleware_astack"] = scope["fastapi_inner_astack"] = after_answer
            async with AsyncExitStack() as before_answer:
                scope["fastapi_function_astack"] = before_answer
                response = await self._handle(StrictRequest(scope, receive, send))
            await response(scope, receive, send)

    def acting(self, inner: Handler) -> Callable[[Request, Services], Awaitable[Response]]:
        """How the endpoint is called: with a connection for reading where it asks for one."""
        if not self.reads and not self.reports:
            return lambda request, _: inner(request)
        opened = _report if self.reports else _reading

        async def read(request: Request, services: Services) -> Response:
            async with opened(services) as session:
                request.scope[SESSION] = session
                return await inner(request)

        return read


def _reading(services: Services) -> AbstractAsyncContextManager[ReadSession]:
    return services.database.reading()


def _report(services: Services) -> AbstractAsyncContextManager[ReadSession]:
    return services.database.report(services.settings.report_timeout)


async def admitted(scope: Scope, services: Services, requirements: tuple[frozenset[str], ...]) -> Principal:
    """The caller, when one grant of each requirement is there. Raises 401, 403 and 429, and 404 for a customer who
    asks for another's: as for one who isn't there."""
    token, now = _token(scope), services.clock.now()
    principal = await _recognised(token, services) if token else None
    if principal is None:
        services.limits.stranger(scope, now)
        raise Unauthorized
    services.limits.known(principal, now, at_the_switchs=SWITCHS in requirements)
    for grants in requirements:
        if principal.grants.isdisjoint(grants):
            raise Forbidden
    if principal.customer_ref is not None and scope["path_params"].get(CUSTOMERS_OWN) != principal.customer_ref:
        raise NotFound
    return principal


async def still_admitted(scope: Scope, services: Services) -> None:
    """For what takes long: nobody gets an answer who was let in once and would not be now. Raises 401 and 403."""
    token = _token(scope)
    principal = await _recognised(token, services) if token else None
    if principal is None:
        raise Unauthorized
    for grants in scope["route"].requirements:
        if principal.grants.isdisjoint(grants):
            raise Forbidden


async def _recognised(token: bytes, services: Services) -> Principal | None:
    """A token of ours has no dot in it; of those with two the identity provider's say so, others are customers'."""
    issuer = services.settings.oidc_issuer if services.takes_foreign else ""
    customers = b"." in token and not (issuer and jwt.names_issuer(token, issuer))
    recognise = services.customer_tokens.recognise if customers else services.recognition.recognise
    return await recognise(token, services.clock.now())


def signed_in_with(principal: Principal) -> bytes:
    """The hash of the token that a person signed in with. A machine has none: `Forbidden`."""
    if principal.sign_in_hash is None:
        raise Forbidden
    return principal.sign_in_hash


def set_session_cookie(response: Response, token: str, max_age_s: int, scheme: str, settings: Settings) -> None:
    """For browsers; no script reads it, and no other site makes it come along."""
    secure = scheme == "https" or settings.public_url.startswith("https:")
    response.set_cookie(COOKIE, token, max_age=max_age_s, httponly=True, samesite="strict", secure=secure)


def _token(scope: Scope) -> bytes | None:
    """The bearer token, else the browser's cookie, which is taken only from our own pages."""
    cookies = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            return cast(bytes, value[7:].strip()) if value[:7].lower() == b"bearer " else None
        if name == b"cookie":
            cookies = value
    if cookies is None:
        return None
    token = _from_cookie(cookies)
    if token and scope["method"] not in SAFE:
        _refuse_foreign(scope)
    return token


def _from_cookie(cookies: bytes) -> bytes | None:
    """A sign-in's token. A customer's comes in the header alone: no page can be made to send that along."""
    try:
        morsel = SimpleCookie(cookies.decode("latin-1")).get(COOKIE)
    except CookieError:
        return None
    return morsel.value.encode("latin-1") if morsel and "." not in morsel.value else None


def _refuse_foreign(scope: Scope) -> None:
    """SameSite=Strict keeps other sites out; this keeps out what shares the site but not the origin."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    if origin is not None and host_of(origin.decode("latin-1")).encode("latin-1") != headers.get(b"host"):
        raise ForeignOrigin


def host_of(origin: str) -> str:
    """Host and port of an origin; empty for what is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
