"""Writers for the log's tests: notes that concern nobody in particular, and reading until all is read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from kit.announcements import NewEvent
from kit.database import Database, Session
from realtime.log import Logged

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
_ordinal = count(1)


def a_note(subject: str | None = None, **more: Any) -> NewEvent:
    subject = subject or f"note_{next(_ordinal)}"
    return NewEvent("note.made", more.pop("at", AT), subject, more.pop("data", {}), **more)


async def note(database: Database, *subjects: str) -> None:
    """One committed transaction with an event per subject."""
    async with database.transaction() as session:
        for subject in subjects:
            session.announce(a_note(subject))


@contextlib.asynccontextmanager
async def held_open(database: Database) -> AsyncIterator[Session]:
    """A transaction that has its number from the beginning and commits at the end of the block."""
    async with database.transaction() as session:
        await session.fetch_value("SELECT own_xid()")
        yield session


def subjects(events: list[Logged]) -> list[str]:
    return [event.subject for event in events]


async def until(condition: Any) -> None:
    """Wait for what another task or the database does; transactions of other databases may hold it up a little."""
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - the database gives no signal
            await asyncio.sleep(0.005)
