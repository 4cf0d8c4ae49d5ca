"""What goes over the wire about accounts, sign-ins and keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import MISSING, Field, StringConstraints

from accounts import keys
from accounts.keys import State as KeyState
from accounts.models import Account, MachineKey, SigningKey
from accounts.service import SignedIn
from kit.fields import Code, Email, Tag
from kit.ids import encode
from kit.wire import Command, Line, Moment, Shown

Role = Literal["advisor", "lead", "supervisor", "admin", "auditor"]
Scope = Literal["telephony", "control_center", "operator"]

Password = Annotated[str, StringConstraints(min_length=12, max_length=200, strip_whitespace=False)]


Subject = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[!-~]+$")]
"""Whom the identity provider means, as its tokens call them (`sub`)."""


class SignIn(Command):
    email: Annotated[str, StringConstraints(max_length=254), Field(examples=["anna@desk.example"])]
    password: Annotated[str, StringConstraints(max_length=200, strip_whitespace=False)]


class Me(Shown):
    """Who is signed in."""

    id: str = Field(examples=["acc_01JD6V0Z4YF6Y8Q3W3N5R8T2KM"])
    name: str
    role: Role
    advisor_id: str | None = None
    expires_at: datetime


class Session(Me):
    """`token` goes into `Authorization: Bearer …`; browsers get it as a cookie besides."""

    token: str


class NewKey(Command):
    name: Line
    scopes: list[Scope] = Field(min_length=1, max_length=3)
    expires_at: Moment | None = None


class Key(Shown):
    moving: ClassVar[Mapping[str, Any]] = {"state": True, "last_used_at": True}

    id: str = Field(examples=["key_01JD6V0Z4YF6Y8Q3W3N5R8T2KM"])
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    state: KeyState = Field(description="`retiring`: its successor is there, and it ends by itself.")
    replaces: str | None = Field(description="The key whose successor this one is.")
    replaced_by: str | None = Field(description="The key that takes its place.")
    last_used_at: datetime | None = Field(description="To within some minutes; null: not yet.")


class KeyRotation(Command):
    grace_s: int | None = Field(
        None, ge=0, le=2_592_000, description="How long the old key stays valid; a setting where it isn't said."
    )


class IssuedKey(Key):
    """`secret` is told in the first answer alone; a repeat with the same idempotency key has null."""

    secret: str | None


class Keys(Shown):
    items: list[Key]
    next: str | None = Field(description="For `after`; null at the end.")


Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
Kid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]


class OctetKeyPair(Command):
    """An Ed25519 key as RFC 8037 writes it; the public half alone."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: Base64


class EllipticKey(Command):
    """A point on P-256 as RFC 7518 writes it; the public half alone."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Base64
    y: Base64


class NewSigningKey(Command):
    client: Tag = Field(description="The control center whose backend signs; two of its keys may be valid.")
    public_key: OctetKeyPair | EllipticKey = Field(discriminator="kty")
    kid: Kid | None = Field(None, description="Its name in tokens; left out: its thumbprint (RFC 7638).")
    expires_at: Moment | None = None


class ShownSigningKey(Shown):
    id: str = Field(examples=["sig_01JD6V0Z4YF6Y8Q3W3N5R8T2KM"])
    client: str
    kid: str
    algorithm: Literal["Ed25519", "ES256"]
    public_key: dict[str, str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class SigningKeys(Shown):
    items: list[ShownSigningKey]
    next: str | None = Field(description="For `after`; null at the end.")


class CustomerToken(Shown):
    """For `Authorization: Bearer …`, never for a URL."""

    token: str
    expires_at: datetime


class NewAccount(Command):
    email: Email = Field(examples=["anna@desk.example"])
    name: Line
    role: Role
    advisor_id: Code | None = None
    password: Password | None = Field(None, description="Invented and told once where it is missing.")
    subject: Subject | None = Field(None, description="Who this is at the identity provider.")


class AccountChange(Command):
    """Only what is named is changed; `advisor_id: null` means that the person is no advisor."""

    name: Line | MISSING = MISSING
    role: Role | MISSING = MISSING
    active: bool | MISSING = MISSING
    advisor_id: Code | MISSING | None = MISSING
    password: Password | MISSING = MISSING
    subject: Subject | MISSING | None = MISSING


class ShownAccount(Shown):
    id: str = Field(examples=["acc_01JD6V0Z4YF6Y8Q3W3N5R8T2KM"])
    email: str
    name: str
    role: Role
    advisor_id: str | None
    active: bool
    created_at: datetime
    subject: str | None = Field(description="Who this is at the identity provider.")


class CreatedAccount(ShownAccount):
    """`initial_password` only where one was invented, and in the first answer alone."""

    initial_password: str | None


class Accounts(Shown):
    items: list[ShownAccount]
    next: str | None = Field(description="For `after`; null at the end.")


def me(signed_in: SignedIn) -> Me:
    return Me.model_validate(_me(signed_in))


def session(token: str, signed_in: SignedIn) -> Session:
    return Session.model_validate({**_me(signed_in), "token": token})


def key(key: MachineKey, now: datetime, replaced_by: UUID | None = None) -> Key:
    return Key.model_validate(_key(key, now, replaced_by))


def issued(key: MachineKey, secret: str | None, now: datetime) -> IssuedKey:
    return IssuedKey.model_validate({**_key(key, now, None), "secret": secret})


def signing_key(key: SigningKey) -> ShownSigningKey:
    return ShownSigningKey.model_validate({**key.model_dump(), "id": encode("sig", key.id)})


def account(account: Account) -> ShownAccount:
    return ShownAccount.model_validate(_account(account))


def created(account: Account, initial_password: str | None) -> CreatedAccount:
    return CreatedAccount.model_validate({**_account(account), "initial_password": initial_password})


def _me(signed_in: SignedIn) -> dict[str, object]:
    advisor = signed_in.advisor_id
    return {
        "id": encode("acc", signed_in.account_id),
        "name": signed_in.name,
        "role": signed_in.role,
        "advisor_id": None if advisor is None else encode("adv", advisor),
        "expires_at": signed_in.expires_at,
    }


def _key(key: MachineKey, now: datetime, replaced_by: UUID | None) -> dict[str, object]:
    members = ("name", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
    return {
        "id": encode("key", key.id),
        "state": keys.state(key, replaced_by is not None, now),
        "replaces": key.replaces and encode("key", key.replaces),
        "replaced_by": replaced_by and encode("key", replaced_by),
        **{member: getattr(key, member) for member in members},
    }


def _account(account: Account) -> dict[str, object]:
    members = ("email", "name", "role", "active", "created_at", "subject")
    advisor = account.advisor_id
    return {
        "id": encode("acc", account.id),
        "advisor_id": None if advisor is None else encode("adv", advisor),
        **{member: getattr(account, member) for member in members},
    }
