"""People whom the identity provider has recognised: which account is theirs, with which role, until when.

An account belongs to an issuer and a subject. The first time it may be found by a verified address or made, where
the settings say so; a role comes from the provider's claims where a mapping is set, and is brought up to date each
time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from accounts import jwt, queries, service
from accounts.jwt import Claims
from accounts.models import Account
from accounts.principal import Principal, person
from accounts.service import SignedIn
from kit.database import Database, Session
from kit.errors import Error, Forbidden
from kit.fields import Email
from kit.ids import IdMaker
from kit.settings import Settings

NO_PASSWORD = "-"  # noqa: S105 - no password has this as its hash
ADDRESS = TypeAdapter[str](Email)


class NoAccount(Forbidden):
    word, title = "no-account", "The identity provider knows you; here you have no account."


class NoRole(Forbidden):
    word, title = "no-role", "None of your groups has a role here."


@dataclass(frozen=True)
class Rules:
    """How claims become accounts and roles."""

    issuer: str
    role_claim: str
    roles: Mapping[str, str]
    link_by_email: bool
    create: bool

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        return cls(
            settings.oidc_issuer,
            settings.oidc_role_claim,
            settings.oidc_roles,
            settings.oidc_link_by_email,
            settings.oidc_create_accounts,
        )

    def role(self, claims: Claims) -> str | None:
        """The first role of the mapping to which a claim of this person leads; None where there is none."""
        found: Any = claims
        for part in self.role_claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return next((role for name, role in self.roles.items() if name in names), None)

    def says_of_roles(self, claims: Claims) -> bool:
        return bool(self.roles) and self.role_claim.split(".")[0] in claims


async def sign_in(
    session: Session, rules: Rules, claims: Claims, *, now: datetime, new_id: IdMaker, lasts: timedelta
) -> tuple[str, SignedIn]:
    """A token for the person of a checked ID token. Raises `NoAccount`, `NoRole`, `AddressTaken`, `LastAdmin`."""
    role = rules.role(claims)
    if rules.roles and role is None:
        raise NoRole
    account = await _account(session, rules, claims, role, now, new_id)
    if not account.active:
        raise NoAccount
    if role is not None and role != account.role:
        await service.change(session, account.id, {"role": role}, now)
    return await service.begin(session, account.id, now, lasts, provider_session=jwt.session(claims))


async def _account(
    session: Session, rules: Rules, claims: Claims, role: str | None, now: datetime, new_id: IdMaker
) -> Account:
    subject = cast(str, jwt.subject(claims))
    known = await queries.account_of_subject(session, rules.issuer, subject)
    if known is not None:
        return known
    email = _address(claims)
    if email is not None and rules.link_by_email:
        found = await queries.account_to_link(session, email)
        if found is not None:
            return service.linked(session, found, rules.issuer, subject, now)
    if email is None or role is None or not rules.create:
        raise NoAccount
    if await queries.account_by_email(session, email):
        raise service.AddressTaken(Error("/email", "taken"))
    made = Account(
        id=new_id(now),
        email=email,
        name=_name(claims, email),
        password_hash=NO_PASSWORD,
        role=role,
        issuer=rules.issuer,
        subject=subject,
        created_at=now,
    )
    return await service.added(session, made, now)


def _address(claims: Claims) -> str | None:
    """Only an address of which the provider has made sure."""
    try:
        return ADDRESS.validate_python(claims.get("email")) if claims.get("email_verified") is True else None
    except ValidationError:
        return None


def _name(claims: Claims, email: str) -> str:
    name = claims.get("name")
    return name[:200] if isinstance(name, str) and name and name.isprintable() else email


async def recognised(database: Database, rules: Rules, claims: Claims) -> tuple[Principal, datetime] | None:
    """Whom an access token stands for and until when. None for nobody we know, who was deactivated, or who has
    signed out everywhere since the token was made, or has another role by now."""
    async with database.reading() as session:
        row = await queries.account_for_bearer(session, rules.issuer, cast(str, jwt.subject(claims)))
    if row is None or (row["signed_out_at"] is not None and claims["iat"] <= row["signed_out_at"].timestamp()):
        return None
    if rules.says_of_roles(claims) and rules.role(claims) != row["role"]:
        return None
    until = datetime.fromtimestamp(claims["exp"], row["created_at"].tzinfo)
    return person(row["id"], row["role"], row["advisor_id"]), until


async def sign_out(session: Session, rules: Rules, claims: Claims, now: datetime) -> UUID | None:
    """As the provider's logout token says: one session of the provider's, or all of a person. Returns whose."""
    sid, subject = jwt.session(claims), jwt.subject(claims)
    if sid is not None:
        ended = await queries.end_sign_ins_of_provider_session(session, rules.issuer, sid, now)
        for account_id in ended:
            await service.tell_signed_out(session, account_id, now)
        return ended[0] if ended else None
    account = await queries.account_of_subject(session, rules.issuer, subject or "")
    if account is None:
        return None
    await service.sign_out_everywhere(session, account.id, now)
    return account.id
