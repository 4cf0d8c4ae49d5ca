"""Desk groups, for admins; everybody at a desk may read them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from accounts.principal import Principal
from accounts.roles import DESK
from api.dependencies import NewId, Now, Read, Write, requires
from api.errors import problems
from api.transactional import TransactionalRoute
from api.versions import MustMatch, Tagged
from desk_groups import queries, service
from desk_groups.schemas import DeskGroupAnswer, DeskGroupCommand, DeskGroups
from kit.ids import decode

router = APIRouter(prefix="/v1/desk-groups", tags=["Desk groups"], route_class=TransactionalRoute)

Admin = Annotated[Principal, requires("admin")]
Reader = Annotated[Principal, requires(*DESK, "admin", "auditor")]


@router.post("", status_code=201, summary="Add a desk group", responses=problems(409))
async def create(
    _: Admin, wanted: DeskGroupCommand, session: Write, versions: Tagged, now: Now, new_id: NewId
) -> DeskGroupAnswer:
    return versions.of(await service.get(session, await service.create(session, wanted, now, new_id)))


@router.get("", summary="List desk groups")
async def listed(_: Reader, session: Read) -> DeskGroups:
    return DeskGroups(items=[service.answer(row) for row in await queries.all_of_them(session)])


@router.get("/{group_id}", summary="Read a desk group")
async def get(_: Reader, group_id: str, session: Read, versions: Tagged) -> DeskGroupAnswer:
    return versions.of(await service.get(session, decode("grp", group_id)))


@router.put("/{group_id}", summary="Replace a desk group", responses=problems(409))
async def change(
    _: Admin, group_id: str, wanted: DeskGroupCommand, session: Write, versions: MustMatch, now: Now
) -> DeskGroupAnswer:
    """Name, site, lead, minimum, neighbours and the markets whose strangers come here. Members stay."""
    identifier = decode("grp", group_id)
    versions.check(await service.locked(session, identifier))
    await service.change(session, identifier, wanted, now)
    return versions.of(await service.get(session, identifier))
