"""The loop of a replica: woken by the commit that queues, with the writers of the rooms above."""

from __future__ import annotations

from datetime import timedelta

import pytest

from customers import letters
from customers.letters import BookChange
from kit.clock import VirtualClock
from kit.database import Database
from kit.metrics import Metrics
from kit.settings import Settings
from notifications import service
from notifications.console import Console
from notifications.couriers import Off
from notifications.post_office import courier_of
from notifications.smtp import SmtpServer
from privacy import retention
from privacy.erasing import erase
from privacy.paths import ADVISOR, CUSTOMER
from privacy.queries import rows
from reporting.board import Board
from reporting.measuring import Measuring
from tests.conftest import MONDAY_MORNING
from tests.support.builders import a_customer, a_message, an_advisor, new_id
from tests.support.world import an_exchange
from worker.loops import Worker

pytestmark = pytest.mark.database


@pytest.fixture
def worker(database: Database, clock: VirtualClock) -> Worker:
    return Worker(database, an_exchange(), clock, courier=Console())


async def queued(database: Database) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session, name="Anna")
        messages = await letters.of_books(session, [BookChange(anna.id, 2, 0, MONDAY_MORNING)], "plan_1")
        await service.queue(session, messages, MONDAY_MORNING, new_id)


async def test_commit_that_queues_wakes_the_loop_and_the_letter_goes(worker: Worker, database: Database) -> None:
    assert not worker.queued.is_set()

    await queued(database)

    assert worker.queued.is_set()
    assert await worker.messages_once() == {"sent": 1}
    assert isinstance(worker.courier, Console)
    assert worker.courier.sent[0]["Subject"] == "Ihr Kundenbuch ändert sich"


async def test_every_loop_is_supervised_under_its_name(worker: Worker) -> None:
    assert "messages" in [loop.name for loop in worker.loops()]


# Which courier


GOOD, KNOWN = "a good and long one", "changeme"  # pragma: allowlist secret


def mail(**more: object) -> Settings:
    settings = {"smtp_host": "mail.intranet", "smtp_from": "Advisors <advisors@durchwahl.intranet>", **more}
    return Settings(_env_file=None, **settings)  # type: ignore[arg-type]


def test_courier_is_that_of_the_installation() -> None:
    assert isinstance(courier_of(Settings(environment="demo", _env_file=None)), Console)
    assert isinstance(courier_of(Settings(environment="production", _env_file=None)), Off)
    assert isinstance(courier_of(mail()), SmtpServer)


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp_from": ""},
        {"smtp_from": "Durchwahl <advisors@durchwahl.example>"},
        {"smtp_user": "durchwahl"},
        {"smtp_password": GOOD},
        {"smtp_user": "durchwahl", "smtp_password": KNOWN},
        {"smtp_user": "durchwahl", "smtp_password": GOOD, "smtp_tls": "none"},
        {"smtp_timeout": timedelta(seconds=11)},
    ],
)
def test_placeholders_and_halves_refuse_to_start(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="smtp_"):
        mail(**wrong)


def test_demo_takes_placeholders() -> None:
    settings = mail(environment="demo", smtp_from="Durchwahl <advisors@durchwahl.example>")

    assert isinstance(courier_of(settings), SmtpServer)


# What is kept


async def test_old_message_forgets_its_recipient_and_stays_said(database: Database, settings: Settings) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session)
        old = await a_message(session, anna, state="sent", once="book:1")
        await a_message(session, anna, state="waiting")

    later = MONDAY_MORNING + settings.keep_messages + timedelta(days=1)
    done = {one.rule: one.rows for one in await retention.run_once(database, settings, later)}

    assert done["messages"] == 1
    async with database.transaction() as session:
        row = await session.fetch_row("SELECT advisor_id, args, once FROM messages WHERE id = $1", old.id)
        again = service.NewMessage("book_changed", "book:1", "de", advisor_id=anna.id)
        assert row == {"advisor_id": None, "args": {}, "once": "book:1"}
        assert await service.queue(session, [again], later, new_id) == []


async def test_erasure_takes_the_messages_along_and_export_tells_them(database: Database) -> None:
    async with database.transaction() as session:
        erika, max_ = await a_customer(session), await a_customer(session)
        for customer in (erika, max_):
            await a_message(session, customer, template="advisor_changed")
    async with database.reading() as session:
        assert len(await rows(session, "messages", ["once"], CUSTOMER["messages"], erika.id, "")) == 1
        assert await rows(session, "messages", ["once"], ADVISOR["messages"], erika.id, "") == []

    async with database.transaction() as session:
        assert await erase(session, an_exchange(), erika.id, MONDAY_MORNING)

    async with database.reading() as session:
        left = await session.fetch("SELECT customer_id FROM messages")
    assert left == [{"customer_id": max_.id}]


# What operators see


async def test_outbox_is_measured_and_shown(database: Database, clock: VirtualClock) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session)
        await a_message(session, anna, due_at=MONDAY_MORNING - timedelta(minutes=5))
        await a_message(session, anna, state="failed")
        await a_message(session, anna, due_at=MONDAY_MORNING + timedelta(hours=1))

    await Measuring(database, clock.now).run_once()
    metrics = Metrics()
    await Board(clock, database, metrics).refresh()

    def shown(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"durchwahl_{name}", labels)

    assert shown("messages", state="waiting") == 2
    assert shown("messages", state="failed") == 1
    assert shown("oldest_message_seconds") == 300
    assert shown("messages_ended_total", outcome="sent") == 0
