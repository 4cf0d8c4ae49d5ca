"""How events reach subscribers: in order, again and again, and in the end delivered or dead with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from pydantic_core import from_json
from structlog.testing import capture_logs

from kit.clock import VirtualClock
from kit.database import Database
from kit.errors import NotFound
from kit.states import IllegalTransition
from tests.webhooks.company import TOOK_IT, House, delivery_id
from webhooks import queries, service
from webhooks.receiver import Unreached
from webhooks.schedule import GIVE_UP_AFTER, LEASE, MOST_TRIES, Answer
from webhooks.sending import PLACES, STRANDED_EVERY

pytestmark = pytest.mark.database

CRM, SLOW = "https://crm.example/hooks", "https://slow.example/"
FAILS = Answer(503)


async def test_event_is_delivered_as_the_stream_shows_it(house: House) -> None:
    await house.subscribe()
    await house.tell("con_1", kind="contact.offered", market_id="DE")
    await house.send()

    (event,) = house.receivers.got[CRM]
    (row,) = await house.rows()
    assert (event["specversion"], event["type"], event["subject"]) == ("1.0", "contact.offered", "con_1")
    assert event["id"] == f"{row['epoch']}-{row['event_id']}"
    assert (row["state"], row["attempts"], row["status"], row["reason"]) == ("delivered", 1, 204, None)
    assert house.receivers.headers[0]["webhook-id"] == delivery_id(row)


async def test_of_a_subject_the_next_waits_for_the_one_before(house: House, clock: VirtualClock) -> None:
    await house.subscribe()
    await house.tell("a", "a", "b", "a", "b")
    house.receivers.says = lambda _, event: FAILS if event["subject"] == "a" else TOOK_IT
    await house.send()
    assert house.receivers.subjects(CRM) == [("b", 3), ("b", 5)]

    house.receivers.says = lambda _, event: TOOK_IT
    clock.advance(5)
    await house.send()

    assert house.receivers.subjects(CRM)[2:] == [("a", 1), ("a", 2), ("a", 4)]
    assert await house.states() == ["delivered"] * 5


async def test_poison_is_dead_after_three_days_and_the_next_pass(house: House, clock: VirtualClock) -> None:
    await house.subscribe()
    await house.tell("a", "a", "b")
    house.receivers.says = lambda _, event: FAILS if event["data"]["n"] == 1 else TOOK_IT
    for _ in range(MOST_TRIES):
        await house.send()
        clock.advance(25 * 3600)
    await house.send()

    first, second, third = await house.rows()
    assert (first["state"], first["reason"], first["status"]) == ("dead", "status_503", 503)
    assert (second["state"], third["state"]) == ("delivered", "delivered")
    assert first["ended_at"] - first["created_at"] <= GIVE_UP_AFTER + timedelta(hours=25)
    assert await house.broken() == {}


async def test_what_waited_behind_a_dead_one_has_an_attempt_of_its_own(house: House, clock: VirtualClock) -> None:
    await house.subscribe()
    await house.tell("a", "a")
    house.receivers.says = lambda _url, _event: FAILS
    await house.send()
    clock.advance((GIVE_UP_AFTER + timedelta(hours=1)).total_seconds())
    await house.send()

    assert [(row["state"], row["tries"]) for row in await house.rows()] == [("dead", 2), ("dead", 1)]


async def test_times_of_the_attempts(house: House, clock: VirtualClock) -> None:
    await house.subscribe()
    await house.tell("a")
    house.receivers.says = lambda _url, _event: Answer(429, 600)
    await house.send()

    (row,) = await house.rows()
    assert row["next_at"] == clock.now() + timedelta(minutes=10)
    assert (row["state"], row["reason"]) == ("pending", "status_429")


@pytest.mark.parametrize("code", ["timeout", "unreachable", "address_not_allowed", "tls"])
async def test_who_is_not_reached_is_tried_again(house: House, code: str) -> None:
    class Away:
        async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            raise Unreached(code)

    await house.subscribe()
    await house.tell("a")
    house.sender = house.a_sender(Away())
    await house.send()

    (row,) = await house.rows()
    assert (row["state"], row["reason"], row["status"]) == ("pending", code, None)


async def test_gone_pauses_the_subscription(house: House) -> None:
    webhook = await house.subscribe()
    await house.tell("a", "b", "a")
    house.receivers.says = lambda _url, _event: Answer(410)
    house.sender = house.a_sender(places=1)
    await house.send()

    row = await house.webhook(webhook)
    assert row["paused_for"] == "gone"
    assert await house.states() == ["dead", "pending", "pending"]
    async with house.database.reading() as session:
        told = await session.fetch("SELECT type FROM events WHERE type LIKE 'webhook.%' ORDER BY id")
    assert [one["type"] for one in told] == ["webhook.added", "webhook.delivery_died", "webhook.paused"]


async def test_pause_keeps_and_resume_sends(house: House) -> None:
    webhook = await house.subscribe()
    await house.in_transaction(service.pause, webhook)
    await house.tell("a", "a")
    await house.send()
    assert house.receivers.got == {}

    await house.in_transaction(service.resume, webhook)
    await house.send()

    assert house.receivers.subjects(CRM) == [("a", 1), ("a", 2)]


async def test_long_pause_ends_in_dead_letters(house: House, clock: VirtualClock) -> None:
    webhook = await house.subscribe()
    await house.tell("a", "a")
    await house.follow()
    clock.advance(3600)
    await house.tell("a")
    await house.follow()
    await house.in_transaction(service.pause, webhook)

    clock.advance((GIVE_UP_AFTER - timedelta(minutes=30)).total_seconds())
    await house.sender.run_once()

    assert [(row["state"], row["reason"]) for row in await house.rows()] == [
        ("dead", "paused"),
        ("dead", "paused"),
        ("pending", None),
    ]
    assert await house.broken() == {}


async def test_removed_subscription_leaves_nothing_pending(house: House, clock: VirtualClock) -> None:
    webhook = await house.subscribe()
    await house.tell("a", "a", "b")
    await house.follow()
    async with house.database.transaction() as session:
        await service.remove(session, await service.locked(session, webhook), clock.now())
    await house.send()

    assert {(row["state"], row["reason"]) for row in await house.rows()} == {("dead", "removed")}
    assert house.receivers.got == {}


async def test_replay_of_one_comes_again_under_its_id(house: House, clock: VirtualClock) -> None:
    webhook = await house.subscribe()
    await house.tell("a")
    house.receivers.says = lambda _url, _event: Answer(410)
    await house.send()
    await house.in_transaction(service.resume, webhook)
    house.receivers.says = lambda _url, _event: TOOK_IT
    (dead,) = await house.rows()

    await house.in_transaction(service.replay_one, webhook, dead["id"])
    await house.send()

    (row,) = await house.rows()
    assert (row["state"], row["tries"], row["attempts"]) == ("delivered", 1, 2)
    assert len({headers["webhook-id"] for headers in house.receivers.headers}) == 1
    with pytest.raises(IllegalTransition):
        await house.in_transaction(service.replay_one, webhook, dead["id"])


async def test_replay_of_all_since_keeps_their_order(house: House, clock: VirtualClock) -> None:
    webhook = await house.subscribe()
    await house.tell("old")
    await house.follow()
    clock.advance(60)
    await house.tell("a", "a", "b")
    await house.follow()
    await end_all(house.database, clock)
    await house.tell("a")

    assert await house.in_transaction(service.replay_all, webhook, clock.now() - timedelta(seconds=30)) == 3
    await house.send()

    got = house.receivers.subjects(CRM)
    assert [n for subject, n in got if subject == "a"] == [2, 3, 5]
    assert [n for subject, n in got if subject == "b"] == [4]
    assert (await house.states()).count("dead") == 1
    assert await house.broken() == {}


async def end_all(database: Database, clock: VirtualClock) -> None:
    async with database.transaction() as session:
        await session.execute(
            "UPDATE webhook_deliveries SET state = 'dead', reason = 'status_500', next_at = NULL, ended_at = $1",
            clock.now(),
        )


async def test_slow_receiver_holds_up_nobody_else(house: House) -> None:
    """It hangs on as many as it may, while the other gets everything."""
    hangs = asyncio.Event()

    class OneHangs:
        slow = 0

        async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            if url == SLOW:
                self.slow += 1
                await hangs.wait()
            return await house.receivers.post(url, headers, body)

    receivers = OneHangs()
    await house.subscribe(SLOW)
    await house.subscribe(CRM)
    await house.tell(*(f"thing {n}" for n in range(40)))
    await house.follow()
    sender = house.a_sender(receivers)

    async with asyncio.timeout(60):
        while len(house.receivers.got[CRM]) < 40:
            sender.wake.clear()
            await sender.run_once()
            await sender.wake.wait()

    assert receivers.slow == PLACES
    assert house.receivers.got[SLOW] == []
    hangs.set()
    await sender.settled()


async def test_leaving_gives_a_moment_and_what_is_cut_off_comes_again(house: House, clock: VirtualClock) -> None:
    class Hangs:
        async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            await asyncio.Event().wait()
            raise AssertionError

    await house.subscribe()
    await house.tell("a")
    await house.follow()
    leaving = house.a_sender(Hangs())
    await leaving.run_once()
    await leaving.leave(timedelta(0))
    await house.send()
    assert house.receivers.got == {}

    clock.advance(LEASE.total_seconds())
    await house.send()

    assert house.receivers.subjects(CRM) == [("a", 1)]


async def test_note_of_an_attempt_that_was_overtaken_changes_nothing(house: House, clock: VirtualClock) -> None:
    await house.subscribe()
    await house.tell("a")
    await house.follow()
    async with house.database.transaction() as session:
        (row,) = await session.fetch("UPDATE webhook_deliveries SET attempts = 2 RETURNING *")
        late = await queries.note(session, row["id"], 1, queries.Noted("delivered", ended_at=clock.now()))

    assert late is None
    assert await house.states() == ["pending"]


async def test_replicas_at_once_send_each_event_once(house: House) -> None:
    await house.subscribe()
    await house.tell(*(f"thing {n % 7}" for n in range(60)))
    await house.follow()
    senders = [house.a_sender() for _ in range(3)]

    while sum(await asyncio.gather(*(one.run_once() for one in senders))):
        await asyncio.gather(*(one.settled() for one in senders))

    got = house.receivers.subjects(CRM)
    assert len(got) == len(set(got)) == 60
    for n in range(7):
        mine = [number for subject, number in got if subject == f"thing {n}"]
        assert mine == sorted(mine)


async def test_test_is_sent_like_an_event(house: House) -> None:
    webhook = await house.subscribe()
    async with house.database.transaction() as session:
        await service.test(session, webhook, service.EVERY, house.clock.now(), house.office.new_id)
    await house.send()

    (event,) = house.receivers.got[CRM]
    assert (event["type"], list(event["data"])) == ("webhook.test", ["webhook"])


async def test_paused_sends_no_test_and_strangers_find_nothing(house: House) -> None:
    webhook = await house.subscribe()
    await house.in_transaction(service.pause, webhook)

    async with house.database.transaction() as session:
        with pytest.raises(service.IsPaused):
            await service.test(session, webhook, service.EVERY, house.clock.now(), house.office.new_id)
        with pytest.raises(NotFound):
            await service.pause(session, webhook, ("control_center",), house.clock.now())


async def test_event_that_is_gone_is_dead(house: House, database: Database) -> None:
    await house.subscribe()
    await house.tell("a")
    await house.follow()
    async with database.transaction() as session:
        await session.execute("UPDATE webhook_deliveries SET event_at = event_at - interval '1 year'")
    await house.send()

    (row,) = await house.rows()
    assert (row["state"], row["reason"]) == ("dead", "event_gone")


async def test_defect_of_ours_is_logged_and_tried_again(house: House) -> None:
    class Broken:
        async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            raise RuntimeError("Kanarienvogel")

    await house.subscribe()
    await house.tell("a")
    house.sender = house.a_sender(Broken())
    with capture_logs() as logged:
        await house.send()

    assert (await house.rows())[0]["reason"] == "defect"
    assert [line["event"] for line in logged] == ["webhooks.defect"]
    assert "Kanarienvogel" not in str(logged)


async def test_secret_that_can_not_be_read_any_more_is_told(house: House) -> None:
    from webhooks.sending import Sender

    await house.subscribe()
    await house.tell("a")
    house.sender = Sender(house.database, house.clock, house.receivers, lambda: b"another" * 5)
    await house.send()

    assert (await house.rows())[0]["reason"] == "secret_unreadable"
    assert house.receivers.got == {}


async def test_body_is_the_same_byte_for_byte(house: House, clock: VirtualClock) -> None:
    bodies: list[bytes] = []

    class Keeps:
        async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            bodies.append(body)
            return FAILS

    await house.subscribe()
    await house.tell("a", data={"words": "Grüße"})
    house.sender = house.a_sender(Keeps())
    await house.send()
    clock.advance(STRANDED_EVERY.total_seconds())
    await house.send()

    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    found: dict[str, Any] = from_json(bodies[0])
    assert found["data"]["words"] == "Grüße"
