"""Machine keys, for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from accounts import keys, queries, schemas
from accounts.principal import Principal
from accounts.schemas import IssuedKey, Keys, NewKey
from api.dependencies import FromServices, NewId, Now, Read, Remember, Write, requires
from api.rendering import Paging
from api.transactional import TransactionalRoute
from kit.ids import decode

router = APIRouter(prefix="/v1/machine-keys", tags=["Machine keys"], route_class=TransactionalRoute)

Admin = Annotated[Principal, requires("admin")]


@router.post("", status_code=201, summary="Issue a key")
async def issue(_: Admin, wanted: NewKey, session: Write, remember: Remember, now: Now, new_id: NewId) -> IssuedKey:
    """The secret is told once. To rotate, issue the next key, change over, and revoke the first."""
    issued = await keys.issue(
        session, name=wanted.name, scopes=wanted.scopes, expires_at=wanted.expires_at, now=now, new_id=new_id
    )
    remember.instead = schemas.issued(issued.key, None).model_dump_json().encode()
    return schemas.issued(issued.key, issued.secret)


@router.get("", summary="List keys")
async def listed(_: Annotated[Principal, requires("admin", "auditor")], session: Read, page: Paging) -> Keys:
    """All keys, ended ones too, oldest first; never their secrets."""
    found = await queries.page_of_keys(session, page.after_id(), page.limit)
    return Keys(items=[schemas.key(key) for key in found], next=page.next_after(found, lambda key: [key.id]))


@router.delete("/{key_id}", status_code=204, summary="Revoke a key", response_class=Response)
async def revoke(_: Admin, key_id: str, session: Write, services: FromServices, now: Now) -> Response:
    """Takes effect here at once, and within two seconds on other replicas. A second time changes nothing."""
    key = await keys.revoke(session, decode("key", key_id), now)
    services.recognition.forget(key.key_hash)
    return Response(status_code=204)
