"""Passwords that people choose: argon2id, hashed beside the event loop, and guessing made slow."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kit.errors import TooManyRequests
from kit.rates import Counting, Rate

AT_ONCE = 2
"""Hashes computed at the same time: each takes 64 MiB and 50 ms of a core."""

MOST_WAITING = 32
"""Somebody who comes after them would wait for a second."""

FAILURES = Rate(5, timedelta(minutes=1))
MOST = 10_000
"""Addresses watched at once; the oldest is forgotten first."""

_hasher = PasswordHasher()


class TooManyAttempts(TooManyRequests):
    word, title = "too-many-attempts", "Too many failed sign-ins; wait a moment."


class Hashing:
    """Bounds how much memory and how many cores sign-ins may take. Raises `TooManyRequests` when too many wait."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._present = 0

    async def hashed(self, password: str) -> str:
        async with self._place():
            return await asyncio.to_thread(_hasher.hash, password)

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """Takes equally long whether or not there is a hash to compare with."""
        async with self._place():
            fits = await asyncio.to_thread(_fits, password, password_hash)
        return fits and password_hash is not None

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._present >= MOST_WAITING:
            raise TooManyRequests(retry_after_s=2)
        self._present += 1
        try:
            async with self._places:
                yield
        finally:
            self._present -= 1


class FailedSignIns:
    """Counts failures per address of an account, hashed."""

    def __init__(self, rate: Rate | None = FAILURES) -> None:
        self._failures = Counting(rate, MOST)

    def check(self, email: str, now: datetime) -> None:
        """Raise `TooManyAttempts` while the address has failed too often."""
        wait = self._failures.full(_watched(email), now)
        if wait:
            raise TooManyAttempts(retry_after_s=wait)

    def note(self, email: str, now: datetime) -> None:
        self._failures.hit(_watched(email), now)

    def clear(self, email: str) -> None:
        self._failures.forget(_watched(email))


def invented() -> str:
    """A password for somebody who will be told it once."""
    return secrets.token_urlsafe(12)


@cache
def _nobodys() -> str:
    """Verified where there is no account, so that the answer takes as long as for one that exists."""
    return _hasher.hash(secrets.token_hex())


def _fits(password: str, password_hash: str | None) -> bool:
    try:
        return _hasher.verify(password_hash or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False


def _watched(email: str) -> bytes:
    return sha256(email.strip().lower().encode()).digest()
