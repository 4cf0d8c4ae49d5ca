"""Principals are remembered for two seconds, few enough and never beyond their end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from accounts import recognition
from accounts.principal import Principal, machine
from accounts.recognition import REMEMBERED, Recognition
from accounts.tokens import digest, make
from kit.database import Database
from kit.ids import new_id


class World:
    """A database that knows one principal, and counts how often it is asked."""

    def __init__(self, until: datetime) -> None:
        self.principal: Principal | None = machine(new_id(until), frozenset({"telephony"}))
        self.until = until
        self.asked = 0

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        self.asked += 1
        yield

    async def look_up(self, *_: Any) -> tuple[Principal, datetime] | None:
        return None if self.principal is None else (self.principal, self.until)


@pytest.fixture
def world(now: datetime, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(now + timedelta(days=1))
    monkeypatch.setattr("accounts.queries.principal", world.look_up)
    return world


@pytest.fixture
def known(world: World) -> Recognition:
    return Recognition(cast(Database, world))


TOKEN = make("telephony").encode()


async def test_database_is_asked_once_in_two_seconds(world: World, known: Recognition, now: datetime) -> None:
    for seconds in (0, 1, 1.9, 2, 3.9):
        assert await known.recognise(TOKEN, now + timedelta(seconds=seconds)) == world.principal

    assert world.asked == 2


async def test_what_was_taken_back_is_forgotten_within_two_seconds(
    world: World, known: Recognition, now: datetime
) -> None:
    await known.recognise(TOKEN, now)
    world.principal = None

    assert await known.recognise(TOKEN, now + REMEMBERED) is None


async def test_nobody_is_remembered_beyond_their_end(world: World, known: Recognition, now: datetime) -> None:
    world.until = now + timedelta(seconds=1)
    await known.recognise(TOKEN, now)
    world.principal = None

    assert await known.recognise(TOKEN, world.until) is None


async def test_who_is_forgotten_is_looked_up_again(world: World, known: Recognition, now: datetime) -> None:
    await known.recognise(TOKEN, now)
    known.forget(digest(TOKEN))
    await known.recognise(TOKEN, now)

    assert world.asked == 2


async def test_strangers_are_not_remembered_and_nonsense_is_not_looked_up(
    world: World, known: Recognition, now: datetime
) -> None:
    world.principal = None
    for token in (TOKEN, TOKEN, b"nonsense"):
        assert await known.recognise(token, now) is None

    assert world.asked == 2


async def test_as_many_are_remembered_as_fit(
    world: World, known: Recognition, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "MOST", 3)
    for _ in range(10):
        await known.recognise(make("telephony").encode(), now)

    assert len(known._known) == 3
