"""From a bearer token to a principal, remembered for two seconds: a token of ours, or the identity provider's.

So a revoked key, a sign-out or a changed role takes effect everywhere within that time (I35 allows five), and the
database is asked once in two seconds per key, however many calls come in.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from accounts import jwt, queries, tokens
from accounts.principal import Principal
from kit.database import Database
from kit.errors import Unauthorized

REMEMBERED = timedelta(seconds=2)
MOST = 10_000
"""Principals remembered at once; some 5 MB."""


Foreign: TypeAlias = Callable[[bytes, datetime], Awaitable[tuple[Principal, datetime] | None]]
"""Whom an access token of the identity provider's stands for, and until when."""


class Recognition:
    """Knows the principals of one process."""

    def __init__(self, database: Database, foreign: Foreign | None = None) -> None:
        self._database, self._foreign = database, foreign
        self._known: OrderedDict[bytes, tuple[Principal, datetime]] = OrderedDict()
        self.keys_used: set[UUID] = set()
        """Machine keys that came by since somebody took note of them; at most as many as there are keys."""

    async def recognise(self, token: bytes, now: datetime) -> Principal | None:
        """The principal behind `token`; None for what is unknown, ended, expired or revoked."""
        ours = tokens.looks_like_one(token)
        if not ours and (self._foreign is None or not jwt.looks_like_one(token)):
            return None
        hashed = tokens.digest(token)
        known = self._known.get(hashed)
        if known is not None and now < known[1]:
            return known[0]
        return await self._look_up(token, hashed, now, ours=ours)

    def forget(self, hashed: bytes) -> None:
        """Ask the database the next time, for example after a sign-out here."""
        self._known.pop(hashed, None)

    def forget_all(self) -> None:
        self._known.clear()

    async def _look_up(self, token: bytes, hashed: bytes, now: datetime, *, ours: bool) -> Principal | None:
        found = await (self._in_database(hashed, now) if ours else self._at_provider(token, now))
        self._known.pop(hashed, None)
        if found is None:
            return None
        principal, until = found
        if principal.kind == "machine":
            self.keys_used.add(principal.id)
        self._known[hashed] = principal, min(now + REMEMBERED, until)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return principal

    async def _in_database(self, hashed: bytes, now: datetime) -> tuple[Principal, datetime] | None:
        async with self._database.reading() as session:
            return await queries.principal(session, hashed, now)

    async def _at_provider(self, token: bytes, now: datetime) -> tuple[Principal, datetime] | None:
        assert self._foreign is not None  # asked before
        try:
            return await self._foreign(token, now)
        except Unauthorized:
            return None
