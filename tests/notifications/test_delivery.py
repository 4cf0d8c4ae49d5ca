"""The loop that empties the outbox, on a database of its own, with the console for a courier."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog

from advisors.models import Advisor
from kit.clock import VirtualClock
from kit.database import Database, DatabaseAway, ReadSession, Row
from kit.ids import encode
from notifications import delivery, queries
from notifications.console import Console
from notifications.couriers import Off, Refused, Unreachable
from notifications.letters import Letter, Nobody
from notifications.queries import Noted
from notifications.states import LEASE, MOST_ATTEMPTS, PAUSES
from tests.conftest import MONDAY_MORNING
from tests.support.builders import a_message, an_advisor

pytestmark = pytest.mark.database

ADDRESS = "anna@desk.example"
CANARY = "Kanarienvogel"
Answer = Callable[[Row], Letter | Nobody | Awaitable[Any]]


def a_letter(address: str = ADDRESS) -> Letter:
    return Letter(address, CANARY, f"Hallo {CANARY}", "Guten Tag", "de")


class Writer:
    """Writes what it is told to, and counts."""

    def __init__(self, answer: Answer = lambda _row: a_letter()) -> None:
        self.answer, self.asked = answer, 0

    async def __call__(self, message: Row, session: ReadSession, /) -> Letter | Nobody:
        self.asked += 1
        told = self.answer(message)
        return await told if isinstance(told, Awaitable) else told


@pytest.fixture
def courier() -> Console:
    return Console()


@pytest.fixture
async def anna(database: Database) -> Advisor:
    async with database.transaction() as session:
        return await an_advisor(session)


class Outbox:
    """A database with its delivery."""

    def __init__(self, database: Database, courier: Any, clock: VirtualClock, anna: Advisor) -> None:
        self.database, self.courier, self.clock, self.anna = database, courier, clock, anna
        self.writer = Writer()

    async def put(self, count: int = 1, **more: Any) -> Any:
        async with self.database.transaction() as session:
            return [await a_message(session, self.anna, template="toy", **more) for _ in range(count)][-1]

    async def run(self, courier: Any = None) -> dict[str, int]:
        writers = {"toy": self.writer}
        return dict(await delivery.run_once(self.database, courier or self.courier, writers, self.clock.now))

    async def rows(self) -> list[Row]:
        async with self.database.reading() as session:
            return await session.fetch("SELECT * FROM messages ORDER BY id")

    async def row(self) -> Row:
        (row,) = await self.rows()
        return row

    async def told(self) -> list[str]:
        async with self.database.reading() as session:
            rows = await session.fetch("SELECT type FROM events WHERE type LIKE 'message.%' ORDER BY id")
        return [row["type"] for row in rows]


@pytest.fixture
def outbox(database: Database, courier: Console, clock: VirtualClock, anna: Advisor) -> Outbox:
    return Outbox(database, courier, clock, anna)


async def test_what_is_due_is_sent_and_told(outbox: Outbox, courier: Console) -> None:
    message = await outbox.put()

    assert await outbox.run() == {"sent": 1}

    row = await outbox.row()
    assert (row["state"], row["attempts"], row["ended_at"]) == ("sent", 1, MONDAY_MORNING)
    (sent,) = courier.sent
    assert sent["Message-ID"] == f"<{encode('msg', message.id)}@durchwahl.example>"
    assert await outbox.told() == ["message.sending", "message.sent"]
    assert await outbox.run() == {}


async def test_what_is_not_due_yet_waits(outbox: Outbox) -> None:
    await outbox.put(due_at=MONDAY_MORNING + timedelta(seconds=1))

    assert await outbox.run() == {}
    outbox.clock.advance(1)
    assert await outbox.run() == {"sent": 1}


async def test_intent_is_committed_before_anything_leaves(outbox: Outbox, database: Database) -> None:
    await outbox.put()
    seen: list[Any] = []

    class Watching(Console):
        async def carry(self, letter: Letter, message_id: str, now: Any, /) -> None:
            seen.append(await outbox.row())

    await outbox.run(Watching())

    assert [(row["state"], row["attempts"], row["due_at"]) for row in seen] == [
        ("sending", 1, MONDAY_MORNING + LEASE)
    ]


async def test_pauses_grow_until_it_has_failed(outbox: Outbox, courier: Console) -> None:
    await outbox.put()
    courier.refusals[ADDRESS] = Unreachable("smtp_451")

    waits = []
    for _ in PAUSES:
        await outbox.run()
        waits.append((await outbox.row())["due_at"] - outbox.clock.now())
        assert await outbox.run() == {}
        outbox.clock.advance(waits[-1].total_seconds())
    assert await outbox.run() == {"failed": 1}

    row = await outbox.row()
    assert waits == list(PAUSES)
    assert (row["state"], row["attempts"], row["error"]) == ("failed", MOST_ATTEMPTS, "smtp_451")
    assert await outbox.run() == {}


async def test_what_is_refused_for_ever_fails_at_once(outbox: Outbox, courier: Console) -> None:
    await outbox.put()
    courier.refusals[ADDRESS] = Refused("smtp_550")

    assert await outbox.run() == {"failed": 1}
    assert (await outbox.row())["error"] == "smtp_550"
    assert await outbox.told() == ["message.sending", "message.failed"]


@pytest.mark.parametrize("reason", ["no_address", "opted_out", "out_of_date"])
async def test_nobody_to_write_to_is_dropped_with_the_reason(outbox: Outbox, reason: str) -> None:
    await outbox.put()
    outbox.writer = Writer(lambda _row: Nobody(reason))

    assert await outbox.run() == {"dropped": 1}
    assert (await outbox.row())["dropped_for"] == reason


async def test_address_that_is_none_is_dropped(outbox: Outbox, courier: Console) -> None:
    await outbox.put()
    outbox.writer = Writer(lambda _row: a_letter("anna@desk"))

    assert await outbox.run() == {"dropped": 1}
    assert (await outbox.row())["dropped_for"] == "bad_address"


async def test_installation_without_mail_drops_and_keeps_nothing_for_later(outbox: Outbox) -> None:
    await outbox.put()

    assert await outbox.run(Off()) == {"dropped": 1}
    assert (await outbox.row())["dropped_for"] == "switched_off"


async def test_lost_note_is_another_attempt_under_the_same_message_id(outbox: Outbox, courier: Console) -> None:
    """As after a kill -9 between sending and noting."""
    message = await outbox.put(state="sending", attempts=1, due_at=MONDAY_MORNING + LEASE)
    assert await outbox.run() == {}

    outbox.clock.advance(LEASE.total_seconds())
    assert await outbox.run() == {"sent": 1}

    row = await outbox.row()
    assert (row["attempts"], row["error"]) == (2, "lost")
    assert courier.sent[0]["Message-ID"] == f"<{encode('msg', message.id)}@durchwahl.example>"


async def test_message_that_kills_whoever_sends_it_fails_in_the_end(outbox: Outbox) -> None:
    await outbox.put(state="sending", attempts=MOST_ATTEMPTS)

    assert await outbox.run() == {"failed": 1}
    assert (await outbox.row())["error"] == "lost"
    assert outbox.writer.asked == 0


async def test_note_of_an_attempt_that_was_overtaken_changes_nothing(outbox: Outbox, database: Database) -> None:
    message = await outbox.put(state="sending", attempts=2)

    async with database.transaction() as session:
        late = await queries.note(session, message.id, 1, Noted("failed", error="late", ended_at=MONDAY_MORNING))

    assert late is None
    assert (await outbox.row())["state"] == "sending"


async def test_poisonous_message_delays_nobody(outbox: Outbox, courier: Console) -> None:
    poison = await outbox.put(due_at=MONDAY_MORNING - timedelta(hours=1))
    await outbox.put(20)

    def write(row: Row) -> Letter:
        if row["id"] == poison.id:
            raise RuntimeError(CANARY)
        return a_letter()

    outbox.writer = Writer(write)
    with structlog.testing.capture_logs() as logged:
        assert await outbox.run() == {"sent": 20, "waiting": 1}

    assert len(courier.sent) == 20
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["letter.unsendable"]
    assert CANARY not in str(logged)


async def test_message_that_hangs_holds_up_one_lane(
    outbox: Outbox, courier: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PATIENCE_S", 0.5)
    hangs = await outbox.put(due_at=MONDAY_MORNING - timedelta(hours=1))
    await outbox.put(20)

    async def write(row: Row) -> Letter:
        if row["id"] == hangs.id:
            await asyncio.Event().wait()
        return a_letter()

    outbox.writer = Writer(write)

    assert await outbox.run() == {"sent": 20, "waiting": 1}
    assert {row["error"] for row in await outbox.rows()} == {None, "timeout"}


async def test_absent_server_is_asked_by_a_few(outbox: Outbox, courier: Console) -> None:
    await outbox.put(30)
    courier.away = Unreachable("unreachable")

    assert await outbox.run() == {"waiting": delivery.LANES}

    courier.away = None
    assert await outbox.run() == {"sent": 30 - delivery.LANES}


async def test_replicas_at_once_send_each_message_once(outbox: Outbox, courier: Console) -> None:
    await outbox.put(40)

    done = await asyncio.gather(*(outbox.run() for _ in range(3)))

    assert sum(one.get("sent", 0) for one in done) == 40
    assert len({message["Message-ID"] for message in courier.sent}) == len(courier.sent) == 40


async def test_template_without_a_writer_stays_for_a_process_that_has_one(
    outbox: Outbox, database: Database
) -> None:
    async with database.transaction() as session:
        await a_message(session, outbox.anna, template="of_tomorrow")
    await outbox.put()

    assert await outbox.run() == {"sent": 1}
    assert {row["template"]: row["state"] for row in await outbox.rows()} == {
        "of_tomorrow": "waiting",
        "toy": "sent",
    }


async def test_message_that_is_erased_on_the_way_is_noted_nowhere(outbox: Outbox, database: Database) -> None:
    await outbox.put()

    async def erase(_row: Row) -> Letter:
        async with database.transaction() as session:
            await session.execute("DELETE FROM messages")
        return a_letter()

    outbox.writer = Writer(erase)

    assert await outbox.run() == {}
    assert await outbox.rows() == []


async def test_database_that_is_away_leaves_the_message_to_its_lease(outbox: Outbox) -> None:
    await outbox.put()

    def write(_row: Row) -> Letter:
        raise DatabaseAway

    outbox.writer = Writer(write)
    with pytest.raises(DatabaseAway):
        await outbox.run()

    assert (await outbox.row())["state"] == "sending"
    outbox.writer = Writer()
    outbox.clock.advance(LEASE.total_seconds())
    assert await outbox.run() == {"sent": 1}


async def test_nothing_of_a_letter_is_logged_announced_or_kept(outbox: Outbox, courier: Console) -> None:
    await outbox.put(3)
    courier.refusals[ADDRESS] = Refused("smtp_550")

    with structlog.testing.capture_logs() as logged:
        await outbox.run()

    async with outbox.database.reading() as session:
        kept = [
            row["t"]
            for table in ("events", "audit", "messages")
            for row in await session.fetch(f"SELECT t::text AS t FROM {table} AS t")
        ]
    assert len(logged) == 3
    assert CANARY not in f"{logged}{kept}"
    assert ADDRESS not in f"{logged}{kept}"
