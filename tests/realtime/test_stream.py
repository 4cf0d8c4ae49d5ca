"""The stream on PostgreSQL, without sockets: snapshot, deltas, coming back, and losing one's rights."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from advisors import presences
from advisors.models import Advisor
from advisors.public import presence_changed
from kit.clock import VirtualClock
from kit.database import Database, DatabaseAway, Session
from kit.ids import encode
from realtime import snapshot
from realtime.stream import DOUBTS_S, Stream
from realtime.topics import Topics
from tests.realtime.listening import seen
from tests.realtime.streams import Seconds, entered, heard
from tests.realtime.writing import held_open, note, until
from tests.support import postgres
from tests.support.builders import a_desk_group, an_advisor

pytestmark = pytest.mark.database

ALL = Topics(["all"])


async def test_a_subscription_begins_with_a_snapshot_and_goes_on_with_what_changes(
    database: Database, stream: Stream, now: datetime
) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session)
    listener, notes = entered(stream)

    await stream.subscribe(listener, ALL)
    async with database.transaction() as session:
        await presences.choose(session, anna.id, "break", now)
    messages = await heard(stream, notes, events=1)

    assert [message["type"] for message in messages] == ["snapshot", "event"]
    shown = seen(messages).data["presences"][encode("adv", anna.id)]
    assert shown["state"] == "break"


async def test_a_commit_wakes_the_follower(database: Database, stream: Stream) -> None:
    stream.wake.clear()

    await note(database, "one")

    assert stream.wake.is_set()


async def test_coming_back_brings_what_was_missed_and_goes_on(database: Database, stream: Stream) -> None:
    gone, notes = entered(stream)
    await stream.subscribe(gone, ALL)
    await note(database, "before")
    await heard(stream, notes, events=1)
    stream.hub.leave(gone)
    await note(database, "meanwhile")

    listener, again = entered(stream)
    await stream.resume(listener, ALL, notes.cursor())
    await note(database, "after")
    messages = await heard(stream, again, events=2)

    assert messages[0]["type"] == "resumed"
    assert [message["event"]["subject"] for message in messages[1:]] == ["meanwhile", "after"]


async def test_what_is_no_longer_in_memory_is_read_from_the_database(database: Database, stream: Stream) -> None:
    first, notes = entered(stream)
    await stream.subscribe(first, ALL)
    cursor = notes.cursor()
    await note(database, *(f"note_{number}" for number in range(50)))
    await heard(stream, notes, events=50)

    listener, again = entered(stream)
    await stream.resume(listener, ALL, cursor)
    await note(database, "after")
    await heard(stream, again, events=51)

    assert again.events() == notes.events()


async def test_another_replica_may_be_ahead(
    database: Database, stream: Stream, clock: VirtualClock, seconds: Seconds
) -> None:
    other = Stream(database, clock, monotonic=seconds)
    await other.follow()
    there, notes = entered(other)
    await other.subscribe(there, ALL)
    await note(database, "one", "two")
    await heard(other, notes, events=2)

    here, again = entered(stream)
    await stream.resume(here, ALL, notes.cursor())
    await note(database, "three")
    messages = await heard(stream, again, events=1)

    assert [message["event"]["subject"] for message in messages[1:]] == ["three"]


@pytest.mark.parametrize("cursor", ["", "garbage", "AQEBAQ", "AYCAgICAgICAgAGBAQE"])
async def test_a_foreign_cursor_is_answered_with_resync(stream: Stream, cursor: str) -> None:
    listener, notes = entered(stream)

    await stream.resume(listener, ALL, cursor)

    assert [message["type"] for message in notes.heard] == ["resync"]


async def test_too_far_behind_is_answered_with_resync_and_silence(
    database: Database, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.stream.FURTHEST", 30)
    first, notes = entered(stream)
    await stream.subscribe(first, ALL)
    cursor = notes.cursor()
    await note(database, *(f"note_{number}" for number in range(31)))
    await heard(stream, notes, events=31)

    listener, again = entered(stream)
    await stream.resume(listener, ALL, cursor)
    await note(database, "after")
    await heard(stream, notes, events=32)

    assert [message["type"] for message in again.heard] == ["resync"]


async def test_a_restored_database_is_a_resync_for_all(owner_uri: str, stream: Stream, seconds: Seconds) -> None:
    listener, notes = entered(stream)
    await stream.subscribe(listener, ALL)
    await postgres.execute(owner_uri, "INSERT INTO event_epoch VALUES (2)")

    seconds.now += DOUBTS_S
    await stream.follow()

    assert [message["type"] for message in notes.heard] == ["snapshot", "resync"]


async def test_many_who_ask_for_the_same_share_a_snapshot(
    database: Database, stream: Stream, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = list[Topics]()
    take = snapshot.take

    async def counted(database: Database, topics: Topics) -> Any:
        taken.append(topics)
        return await take(database, topics)

    monkeypatch.setattr("realtime.snapshot.take", counted)
    listeners = [entered(stream) for _ in range(20)]

    await asyncio.gather(*(stream.subscribe(listener, ALL) for listener, _ in listeners))
    shared = len(taken)
    seconds.now += 1.1
    await stream.subscribe(listeners[0][0], ALL)

    assert shared == 1
    assert len(taken) == 2
    assert all(notes.heard[0]["type"] == "snapshot" for _, notes in listeners)


async def test_a_snapshot_that_failed_is_not_shared_with_the_next(
    database: Database, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_database: Database, _topics: Topics) -> Any:
        raise OSError

    listener, notes = entered(stream)
    with monkeypatch.context() as patched, contextlib.suppress(OSError):
        patched.setattr("realtime.snapshot.take", fail)
        await stream.subscribe(listener, ALL)

    await stream.subscribe(listener, ALL)

    assert [message["type"] for message in notes.heard] == ["snapshot"]


async def test_snapshot_and_deltas_make_the_snapshot_while_eight_write(
    database: Database, stream: Stream, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        groups = [(await a_desk_group(session)).id for _ in range(2)]
        advisors = [await an_advisor(session) for _ in range(6)]
    busy = [asyncio.create_task(change_much(database, clock, advisors, groups, writer)) for writer in range(8)]
    wanted = [ALL, *(Topics([f"desk:{encode('grp', group)}"]) for group in groups)]
    wanted += [Topics([f"me:{encode('adv', advisors[0].id)}"])]
    pages = [await Page(stream, topics).open() for topics in wanted]
    dice = random.Random(8)
    while not all(task.done() for task in busy):
        await stream.follow()
        page = dice.choice(pages)
        await (page.come_back() if dice.random() < 0.7 else page.open())
    await asyncio.gather(*busy)

    async def all_read() -> bool:
        await stream.follow()
        async with database.reading() as session:
            last = await session.fetch("SELECT xid, id FROM events ORDER BY xid DESC, id DESC LIMIT 1")
        return stream.hub.position is not None and stream.hub.position.position == (last[0]["xid"], last[0]["id"])

    await until(all_read)

    for page in pages:
        _, data = await snapshot.take(database, page.topics)
        assert page.shown() == data


class Page:
    """A dashboard whose socket is lost now and then, with some of what was on its way."""

    def __init__(self, stream: Stream, topics: Topics) -> None:
        self.topics = topics
        self._stream = stream
        self._messages = list[dict[str, Any]]()

    async def open(self) -> Page:
        self._listener, self._notes = entered(self._stream)
        await self._stream.subscribe(self._listener, self.topics)
        self._messages.clear()
        return self

    async def come_back(self) -> None:
        self._stream.hub.leave(self._listener)
        half = max(1, len(self._notes.heard) // 2)
        self._messages += self._notes.heard[:half]
        cursor = next(message["cursor"] for message in reversed(self._messages))
        self._listener, self._notes = entered(self._stream)
        await self._stream.resume(self._listener, self.topics, cursor)
        if self._notes.heard[0]["type"] == "resync":
            await self.open()

    def shown(self) -> Any:
        return seen([*self._messages, *self._notes.heard]).data


async def change_much(
    database: Database, clock: VirtualClock, advisors: list[Advisor], groups: list[UUID], writer: int
) -> None:
    """Transactions that have their number early, so that many are overtaken by younger ones.

    Only one of the writers moves people: each move counts up the directory's version, and two would deadlock.
    """
    dice = random.Random(writer)
    verbs = [toggle, move] if writer == 0 else [toggle]
    for _ in range(25):
        chosen = sorted(dice.sample(advisors, dice.randrange(1, 3)), key=lambda advisor: advisor.id)
        with contextlib.suppress(asyncpg.DeadlockDetectedError, DatabaseAway):
            async with held_open(database) as session:
                await session.fetch_value("SELECT pg_sleep($1)", dice.choice([0, 0.001, 0.004]))
                for advisor in chosen:
                    await presences.lock(session, advisor.id)
                    await dice.choice(verbs)(session, advisor, dice.choice(groups), clock.now())


async def toggle(session: Session, advisor: Advisor, _: UUID, now: datetime) -> None:
    row = await presences.lock(session, advisor.id)
    await presences.choose(session, advisor.id, "available" if row["state"] == "break" else "break", now)


async def move(session: Session, advisor: Advisor, group: UUID, now: datetime) -> None:
    """To another desk group; both groups must hear of it."""
    row = await presences.lock(session, advisor.id)
    await session.execute(
        "UPDATE desk_group_members SET desk_group_id = $2 WHERE advisor_id = $1", advisor.id, group
    )
    session.announce(presence_changed("presence.moved", {**row, "desk_group_id": group}, now, before=row))
