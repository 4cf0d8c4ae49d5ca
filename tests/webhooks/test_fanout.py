"""What is written down for whom: all of it, once, in order, by one process at a time."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode
from tests.realtime.writing import a_note, held_open
from tests.webhooks.company import House
from webhooks import fanout, service

pytestmark = pytest.mark.database

GROUP = UUID(int=7)


async def told(house: House) -> list[tuple[str, str]]:
    return [(row["type"], row["subject"]) for row in await house.rows()]


async def test_what_happens_after_the_subscription_is_written_down_once(house: House) -> None:
    await house.tell("before")
    await house.subscribe()
    await house.tell("a", "b")

    assert await house.follow() == 2
    assert await house.follow() == 0
    assert await told(house) == [("note.made", "a"), ("note.made", "b")]


async def test_each_subscription_gets_what_it_asked_for(house: House) -> None:
    everything = await house.subscribe("https://a.example/")
    calls = await house.subscribe("https://b.example/", types=["contact.*"], reach="control_center")
    await house.tell("con_1", kind="contact.offered")
    await house.tell("adv_1", kind="presence.changed")

    await house.follow()

    found = {(row["webhook_id"], row["type"]) for row in await house.rows()}
    assert found == {
        (everything, "contact.offered"),
        (everything, "presence.changed"),
        (calls, "contact.offered"),
    }


async def test_places_are_judged_as_on_the_stream(house: House, database: Database) -> None:
    only = await house.subscribe()
    async with database.transaction() as session:
        await session.execute(
            "UPDATE webhooks SET markets = '{DE}', desk_groups = ARRAY[$2::uuid] WHERE id = $1", only, GROUP
        )
    await house.tell("of the market", market_id="DE")
    await house.tell("of another", market_id="ES")
    await house.tell("of the group", desk_group_id=GROUP)
    await house.tell("left the group", data={"left": {"groups": [encode("grp", GROUP)], "advisors": []}})
    await house.tell("of nobody")

    await house.follow()

    assert [subject for _, subject in await told(house)] == ["of the market", "of the group", "left the group"]


async def test_event_that_commits_late_is_not_missed(house: House, database: Database) -> None:
    await house.subscribe()
    async with held_open(database) as late:
        late.announce(a_note("late"))
        await late.flush()
        await house.tell("early")
        assert await house.fanout.run_once() == 0

    assert await house.follow() == 2
    assert {subject for _, subject in await told(house)} == {"late", "early"}


async def test_of_one_thing_the_order_is_that_of_its_changes_also_where_a_batch_ends_between(
    house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction that began first changed the thing last: the log has its event first."""
    monkeypatch.setattr(fanout, "BATCH", 1)
    await house.subscribe()
    async with held_open(database) as slow:
        await house.tell("thing")
        slow.announce(a_note("thing", data={"n": 2}))

    await house.send()

    assert house.receivers.subjects("https://crm.example/hooks") == [("thing", 1), ("thing", 2)]
    assert await house.broken() == {}


async def test_only_the_first_of_a_subject_is_due(house: House) -> None:
    await house.subscribe()
    await house.tell("a", "a", "b")
    await house.follow()
    await house.tell("a", "b", "c")
    await house.follow()

    due = [(row["subject"], row["next_at"] is not None) for row in await house.rows()]

    assert due == [("a", True), ("a", False), ("b", True), ("a", False), ("b", False), ("c", True)]
    assert await house.broken() == {}


async def test_what_is_told_of_webhooks_is_sent_to_nobody(house: House) -> None:
    await house.subscribe()
    await house.subscribe("https://b.example/")

    assert await house.follow() == 0


async def test_many_processes_write_it_down_once(house: House) -> None:
    await house.subscribe()
    many = [house.a_fanout(f"replica {n}") for n in range(4)]
    for _ in range(5):
        await house.tell(*"abcdefgh")
        await house.readable()
        await asyncio.gather(*(one.run_once() for one in many))

    assert len(await house.rows()) == 40
    assert await house.broken() == {}


async def test_process_that_was_frozen_writes_nothing(house: House, clock: VirtualClock) -> None:
    """It has read and holds the lease, as it believes; meanwhile another one has taken over."""
    frozen = VirtualClock(clock.now())
    first = house.a_fanout("frozen", frozen)
    await house.subscribe()
    await house.tell("a")
    await house.readable()
    held = await first._leadership.held(frozen.now())
    step = await first.read()
    assert held is not None
    assert step is not None

    clock.advance(11)
    assert await house.follow() == 1
    await house.tell("b")
    with pytest.raises(fanout.Overtaken):
        async with house.database.transaction() as session:
            await first.write(step, held, session)
    await house.readable()
    fresh = await first.read()
    assert fresh is not None
    with pytest.raises(fanout.Overtaken):
        async with house.database.transaction() as session:
            await first.write(fresh, held, session)

    assert [row["subject"] for row in await house.rows()] == ["a"]
    assert await house.follow() == 1


async def test_frozen_process_finds_out_by_itself(house: House, clock: VirtualClock) -> None:
    frozen = VirtualClock(clock.now())
    first = house.a_fanout("frozen", frozen)
    await house.subscribe()
    await house.tell("a")
    assert await house.follow(first) == 1
    clock.advance(11)
    await house.tell("b")
    assert await house.follow() == 1
    await house.tell("c")

    assert await house.follow(first) == 0
    assert len(await house.rows()) == 2


async def test_restore_is_told_to_each_once(house: House, database: Database, owner_uri: str) -> None:
    first, second = [await house.subscribe(f"https://{name}.example/") for name in "ab"]
    await house.tell("lost")
    await new_epoch(owner_uri)

    assert await house.follow() == 2
    assert await house.follow() == 0
    await house.tell("after")
    await house.send()

    got = {url: [event["type"] for event in events] for url, events in house.receivers.got.items()}
    assert got == {f"https://{name}.example/": ["webhook.resync", "note.made"] for name in "ab"}
    assert {row["webhook_id"] for row in await house.rows()} == {first, second}


async def new_epoch(owner_uri: str) -> None:
    import asyncpg

    connection: Any = await asyncpg.connect(owner_uri)
    await connection.execute("INSERT INTO event_epoch SELECT max(epoch) + 1 FROM event_epoch")
    await connection.close()


async def test_without_subscribers_nothing_is_read_and_the_next_begins_at_the_present(house: House) -> None:
    webhook = await house.subscribe()
    async with house.database.transaction() as session:
        await service.remove(session, await service.locked(session, webhook), house.clock.now())
    await house.tell("unheard")
    await house.readable()
    assert await house.fanout.read() is None

    await house.subscribe()
    await house.tell("heard")
    await house.follow()

    assert [row["subject"] for row in await house.rows()] == ["heard"]


async def test_new_one_beside_others_hears_from_now_on(house: House) -> None:
    await house.subscribe("https://a.example/")
    await house.tell("a")
    await house.send()
    await house.subscribe("https://b.example/")
    await house.tell("b")
    await house.send()

    assert house.receivers.subjects("https://b.example/") == [("b", 2)]
