"""Machine keys, for admins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from accounts import keys, queries, schemas
from accounts.models import MachineKey
from accounts.principal import Principal
from accounts.schemas import IssuedKey, Key, KeyRotation, Keys, NewKey
from api.dependencies import FromServices, NewId, Now, Read, Remember, Remembered, Write, requires
from api.errors import problems
from api.rendering import Paging
from api.transactional import TransactionalRoute
from api.versions import MayMatch, Tagged
from kit.ids import decode

router = APIRouter(prefix="/v1/machine-keys", tags=["Machine keys"], route_class=TransactionalRoute)

Admin = Annotated[Principal, requires("admin")]


@router.post("", status_code=201, summary="Issue a key")
async def issue(_: Admin, wanted: NewKey, session: Write, remember: Remember, now: Now, new_id: NewId) -> IssuedKey:
    """The secret is told once. To change it later without a pause, rotate the key."""
    issued = await keys.issue(
        session, name=wanted.name, scopes=wanted.scopes, expires_at=wanted.expires_at, now=now, new_id=new_id
    )
    return _told_once(issued, remember, now)


@router.get("", summary="List keys")
async def listed(
    _: Annotated[Principal, requires("admin", "auditor")], session: Read, page: Paging, now: Now
) -> Keys:
    """All keys, ended ones too, oldest first; which replaces which, and when each was used last. Never a secret."""
    found = await queries.page_of_keys(session, page.after_id(), page.limit)
    replaced = await queries.replaced_keys(session, found)
    items = [schemas.key(key, now, replaced.get(key.id)) for key in found]
    return Keys(items=items, next=page.next_after(found, lambda key: [key.id]))


@router.post("/{key_id}/rotate", status_code=201, summary="Rotate a key", responses=problems(409))
async def rotate(
    _: Admin,
    key_id: str,
    wanted: KeyRotation,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
    new_id: NewId,
) -> IssuedKey:
    """The successor, with a secret that is told once. The old key ends after the grace, or when it is revoked;
    until then both are valid, and a third is refused."""
    grace = services.settings.key_grace if wanted.grace_s is None else timedelta(seconds=wanted.grace_s)
    issued = await keys.rotate(session, decode("key", key_id), grace=grace, now=now, new_id=new_id)
    services.recognition.forget_all()
    return _told_once(issued, remember, now)


@router.get("/{key_id}", summary="Read a key")
async def get(
    _: Annotated[Principal, requires("admin", "auditor")], key_id: str, session: Read, versions: Tagged, now: Now
) -> Key:
    """Never its secret."""
    return versions.of(await _shown(session, await keys.get(session, decode("key", key_id)), now))


@router.delete("/{key_id}", status_code=204, summary="Revoke a key", response_class=Response)
async def revoke(
    _: Admin, key_id: str, session: Write, versions: MayMatch, services: FromServices, now: Now
) -> Response:
    """Takes effect here at once, and within two seconds on other replicas. A second time changes nothing."""
    identifier = decode("key", key_id)
    versions.check(await _shown(session, await keys.locked(session, identifier), now))
    key = await keys.revoke(session, identifier, now)
    services.recognition.forget(key.key_hash)
    return Response(status_code=204)


async def _shown(session: Read, key: MachineKey, now: datetime) -> Key:
    replaced = await queries.replaced_keys(session, [key])
    return schemas.key(key, now, replaced.get(key.id))


def _told_once(issued: keys.Issued, remember: Remembered, now: datetime) -> IssuedKey:
    remember.instead = schemas.issued(issued.key, None, now).model_dump_json().encode()
    return schemas.issued(issued.key, issued.secret, now)
