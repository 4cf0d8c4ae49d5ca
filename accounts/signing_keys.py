"""Public keys of control centers, with which their own backends sign their customers' tokens.

Registered for a client (one control center's name), of whose keys two may be valid at a time: the next one is
registered, the backend changes over, the first is revoked. Only public halves are taken; a private one is refused,
and should not be used any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from joserfc.jwk import ECKey, OKPKey

from accounts import queries
from accounts.models import SigningKey
from kit.announcements import NewEvent
from kit.database import ReadSession, Session
from kit.errors import Conflict, Error, NotFound, Unprocessable
from kit.ids import IdMaker, encode

PublicKey: TypeAlias = OKPKey | ECKey

OWN = "own"
"""The name under which we sign ourselves."""

AT_ONCE = 2
"""Valid keys of one client: the one in use and the one that follows it."""

ALGORITHMS = {"Ed25519": ("Ed25519", "EdDSA"), "ES256": ("ES256",)}
"""How the algorithm of a key may be called in a token's header; RFC 9864 renamed the first."""


class BadSigningKey(Unprocessable):
    """Codes: `unreadable`, `in_the_past`."""

    word, title = "bad-signing-key", "A key can't be registered like that."


class KidTaken(Conflict):
    word, title = "kid-taken", "There is a key of that name already."


class TwoKeysValid(Conflict):
    word, title = "two-keys-valid", "This client has two valid keys already; revoke one of them first."


async def register(
    session: Session,
    *,
    client: str,
    written: Mapping[str, Any],
    kid: str | None,
    expires_at: datetime | None,
    now: datetime,
    new_id: IdMaker,
) -> SigningKey:
    """A public key as RFC 7517 writes it. Raises `BadSigningKey`, `KidTaken`, `TwoKeysValid`."""
    if expires_at is not None and expires_at <= now:
        raise BadSigningKey(Error("/expires_at", "in_the_past"))
    public = read(written)
    name = kid or str(public.thumbprint())
    await queries.hold_client(session, client)
    if await queries.valid_signing_keys(session, client, now) >= AT_ONCE:
        raise TwoKeysValid
    if name == OWN or await queries.kid_taken(session, name):
        raise KidTaken(Error("/kid", "taken"))
    key = SigningKey(
        id=new_id(now),
        client=client,
        kid=name,
        algorithm="Ed25519" if isinstance(public, OKPKey) else "ES256",
        public_key={name: str(value) for name, value in public.as_dict(private=False).items()},
        created_at=now,
        expires_at=expires_at,
    )
    session.orm.add(key)
    _announce(session, "signing_key.registered", key, now)
    return key


def read(written: Mapping[str, Any]) -> PublicKey:
    """Ed25519, or a point on P-256. Raises `BadSigningKey`."""
    kind: type[PublicKey] = OKPKey if written["kty"] == "OKP" else ECKey
    try:
        return kind.import_key(dict(written))
    except ValueError:
        raise BadSigningKey(Error("/public_key", "unreadable")) from None


async def get(session: ReadSession, key_id: UUID) -> SigningKey:
    return _there(await session.orm.get(SigningKey, key_id))


async def locked(session: Session, key_id: UUID) -> SigningKey:
    """Nobody else changes it until the end of the transaction. Raises `NotFound`."""
    return _there(await session.orm.get(SigningKey, key_id, with_for_update=True))


async def revoke(session: Session, key_id: UUID, now: datetime) -> SigningKey:
    """No token that it signed opens anything any more; a second time changes nothing. Raises `NotFound`."""
    key = await locked(session, key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        _announce(session, "signing_key.revoked", key, now)
    return key


def _there(key: SigningKey | None) -> SigningKey:
    if key is None:
        raise NotFound
    return key


def _announce(session: Session, kind: str, key: SigningKey, now: datetime) -> None:
    subject = encode("sig", key.id)
    shown = {"id": subject, "client": key.client, "revoked": key.revoked_at is not None}
    session.announce(NewEvent(type=kind, at=now, subject=subject, data={"signing_key": shown}))
