"""Machine keys that came by are noted beside the requests; none is forgotten when the database is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from accounts import keys
from api import noting
from api.noting import Noting
from api.services import Services
from kit.clock import VirtualClock
from kit.database import DatabaseAway
from kit.loops import Loop
from tests.api.test_transactional import services_of
from tests.support.api import Client

pytestmark = pytest.mark.database

PATH = "/v1/customers/K-1/advisor"


async def comes_by(client: Client, who: str = "control_center") -> Services:
    await client.as_(who).get(PATH)
    return services_of(client)


async def used(services: Services) -> list[datetime]:
    async with services.database.reading() as session:
        rows = await session.fetch("SELECT last_used_at FROM machine_keys WHERE last_used_at IS NOT NULL")
    return [row["last_used_at"] for row in rows]


def away(*_: object, **__: object) -> Any:
    raise DatabaseAway


async def test_key_that_came_by_is_noted_once(client: Client, clock: VirtualClock) -> None:
    services = await comes_by(client)

    noted = [await Noting(services).once() for _ in range(2)]

    assert noted == [1, 0]
    assert await used(services) == [clock.now()]


async def test_nothing_is_asked_of_the_database_where_no_key_came_by(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = services_of(client)
    monkeypatch.setattr(services.database, "transaction", away)

    assert await Noting(services).once() == 0


async def test_what_could_not_be_noted_is_noted_the_next_time(
    client: Client, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = await comes_by(client)
    loop = Loop("keys-used", Noting(services).once, noting.EVERY)
    with monkeypatch.context() as broken:
        broken.setattr(services.database, "transaction", away)
        went_well = [await loop.turn(), await loop.turn()]
    assert (went_well, loop.failures, await used(services)) == ([False, False], 2, [])

    clock.advance(timedelta(minutes=1).total_seconds())

    assert await loop.turn()
    assert (loop.failures, await used(services)) == (0, [clock.now()])


async def test_key_that_comes_by_meanwhile_waits_for_the_next_run(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = await comes_by(client)
    late = uuid4()
    note: Callable[..., Any] = keys.note_used

    async def note_slowly(session: Any, found: set[UUID], now: datetime) -> int:
        services.recognition.keys_used.add(late)
        return int(await note(session, found, now))

    monkeypatch.setattr(keys, "note_used", note_slowly)
    await Noting(services).once()

    assert services.recognition.keys_used == {late}


async def test_it_beats_like_every_other_loop_while_the_application_runs(client: Client) -> None:
    services = services_of(client)
    noting.install(services)
    (hook,) = services.background

    assert callable(hook)
    async with hook():
        assert set(services.vitals.heartbeats.ages_s()) >= {"keys-used"}
    assert services.vitals.heartbeats.ages_s() == {}
