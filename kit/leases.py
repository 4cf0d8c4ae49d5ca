"""Who of many does what only one may do, for a while, with a token that tells the old holder from the new.

States and promises
- A lease is held until `until` by the clock handed in; its holder renews it, anybody may take it afterwards.
- Each time it changes hands its `token` grows. Whoever writes under a lease hands in the token, and the statement
  changes nothing when that is not the newest: `WHERE (SELECT token FROM leases WHERE name = $1 FOR SHARE) = $2`.
  A holder that was frozen, cut off or believes a wrong clock writes 0 rows, whatever it believes.
- The share lock keeps the next holder out until the write is committed, and no longer than the database lets an
  idle transaction live.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Text
from sqlmodel import Field, SQLModel

from kit.database import Database, Session
from kit.tables import Instant, kept


@kept("running", "always", codes="name holder")
class Lease(SQLModel, table=True):
    """`holder` is a process, named by itself; `token` only grows."""

    __tablename__ = "leases"

    name: str = Field(primary_key=True, sa_type=Text)
    holder: str = Field(sa_type=Text)
    token: int = Field(sa_type=BigInteger)
    until: datetime = Field(sa_type=Instant)


TAKE = """
INSERT INTO leases (name, holder, token, until) VALUES ($1, $2, 1, $4)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
    token = leases.token + (leases.holder <> excluded.holder OR leases.until <= $3)::int
WHERE leases.holder = excluded.holder OR leases.until <= $3
RETURNING token
"""

LET_GO = "UPDATE leases SET until = $4 WHERE name = $1 AND token = $2 AND until > $3"


@dataclass(frozen=True, slots=True)
class Held:
    """What a writer hands to its statements."""

    name: str
    token: int
    until: datetime


async def take(session: Session, name: str, holder: str, now: datetime, until: datetime) -> Held | None:
    """Take or renew; None while somebody else has it. Renewed in time it keeps its token."""
    token = await session.fetch_value(TAKE, name, holder, now, until)
    return None if token is None else Held(name, token, until)


async def let_go(session: Session, held: Held, now: datetime) -> None:
    """The next one need not wait; one that has been lost already is left alone."""
    await session.execute(LET_GO, held.name, held.token, now, now)


class Leadership:
    """One process's share in a lease: takes it where it is free, and renews it when half of it has passed.

    What is remembered may be out of date; the token is what counts.
    """

    def __init__(self, database: Database, name: str, holder: str, length: timedelta) -> None:
        self._database, self._name, self._holder, self._length = database, name, holder, length
        self._held: Held | None = None

    async def held(self, now: datetime) -> Held | None:
        """The lease, if it is ours at `now`."""
        if self._held is not None and now < self._held.until - self._length / 2:
            return self._held
        async with self._database.transaction() as session:
            self._held = await take(session, self._name, self._holder, now, now + self._length)
        return self._held

    def lost(self) -> None:
        """A write changed 0 rows: ask again before the next one."""
        self._held = None
