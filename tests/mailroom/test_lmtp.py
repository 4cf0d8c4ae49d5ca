"""Mail over a real socket: what is accepted is there, what is not is told why, and nothing is lost between."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import NoReturn

import pytest

from advisors.models import Advisor
from correspondence import tokens
from kit.clock import VirtualClock
from kit.database import Database
from kit.errors import Unavailable
from tests.house.repository import ROOT
from tests.mailroom.postman import ANNA, DOMAIN, ERIKA, SECRET, a_door, a_mail, a_room, deliver
from tests.support.builders import a_customer, a_desk_group, an_advisor

pytestmark = [pytest.mark.database, pytest.mark.acceptance]


@pytest.fixture
async def anna(database: Database) -> Advisor:
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        anna = await an_advisor(session, name="Anna Berger", group=group)
        await a_customer(session, advisor=anna, email=ERIKA)
    return anna


@pytest.fixture
async def port(database: Database, clock: VirtualClock, anna: Advisor) -> AsyncIterator[int]:
    async with a_door(a_room(database, clock)) as port:
        yield port


async def count(database: Database, table: str) -> int:
    async with database.reading() as session:
        found: int = await session.fetch_value(f"SELECT count(*) FROM {table}")
    return found


async def test_mail_is_there_when_it_is_accepted(port: int, database: Database, anna: Advisor) -> None:
    assert await deliver(port, a_mail("Grüße")) == (250, "2.0.0 Stored")

    async with database.reading() as session:
        (row,) = await session.fetch(
            "SELECT c.advisor_id, m.text FROM contacts c JOIN thread_messages m ON m.contact_id = c.id"
        )
    assert (row["advisor_id"], row["text"]) == (anna.id, "Grüße")


async def test_mail_that_comes_twice_is_accepted_twice_and_kept_once(port: int, database: Database) -> None:
    answers = [await deliver(port, a_mail()) for _ in range(2)]
    together = await asyncio.gather(*(deliver(port, a_mail("B", "<2@home.example>")) for _ in range(4)))

    assert {code for code, _ in [*answers, *together]} == {250}
    assert (await count(database, "thread_messages"), await count(database, "contacts")) == (2, 2)
    assert await count(database, "threads") == 2


@pytest.mark.parametrize(
    "to", [f"nobody@{DOMAIN}", "anna.berger@elsewhere.example", f"reply+{'a' * 52}@{DOMAIN}", "anna.berger"]
)
async def test_nobody_of_that_name_is_said_at_once(port: int, to: str) -> None:
    code, words = await deliver(port, a_mail(), to)

    assert (code, words[:5]) == (550, "5.1.1")


async def test_address_is_read_without_capitals_and_with_a_tag(port: int) -> None:
    assert (await deliver(port, a_mail(), f"Anna.Berger+rechnung@{DOMAIN.upper()}"))[0] == 250


async def test_mail_that_is_too_large_is_refused_for_ever(
    database: Database, clock: VirtualClock, anna: Advisor
) -> None:
    async with a_door(a_room(database, clock, most_bytes=10_000)) as port:
        code, words = await deliver(port, a_mail("x\n" * 10_000))

    assert (code, words[:5]) == (552, "5.3.4")
    assert await count(database, "thread_messages") == 0


async def test_sender_who_writes_too_often_is_asked_to_come_later(
    database: Database, clock: VirtualClock, anna: Advisor
) -> None:
    async with a_door(a_room(database, clock, rate="2/hour")) as port:
        codes = [(await deliver(port, a_mail(message_id=f"<{n}@home.example>")))[0] for n in range(3)]
        others = await deliver(
            port, a_mail(message_id="<x@y.example>", sender="eve@y.example"), sender="eve@y.example"
        )

    assert codes == [250, 250, 450]
    assert others[0] == 250


async def test_database_that_is_away_loses_nothing(
    port: int, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> NoReturn:
        raise Unavailable

    with monkeypatch.context() as patched:
        patched.setattr(database, "transaction", away)
        while_writing = await deliver(port, a_mail())
        patched.setattr(database, "reading", away)
        while_asking = await deliver(port, a_mail())

    assert [code for code, _ in (while_writing, while_asking)] == [451, 451]
    assert (await deliver(port, a_mail()))[0] == 250
    assert await count(database, "thread_messages") == 1


async def test_mail_of_our_own_is_not_taken_for_a_customers(port: int, database: Database) -> None:
    """Else two of our addresses could write to each other for ever."""
    code, _ = await deliver(port, a_mail(sender=ANNA), sender=ANNA)

    assert code == 250
    assert await count(database, "contacts") == 0


async def test_answer_in_a_thread_finds_it(port: int, database: Database) -> None:
    await deliver(port, a_mail())
    async with database.reading() as session:
        thread_id = await session.fetch_value("SELECT id FROM threads")

    code, _ = await deliver(
        port, a_mail("Noch etwas", "<2@home.example>"), f"{tokens.sealed(SECRET, thread_id)}@{DOMAIN}"
    )

    assert code == 250
    assert (await count(database, "thread_messages"), await count(database, "contacts")) == (2, 1)


@pytest.mark.parametrize("point", ["after_insert", "before_commit", "after_commit"])
async def test_mail_of_a_killed_process_is_there_once_when_it_has_come_again(
    database: Database, database_uri: str, clock: VirtualClock, anna: Advisor, point: str
) -> None:
    """The mail server hears nothing and comes again: before the commit nothing was there, after it everything."""
    async with a_door(a_room(database, clock)) as port:
        arguments = (sys.executable, "-m", "tests.mailroom.victim", database_uri, point)
        victim = await asyncio.create_subprocess_exec(*arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert victim.stdout is not None
        told = await deliver(int(await victim.stdout.readline()), a_mail())

        assert (told, await victim.wait()) == ((0, "gone"), -9)
        assert await count(database, "thread_messages") == (1 if point == "after_commit" else 0)
        assert (await deliver(port, a_mail()))[0] == 250

    assert (await count(database, "thread_messages"), await count(database, "contacts")) == (1, 1)
