"""Public keys of control centers whose backends sign their customers' tokens, for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from accounts import queries, schemas, signing_keys
from accounts.principal import Principal
from accounts.schemas import NewSigningKey, ShownSigningKey, SigningKeys
from api.dependencies import FromServices, NewId, Now, Read, Write, requires
from api.errors import problems
from api.rendering import Paging
from api.transactional import TransactionalRoute
from api.versions import MayMatch, Tagged
from kit.ids import decode

router = APIRouter(prefix="/v1/signing-keys", tags=["Signing keys"], route_class=TransactionalRoute)

Admin = Annotated[Principal, requires("admin")]
Reader = Annotated[Principal, requires("admin", "auditor")]


@router.post("", status_code=201, summary="Register a signing key", responses=problems(409))
async def register(
    _: Admin, wanted: NewSigningKey, session: Write, versions: Tagged, now: Now, new_id: NewId
) -> ShownSigningKey:
    """The public half, as a JWK. Two of a client may be valid: register the next, change over, revoke the first."""
    key = await signing_keys.register(
        session,
        client=wanted.client,
        written=wanted.public_key.model_dump(),
        kid=wanted.kid,
        expires_at=wanted.expires_at,
        now=now,
        new_id=new_id,
    )
    return versions.of(schemas.signing_key(key))


@router.get("", summary="List signing keys")
async def listed(_: Reader, session: Read, page: Paging) -> SigningKeys:
    """All of them, ended ones too, oldest first."""
    found = await queries.page_of_signing_keys(session, page.after_id(), page.limit)
    items = [schemas.signing_key(key) for key in found]
    return SigningKeys(items=items, next=page.next_after(found, lambda key: [key.id]))


@router.get("/{key_id}", summary="Read a signing key")
async def get(_: Reader, key_id: str, session: Read, versions: Tagged) -> ShownSigningKey:
    return versions.of(schemas.signing_key(await signing_keys.get(session, decode("sig", key_id))))


@router.delete("/{key_id}", status_code=204, summary="Revoke a signing key", response_class=Response)
async def revoke(
    _: Admin, key_id: str, session: Write, versions: MayMatch, services: FromServices, now: Now
) -> Response:
    """No token that it signed opens anything from now on here, and within two seconds on other replicas."""
    identifier = decode("sig", key_id)
    versions.check(schemas.signing_key(await signing_keys.locked(session, identifier)))
    await signing_keys.revoke(session, identifier, now)
    services.customer_tokens.forget_all()
    return Response(status_code=204)
