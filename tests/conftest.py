"""Fixtures of the database ring: a transaction that is rolled back, or a database of one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings as hypothesis

from kit.clock import VirtualClock
from kit.database import Database, Session
from kit.settings import Settings
from tests.support import postgres

hypothesis.register_profile("shared", deadline=None)  # a slow machine is no failure
hypothesis.load_profile("shared")

MONDAY_MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""10 o'clock in Berlin, a working day without holidays nearby."""


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(MONDAY_MORNING)


@pytest.fixture
def now(clock: VirtualClock) -> datetime:
    return clock.now()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Patient, as tests share their machine with others, and without limits where the clock stands still."""
    return Settings(
        limit_people="",
        limit_machines="",
        limit_strangers="",
        limit_sign_ins="",
        environment="test",
        answer_within=timedelta(seconds=30),
        data_dir=tmp_path_factory.mktemp("data"),
        _env_file=None,
    )


@pytest.fixture(scope="session")
def server_uri() -> str:
    return postgres.server_uri()


@pytest.fixture(scope="session")
async def shared_uri(server_uri: str, worker_id: str) -> AsyncIterator[str]:
    """One database per test worker, for tests that roll back."""
    name = f"shared_{worker_id}_{uuid4().hex[:8]}"
    yield await postgres.create_database(server_uri, name)
    await postgres.drop_database(server_uri, name)


@pytest.fixture(scope="session")
async def shared_database(shared_uri: str, settings: Settings) -> AsyncIterator[Database]:
    database = Database(shared_uri, settings, application="tests")
    yield database
    await database.close()


@pytest.fixture
async def session(shared_database: Database) -> AsyncIterator[Session]:
    """A transaction on a real PostgreSQL that never commits, as the role that owns nothing."""
    async with rolled_back(shared_database) as session:
        yield session


@pytest.fixture
async def owner_session(shared_uri: str, settings: Settings) -> AsyncIterator[Session]:
    """The same as the owner of the tables, for what the service itself may not do."""
    database = Database(postgres.as_owner(shared_uri), settings, application="tests as owner")
    async with rolled_back(database) as session:
        yield session
    await database.close()


@asynccontextmanager
async def rolled_back(database: Database) -> AsyncIterator[Session]:
    async with database.lane() as lane:
        session = Session(lane.connection, lane.raw)
        transaction: Any = lane.raw.transaction()
        await transaction.start()
        try:
            yield session
        finally:
            await session.close()
            await transaction.rollback()


@pytest.fixture
async def database_uri(server_uri: str, worker_id: str) -> AsyncIterator[str]:
    """A fresh database for one test, for several connections, NOTIFY, and commits; as who owns nothing in it."""
    name = f"own_{worker_id}_{uuid4().hex[:8]}"
    yield await postgres.create_database(server_uri, name)
    await postgres.drop_database(server_uri, name)


@pytest.fixture
def owner_uri(database_uri: str) -> str:
    """That database as the owner of its tables."""
    return postgres.as_owner(database_uri)


@pytest.fixture
async def database(database_uri: str, settings: Settings) -> AsyncIterator[Database]:
    database = Database(database_uri, settings, application="tests")
    yield database
    await database.close()
