"""Machine keys: issued with scopes, told once, kept as a hash, ended by date or by hand.

As many as wanted are valid at a time: a key is rotated by issuing the next, changing over, revoking the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts import tokens
from accounts.models import SCOPES, MachineKey
from kit.announcements import NewEvent
from kit.database import Session
from kit.errors import Error, NotFound, Unprocessable
from kit.ids import IdMaker, encode


class BadKeyRequest(Unprocessable):
    """Codes: `unknown_scope`, `no_scope`, `in_the_past`."""

    word, title = "bad-machine-key", "A key can't be issued like that."


@dataclass(frozen=True)
class Issued:
    """`secret` is told now and never again."""

    key: MachineKey
    secret: str


async def issue(
    session: Session,
    *,
    name: str,
    scopes: Sequence[str],
    now: datetime,
    new_id: IdMaker,
    expires_at: datetime | None = None,
) -> Issued:
    """A new key. Raises `BadKeyRequest`."""
    _check(scopes, expires_at, now)
    secret = tokens.make(scopes[0] if len(scopes) == 1 else "machine")
    key = MachineKey(
        id=new_id(now),
        name=name,
        key_hash=tokens.digest(secret.encode()),
        scopes=sorted(set(scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    session.orm.add(key)
    _announce(session, "machine_key.issued", key, now)
    return Issued(key, secret)


async def revoke(session: Session, key_id: UUID, now: datetime) -> MachineKey:
    """End the key; a second time changes nothing. Raises `NotFound`."""
    key = await session.orm.get(MachineKey, key_id, with_for_update=True)
    if key is None:
        raise NotFound
    if key.revoked_at is None:
        key.revoked_at = now
        _announce(session, "machine_key.revoked", key, now)
    return key


def _check(scopes: Sequence[str], expires_at: datetime | None, now: datetime) -> None:
    if not scopes:
        raise BadKeyRequest(Error("/scopes", "no_scope"))
    for place, scope in enumerate(scopes):
        if scope not in SCOPES:
            raise BadKeyRequest(Error(f"/scopes/{place}", "unknown_scope"))
    if expires_at is not None and expires_at <= now:
        raise BadKeyRequest(Error("/expires_at", "in_the_past"))


def _announce(session: Session, kind: str, key: MachineKey, now: datetime) -> None:
    shown = {"id": encode("key", key.id), "scopes": key.scopes, "revoked": key.revoked_at is not None}
    session.announce(NewEvent(type=kind, at=now, subject=encode("key", key.id), data={"machine_key": shown}))
