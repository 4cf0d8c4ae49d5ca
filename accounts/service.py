"""Accounts and sign-ins: create, change, sign in, sign out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts import queries, tokens
from accounts.models import Account
from accounts.passwords import FailedSignIns, Hashing, invented
from kit.announcements import NewEvent
from kit.database import Database, ReadSession, Session
from kit.errors import Conflict, Error, Forbidden, NotFound, Unauthorized
from kit.ids import IdMaker, encode


class WrongCredentials(Unauthorized):
    """Says neither that the account exists nor that the password was wrong."""

    word, title = "wrong-credentials", "Address and password don't fit together."


class LocalSignInOff(Forbidden):
    word, title = "local-sign-in-off", "Passwords are not taken here; sign in at the identity provider."


class AddressTaken(Conflict):
    word, title = "address-taken", "Somebody has this address already."


class SubjectTaken(Conflict):
    word, title = "subject-taken", "Somebody else is this person of the identity provider's."


class AdvisorHasAccount(Conflict):
    word, title = "advisor-has-account", "This advisor has an account already."


class NoSuchAdvisor(Conflict):
    word, title = "no-such-advisor", "There is no such advisor."


class LastAdmin(Conflict):
    word, title = "last-admin", "Nobody would be left who may do this."


@dataclass(frozen=True)
class SignedIn:
    """A person, and until when at the latest."""

    account_id: UUID
    name: str
    role: str
    advisor_id: UUID | None
    expires_at: datetime


@dataclass(frozen=True)
class Credentials:
    """For printing on a first start; never logged."""

    email: str
    password: str


async def sign_in(
    database: Database,
    hashing: Hashing,
    failed: FailedSignIns,
    *,
    email: str,
    password: str,
    now: datetime,
    lasts: timedelta,
) -> tuple[str, SignedIn]:
    """A token, told now and never again, and who it stands for.

    The one service that takes the database itself: hashing lasts 50 ms, and nobody holds a connection meanwhile.
    Raises `WrongCredentials` and, after five failures in a minute, `TooManyAttempts`.
    """
    failed.check(email, now)
    async with database.reading() as reading:
        account = await queries.account_by_email(reading, email)
    fits = await hashing.fits(password, account["password_hash"] if account else None)
    if account is None or not fits or not account["active"]:
        failed.note(email, now)
        raise WrongCredentials
    failed.clear(email)
    async with database.transaction() as session:
        session.actor = session.actor._replace(who=encode("acc", account["id"]))
        return await begin(session, account["id"], now, lasts)


async def begin(
    session: Session, account_id: UUID, now: datetime, lasts: timedelta, *, provider_session: str | None = None
) -> tuple[str, SignedIn]:
    """Begin a sign-in for somebody who has been recognised. Raises `WrongCredentials` when inactive."""
    account = await session.orm.get(Account, account_id, with_for_update={"key_share": True})
    if account is None or not account.active:
        raise WrongCredentials
    token = tokens.make("session")
    expires_at = now + lasts
    hashed = tokens.digest(token.encode())
    await queries.begin_sign_in(session, hashed, account_id, now, expires_at, provider_session)
    _announce(session, "account.signed_in", account, now)
    return token, SignedIn(account_id, account.name, account.role, account.advisor_id, expires_at)


async def current(session: ReadSession, token_hash: bytes) -> SignedIn:
    """Who signed in with this token. Raises `Unauthorized` when nobody did."""
    row = await queries.sign_in(session, token_hash)
    if row is None:
        raise Unauthorized
    return SignedIn(row["id"], row["name"], row["role"], row["advisor_id"], row["expires_at"])


async def sign_out(session: Session, account_id: UUID, token_hash: bytes, now: datetime) -> None:
    """End the sign-in; a second time is no mistake."""
    if await queries.end_sign_in(session, token_hash, now):
        account = await session.orm.get(Account, account_id)
        assert account is not None
        _announce(session, "account.signed_out", account, now)


async def sign_out_everywhere(session: Session, account_id: UUID, now: datetime) -> int:
    """End every sign-in of this person, on whatever device; returns how many there were. Raises `NotFound`."""
    account = await session.orm.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound
    ended = await queries.end_sign_ins_of(session, account_id, now)
    account.signed_out_at = now
    _announce(session, "account.signed_out_everywhere", account, now)
    return ended


async def tell_signed_out(session: Session, account_id: UUID, now: datetime) -> None:
    """Announce that a sign-in of theirs was ended by the identity provider."""
    account = await session.orm.get(Account, account_id)
    assert account is not None  # sign-ins refer to it
    _announce(session, "account.signed_out", account, now)


async def added(session: Session, account: Account, now: datetime) -> Account:
    """Keep an account that was made elsewhere."""
    session.orm.add(account)
    await session.orm.flush()
    _announce(session, "account.created", account, now)
    return account


def linked(session: Session, account: Account, issuer: str, subject: str, now: datetime) -> Account:
    """From now on the account is whose the identity provider says."""
    account.issuer, account.subject = issuer, subject
    _announce(session, "account.linked", account, now)
    return account


async def create(
    session: Session,
    hashing: Hashing,
    *,
    email: str,
    name: str,
    role: str,
    now: datetime,
    new_id: IdMaker,
    password: str,
    advisor_id: UUID | None = None,
    issuer: str | None = None,
    subject: str | None = None,
) -> Account:
    """Raises `AddressTaken`, `AdvisorHasAccount`, `NoSuchAdvisor`, `SubjectTaken`."""
    await _check_free(session, email, advisor_id)
    await _check_subject(session, issuer, subject)
    account = Account(
        id=new_id(now),
        email=email,
        name=name,
        password_hash=await hashing.hashed(password),
        role=role,
        advisor_id=advisor_id,
        created_at=now,
        issuer=issuer,
        subject=subject,
    )
    session.orm.add(account)
    _announce(session, "account.created", account, now)
    return account


async def get(session: ReadSession, account_id: UUID) -> Account:
    return _there(await session.orm.get(Account, account_id))


async def locked(session: Session, account_id: UUID) -> Account:
    """Nobody else changes it until the end of the transaction. Raises `NotFound`."""
    return _there(await session.orm.get(Account, account_id, with_for_update=True))


def _there(account: Account | None) -> Account:
    if account is None:
        raise NotFound
    return account


async def change(session: Session, account_id: UUID, changes: Mapping[str, Any], now: datetime) -> Account:
    """Set the members of `changes` among name, role, active, advisor_id, password_hash, issuer and subject.

    Whoever is deactivated or gets a new password is signed out everywhere. Raises `NotFound`, `LastAdmin`,
    `AdvisorHasAccount`, `NoSuchAdvisor`, `SubjectTaken`.
    """
    account = await locked(session, account_id)
    await _check_change(session, account, changes)
    for member, value in changes.items():
        setattr(account, member, value)
    if not account.active or "password_hash" in changes:
        await queries.end_sign_ins_of(session, account_id, now)
    _announce(session, "account.changed", account, now)
    return account


async def alone(session: Session) -> None:
    """Nobody else makes a first admin until the end of the transaction."""
    await queries.hold_first_admin(session)


async def first_admin(
    session: Session, hashing: Hashing, now: datetime, new_id: IdMaker, email: str = "admin@durchwahl.example"
) -> Credentials | None:
    """An admin with an invented password for the first start; None where there is any account already."""
    if await queries.any_account(session):
        return None
    password = invented()
    await create(
        session, hashing, email=email, name="Admin", role="admin", password=password, now=now, new_id=new_id
    )
    return Credentials(email, password)


async def _check_change(session: Session, account: Account, changes: Mapping[str, Any]) -> None:
    loses_admin = changes.get("role", "admin") != "admin" or changes.get("active") is False
    if account.role == "admin" and loses_admin and not await queries.another_admin(session, account.id):
        raise LastAdmin
    advisor_id = changes.get("advisor_id")
    if advisor_id is not None and advisor_id != account.advisor_id:
        await _check_advisor(session, advisor_id)
    if changes.get("subject") not in (None, account.subject):
        await _check_subject(session, changes["issuer"], changes["subject"])


async def _check_subject(session: Session, issuer: str | None, subject: str | None) -> None:
    if issuer is not None and subject is not None and await queries.account_of_subject(session, issuer, subject):
        raise SubjectTaken(Error("/subject", "taken"))


async def _check_free(session: Session, email: str, advisor_id: UUID | None) -> None:
    if await queries.account_by_email(session, email):
        raise AddressTaken(Error("/email", "taken"))
    if advisor_id is not None:
        await _check_advisor(session, advisor_id)


async def _check_advisor(session: Session, advisor_id: UUID) -> None:
    """The constraints decide in a race; this is for a clear word when there is none."""
    exists, taken = await queries.advisor_account(session, advisor_id)
    if not exists:
        raise NoSuchAdvisor(Error("/advisor_id", "unknown"))
    if taken:
        raise AdvisorHasAccount(Error("/advisor_id", "taken"))


def _announce(session: Session, kind: str, account: Account, now: datetime) -> None:
    subject = encode("acc", account.id)
    shown = {"id": subject, "role": account.role, "active": account.active}
    session.announce(NewEvent(type=kind, at=now, subject=subject, data={"account": shown}))
