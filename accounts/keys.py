"""Machine keys: issued with scopes, told once, kept as a hash, ended by date or by hand.

A key is rotated without a pause: its successor is valid from now on, and it itself for a grace longer. Two of a
line are valid at once, never three.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from accounts import queries, tokens
from accounts.models import SCOPES, MachineKey
from kit.announcements import NewEvent
from kit.database import ReadSession, Session
from kit.errors import Conflict, Error, NotFound, Unprocessable
from kit.ids import IdMaker, encode

COARSE = timedelta(minutes=5)
"""How exact `last_used_at` is; so a key costs one small write in this time, however many calls it carries."""


class BadKeyRequest(Unprocessable):
    """Codes: `unknown_scope`, `no_scope`, `in_the_past`."""

    word, title = "bad-machine-key", "A key can't be issued like that."


class KeyHasEnded(Conflict):
    word, title = "key-has-ended", "This key is over; issue a new one."


class TwoAreValid(Conflict):
    """`ends_at`: when the older of the two ends by itself; it may be revoked before."""

    word, title = (
        "two-keys-are-valid",
        "A rotation is under way: two keys are valid at once, not three.",
    )


State = Literal["valid", "retiring", "expired", "revoked"]
"""`retiring`: a successor is there, and this one ends by itself."""


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
    replaces: UUID | None = None,
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
        replaces=replaces,
    )
    session.orm.add(key)
    _announce(session, "machine_key.issued", key, now)
    return Issued(key, secret)


async def rotate(session: Session, key_id: UUID, *, grace: timedelta, now: datetime, new_id: IdMaker) -> Issued:
    """A successor with the same name, scopes and length of life; the old one ends after the grace.

    Raises `NotFound`, `KeyHasEnded`, `TwoAreValid`.
    """
    old = await locked(session, key_id)
    if not is_valid(old, now):
        raise KeyHasEnded
    await _check_no_third(session, old, now)
    lives = None if old.expires_at is None else now + (old.expires_at - old.created_at)
    old.expires_at = min(now + grace, old.expires_at or now + grace)
    issued = await issue(
        session, name=old.name, scopes=old.scopes, now=now, new_id=new_id, expires_at=lives, replaces=old.id
    )
    _announce(session, "machine_key.rotated", old, now)
    return issued


async def _check_no_third(session: Session, key: MachineKey, now: datetime) -> None:
    """Neither a successor of this key nor the key that it replaces is valid."""
    for other in await queries.neighbours_of_key(session, key):
        if is_valid(other, now):
            older = other if key.replaces == other.id else key
            raise TwoAreValid(ends_at=older.expires_at)


def is_valid(key: MachineKey, now: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def state(key: MachineKey, has_successor: bool, now: datetime) -> State:
    if key.revoked_at is not None:
        return "revoked"
    if not is_valid(key, now):
        return "expired"
    return "retiring" if has_successor else "valid"


async def note_used(session: Session, used: Iterable[UUID], now: datetime) -> int:
    """Note that these keys came by lately; one that was noted within `COARSE` is left alone."""
    return await queries.note_keys_used(session, list(used), now, now - COARSE)


async def get(session: ReadSession, key_id: UUID) -> MachineKey:
    return _there(await session.orm.get(MachineKey, key_id))


async def locked(session: Session, key_id: UUID) -> MachineKey:
    """Nobody else changes it until the end of the transaction. Raises `NotFound`."""
    return _there(await session.orm.get(MachineKey, key_id, with_for_update=True))


def _there(key: MachineKey | None) -> MachineKey:
    if key is None:
        raise NotFound
    return key


async def revoke(session: Session, key_id: UUID, now: datetime) -> MachineKey:
    """End the key; a second time changes nothing. Raises `NotFound`."""
    key = await locked(session, key_id)
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
