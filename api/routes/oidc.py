"""Signing in at the identity provider: away with a challenge, back with a code, and out when the provider says so.

What has to survive the way there and back is in a cookie of ten minutes that only we can have made: a random state,
bound to this browser. The nonce and the PKCE verifier follow from the state by our key and are never sent before
they are due.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from html import escape
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from accounts import external
from accounts.external import Rules
from accounts.jwt import BadToken
from accounts.provider import Provider
from api import cursors
from api.cursors import BadCursor
from api.dependencies import FromServices, Now, json_or_form, public
from api.door import set_session_cookie
from api.errors import problems
from api.services import Services
from api.transactional import TransactionalRoute
from kit.errors import BadRequest, Fault, NotFound, Unauthorized

router = APIRouter(prefix="/v1", tags=["Signing in"], route_class=TransactionalRoute)

COOKIE, PATH, PLACE = "durchwahl_oidc", "/v1/oidc", b"oidc"
LASTS = timedelta(minutes=10)
NEXT = r"^/([!-.0-\[\]-~][!-~]{0,200})?$"
"""A path here: what follows the first slash is neither another one nor a backslash."""
HOME = "/"

PAGE = '<!doctype html><meta http-equiv="refresh" content="0;url={0}"><a href="{0}">…</a>'
"""A cookie for our own pages alone is not sent along a way that began elsewhere; so the last step is ours."""
HEADERS = {"content-security-policy": "default-src 'none'", "referrer-policy": "no-referrer"}


class SignInRefused(Unauthorized):
    """The provider, the person, or the browser has not gone through with it."""

    word, title = "sign-in-refused", "Signing in at the identity provider did not work; try again."


class NotALogout(BadRequest):
    word, title = "not-a-logout-token", "That is no logout token for us."


class Methods(BaseModel):
    """How people may sign in here."""

    password: bool
    provider: str | None = Field(description="Where to go for the identity provider; null where there is none.")


class LogoutIn(BaseModel):
    logout_token: str = Field(max_length=8192)


@router.get("/sign-in", summary="How may one sign in?")
@public("a page has to know which buttons to show")
async def methods(services: FromServices) -> Methods:
    there = services.provider is not None
    return Methods(password=services.settings.local_sign_in, provider=f"{PATH}/sign-in" if there else None)


@router.get(
    "/oidc/sign-in",
    summary="Go to the identity provider",
    status_code=302,
    response_class=Response,
    responses=problems(404, 503),
)
@public("this is where one begins to sign in")
async def begin(
    services: FromServices,
    now: Now,
    to: Annotated[str, Query(pattern=NEXT, description="Where to go then.")] = HOME,
) -> Response:
    """Authorization code with PKCE, state and nonce."""
    provider = _provider(services)
    state = secrets.token_urlsafe(32)
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": _redirect_uri(services),
        "scope": services.settings.oidc_scopes,
        "state": state,
        "nonce": _derived(services, "nonce", state),
        "code_challenge": _base64(sha256(_derived(services, "verifier", state).encode()).digest()),
        "code_challenge_method": "S256",
    }
    endpoint = (await provider.endpoints(now)).authorization
    away = f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"
    response = Response(status_code=302, headers={"location": away, **HEADERS})
    _keep(response, services, cursors.written(services.secret, PLACE, [state, int(now.timestamp()), to]))
    return response


@router.get(
    "/oidc/callback",
    summary="Back from the identity provider",
    response_class=HTMLResponse,
    responses=problems(401, 403, 404, 409, 503),
)
@public("the code and the state in the browser's cookie say who comes")
async def callback(
    request: Request,
    services: FromServices,
    now: Now,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4096)] = "",
) -> Response:
    """Signs in as `POST /v1/sessions` does, and goes on to where one wanted to."""
    provider = _provider(services)
    to = _came_back(request, services, state, now)
    if not code:
        raise SignInRefused
    token = await _signed_in(provider, services, code, state, now)
    response = HTMLResponse(PAGE.format(escape(to)), headers=HEADERS)
    lasts = services.settings.session_lifetime
    set_session_cookie(response, token, int(lasts.total_seconds()), request.url.scheme, services.settings)
    _keep(response, services, "")
    return response


@router.post(
    "/oidc/logout",
    summary="The identity provider signs somebody out",
    response_class=Response,
    responses=problems(404, 503),
)
@public("the provider's signature says who comes")
async def logout(services: FromServices, now: Now, told: Annotated[LogoutIn, json_or_form(LogoutIn)]) -> Response:
    """OpenID Connect Back-Channel Logout: ends one session of the provider's, or all of a person. Holds on every
    replica within two seconds."""
    provider = _provider(services)
    try:
        claims = await provider.logout(told.logout_token.encode(), now)
    except BadToken:
        raise NotALogout from None
    async with services.database.transaction() as session:
        await external.sign_out(session, Rules.of(services.settings), claims, now)
    services.recognition.forget_all()
    return Response(status_code=200)


async def _signed_in(provider: Provider, services: Services, code: str, state: str, now: datetime) -> str:
    """A token of ours. Raises `SignInRefused`, `ProviderAway` and what `external.sign_in` raises."""
    try:
        verifier = _derived(services, "verifier", state)
        raw = await provider.exchange(code, verifier, _redirect_uri(services), now)
        claims = await provider.identity(raw, _derived(services, "nonce", state), now)
    except BadToken:
        raise SignInRefused from None
    async with services.database.transaction() as session:
        token, _ = await external.sign_in(
            session,
            Rules.of(services.settings),
            claims,
            now=now,
            new_id=services.new_id,
            lasts=services.settings.session_lifetime,
        )
    services.recognition.forget_all()
    return token


def _came_back(request: Request, services: Services, state: str, now: datetime) -> str:
    """Where the browser wants to go, if it is the one that went away with this state. Raises `SignInRefused`."""
    values: Any = None
    try:
        values = cursors.read(services.secret, PLACE, request.cookies.get(COOKIE, ""))
        known, since, to = values
    except (BadCursor, Fault, ValueError, TypeError):
        raise SignInRefused from None
    in_time = 0 <= now.timestamp() - since + 1 <= LASTS.total_seconds() + 1
    if not state or not in_time or not hmac.compare_digest(known.encode(), state.encode()):
        raise SignInRefused
    return str(to)


def _provider(services: Services) -> Provider:
    if services.provider is None:
        raise NotFound
    return services.provider


def _redirect_uri(services: Services) -> str:
    """From the settings, never from the request: whoever sends a `Host` of their own gets no code."""
    return f"{services.settings.public_url.rstrip('/')}{PATH}/callback"


def _derived(services: Services, use: str, state: str) -> str:
    return _base64(hmac.digest(services.secret, f"oidc {use}\0{state}".encode(), "sha256"))


def _base64(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _keep(response: Response, services: Services, value: str) -> None:
    """Lax, as the browser comes back from another site; an empty value takes the cookie away."""
    secure = services.settings.public_url.startswith("https:")
    age = int(LASTS.total_seconds()) if value else 0
    response.set_cookie(COOKIE, value, max_age=age, path=PATH, httponly=True, samesite="lax", secure=secure)
