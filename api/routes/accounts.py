"""Accounts of people, for admins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter

from accounts import queries, schemas, service
from accounts.passwords import invented
from accounts.principal import Principal
from accounts.schemas import AccountChange, Accounts, CreatedAccount, NewAccount, ShownAccount
from api.dependencies import FromServices, NewId, Now, Read, Remember, Write, requires
from api.errors import problems
from api.rendering import Paging, reference
from api.services import Services
from api.transactional import TransactionalRoute
from api.versions import MustMatch, Tagged
from kit.errors import Error, Unprocessable
from kit.ids import decode, encode

router = APIRouter(prefix="/v1/accounts", tags=["Accounts"], route_class=TransactionalRoute)

Admin = Annotated[Principal, requires("admin")]


class NoProvider(Unprocessable):
    word, title = "no-provider", "No identity provider is set."


@router.post("", status_code=201, summary="Create an account")
async def create(
    _: Admin,
    wanted: NewAccount,
    session: Write,
    services: FromServices,
    remember: Remember,
    now: Now,
    new_id: NewId,
) -> CreatedAccount:
    """Without a password one is invented and told once."""
    password = wanted.password or invented()
    account = await service.create(
        session,
        services.hashing,
        email=wanted.email,
        name=wanted.name,
        role=wanted.role,
        advisor_id=reference("adv", wanted.advisor_id, "/advisor_id"),
        password=password,
        **_subject({"subject": wanted.subject}, services),
        now=now,
        new_id=new_id,
    )
    remember.subjects.append(encode("acc", account.id))
    remember.instead = schemas.created(account, None).model_dump_json().encode()
    return schemas.created(account, None if wanted.password else password)


@router.get("", summary="List accounts")
async def listed(_: Annotated[Principal, requires("admin", "auditor")], session: Read, page: Paging) -> Accounts:
    """All accounts, oldest first."""
    found = await queries.page_of_accounts(session, page.after_id(), page.limit)
    items = [schemas.account(account) for account in found]
    return Accounts(items=items, next=page.next_after(found, lambda account: [account.id]))


@router.get("/{account_id}", summary="Read an account")
async def get(
    _: Annotated[Principal, requires("admin", "auditor")], account_id: str, session: Read, versions: Tagged
) -> ShownAccount:
    account = await service.get(session, decode("acc", account_id))
    return versions.of(schemas.account(account), account.password_hash)


@router.patch("/{account_id}", summary="Change an account", responses=problems(409))
async def change(
    _: Admin,
    account_id: str,
    wanted: AccountChange,
    session: Write,
    versions: MustMatch,
    services: FromServices,
    now: Now,
) -> ShownAccount:
    """Whoever is deactivated or gets a new password is signed out; a new role holds within two seconds."""
    identifier = decode("acc", account_id)
    changes = await _changes(wanted, services)
    present = await service.locked(session, identifier)
    versions.check(schemas.account(present), present.password_hash)
    account = await service.change(session, identifier, changes, now)
    services.recognition.forget_all()
    return versions.of(schemas.account(account), account.password_hash)


async def _changes(wanted: AccountChange, services: Services) -> dict[str, Any]:
    """What is to be set, as the service wants it: ids instead of texts, a hash instead of the password."""
    changes: dict[str, Any] = wanted.model_dump()
    if "advisor_id" in changes:
        changes["advisor_id"] = reference("adv", changes["advisor_id"], "/advisor_id")
    changes |= _subject(changes, services)
    if "password" in changes:
        changes["password_hash"] = await services.hashing.hashed(changes.pop("password"))
    return changes


def _subject(wanted: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """The identity provider that is set now, and whom it means. Raises `NoProvider` where there is none."""
    if "subject" not in wanted:
        return {}
    if wanted["subject"] is None:
        return {"issuer": None, "subject": None}
    if not services.settings.oidc_issuer:
        raise NoProvider(Error("/subject", "no_provider"))
    return {"issuer": services.settings.oidc_issuer, "subject": wanted["subject"]}
