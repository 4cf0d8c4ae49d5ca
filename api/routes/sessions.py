"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from accounts import schemas, service
from accounts.principal import Principal
from accounts.roles import EVERYBODY
from accounts.schemas import Me, SignIn
from api.dependencies import FromServices, Now, Read, Write, public, requires
from api.door import set_session_cookie, signed_in_with
from api.errors import problems
from api.rendering import Json
from api.services import Services
from api.transactional import TransactionalRoute

router = APIRouter(prefix="/v1/sessions", tags=["Signing in"], route_class=TransactionalRoute)

Person = Annotated[Principal, requires(*EVERYBODY)]


@router.post(
    "", status_code=201, summary="Sign in", response_model=schemas.Session, responses=problems(401, 403, 429, 503)
)
@public("this is where one signs in; failures are counted and slowed down")
async def sign_in(wanted: SignIn, services: FromServices, now: Now, request: Request) -> Response:
    """Answers with a token and sets it as an HttpOnly cookie. Lasts 12 hours, or until signed out."""
    if not services.settings.local_sign_in:
        raise service.LocalSignInOff
    services.limits.sign_in(request.scope, now)
    token, signed_in = await service.sign_in(
        services.database,
        services.hashing,
        services.failed_sign_ins,
        email=wanted.email,
        password=wanted.password,
        now=now,
        lasts=services.settings.session_lifetime,
    )
    response = Json(schemas.session(token, signed_in), 201)
    _set_cookie(response, token, int(services.settings.session_lifetime.total_seconds()), request, services)
    return response


@router.get("/current", summary="Who am I?")
async def current(principal: Person, session: Read) -> Me:
    """The person who is signed in, and until when."""
    return schemas.me(await service.current(session, signed_in_with(principal)))


@router.delete("/current", status_code=204, summary="Sign out", response_class=Response)
async def sign_out(
    principal: Person, session: Write, services: FromServices, now: Now, request: Request
) -> Response:
    """Takes effect here at once, and within two seconds on other replicas."""
    await service.sign_out(session, principal.id, signed_in_with(principal), now)
    services.recognition.forget(signed_in_with(principal))
    response = Response(status_code=204)
    _set_cookie(response, "", 0, request, services)
    return response


@router.delete("", status_code=204, summary="Sign out everywhere", response_class=Response)
async def sign_out_everywhere(
    principal: Person, session: Write, services: FromServices, now: Now, request: Request
) -> Response:
    """Ends every sign-in of this person, this one too: here at once, within two seconds on other replicas. Streams
    that were opened with them are closed."""
    await service.sign_out_everywhere(session, principal.id, now)
    services.recognition.forget_all()
    response = Response(status_code=204)
    _set_cookie(response, "", 0, request, services)
    return response


def _set_cookie(response: Response, token: str, max_age_s: int, request: Request, services: Services) -> None:
    set_session_cookie(response, token, max_age_s, request.url.scheme, services.settings)
