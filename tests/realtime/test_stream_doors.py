"""Who may hear the stream: a ticket opens it once, and what was taken back is over."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from accounts.principal import Principal, machine
from accounts.recognition import Recognition
from kit.clock import VirtualClock
from kit.database import Database, Session
from kit.errors import Forbidden
from kit.ids import encode
from kit.settings import Settings
from realtime import tickets
from realtime.stream import Stream
from realtime.topics import Topics
from tests.realtime.listening import Notes
from tests.realtime.streams import Seconds, entered
from tests.realtime.writing import a_note, note
from tests.support.api import a_person
from tests.support.builders import a_desk_group, an_advisor

pytestmark = pytest.mark.database

ALL = Topics(["all"])


async def a_signed_in(database: Database, clock: VirtualClock, settings: Settings, role: str) -> Principal:
    async with database.transaction() as session:
        advisor = await an_advisor(session)
        token = await a_person(session, clock, settings, role, advisor.id)
    principal = await Recognition(database).recognise(token.encode(), clock.now())
    assert principal is not None
    return principal


async def a_ticket(database: Database, principal: Principal, now: datetime) -> str:
    async with database.transaction() as session:
        ticket, _ = await tickets.issue(session, principal, now)
    return ticket


async def test_a_ticket_opens_the_stream_once(
    database: Database, stream: Stream, clock: VirtualClock, settings: Settings
) -> None:
    principal = await a_signed_in(database, clock, settings, "advisor")
    ticket = await a_ticket(database, principal, clock.now())

    tries = await asyncio.gather(*(stream.enter(ticket, Notes()) for _ in range(5)))

    [listener] = [one for one in tries if one is not None]
    assert listener.viewer.role == "advisor"
    assert principal.advisor_id is not None
    assert listener.viewer.advisor == encode("adv", principal.advisor_id)
    assert listener.viewer.group is not None


async def test_a_ticket_is_good_for_thirty_seconds_and_kept_only_as_a_hash(
    database: Database, stream: Stream, clock: VirtualClock, settings: Settings
) -> None:
    principal = await a_signed_in(database, clock, settings, "supervisor")
    ticket = await a_ticket(database, principal, clock.now())
    async with database.reading() as session:
        kept = await session.fetch_row("SELECT t::text AS row FROM stream_tickets AS t")

    clock.advance(30)

    assert await stream.enter(ticket, Notes()) is None
    assert kept is not None
    assert ticket not in kept["row"]


@pytest.mark.parametrize("ticket", ["", "x", "\0", "dw_ticket_" + "a" * 43, "dw_ticket_" + "ä" * 43, "\ud800"])
async def test_what_is_no_ticket_opens_nothing(stream: Stream, ticket: str) -> None:
    assert await stream.enter(ticket, Notes()) is None


async def test_a_ticket_of_a_sign_in_that_has_ended_opens_nothing(
    database: Database, stream: Stream, clock: VirtualClock, settings: Settings
) -> None:
    principal = await a_signed_in(database, clock, settings, "supervisor")
    ticket = await a_ticket(database, principal, clock.now())
    await sign_out(database, principal, clock.now())

    assert await stream.enter(ticket, Notes()) is None


async def test_a_machine_gets_no_ticket(session: Session, clock: VirtualClock) -> None:
    with pytest.raises(Forbidden):
        await tickets.issue(session, machine(UUID(int=1), frozenset({"operator"})), clock.now())


async def sign_out(database: Database, principal: Principal, now: datetime) -> None:
    async with database.transaction() as session:
        await session.execute(
            "UPDATE sign_ins SET ended_at = $2 WHERE token_hash = $1", principal.sign_in_hash, now
        )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sign_ins SET ended_at = expires_at",
        "UPDATE sign_ins SET expires_at = '2026-11-23T09:00:00Z'",
        "UPDATE accounts SET active = false",
        "UPDATE accounts SET role = 'advisor'",
        "UPDATE desk_group_members SET desk_group_id = (SELECT id FROM desk_groups WHERE name = 'another')",
    ],
)
async def test_nothing_is_told_to_who_has_lost_the_right_to_hear_it(
    database: Database, stream: Stream, clock: VirtualClock, settings: Settings, seconds: Seconds, change: str
) -> None:
    async with database.transaction() as session:
        await a_desk_group(session, name="another")
    principal = await a_signed_in(database, clock, settings, "supervisor")
    notes = Notes()
    listener = await stream.enter(await a_ticket(database, principal, clock.now()), notes)
    assert listener is not None
    await stream.subscribe(listener, ALL)

    async with database.transaction() as session:
        await session.execute(change)
        session.announce(a_note("secret"))
    seconds.now += 1
    await stream.follow()

    assert notes.closed is not None
    assert notes.closed[0] == 1008
    assert notes.events() == []
    assert not stream.hub.listeners


async def test_who_is_still_signed_in_stays(
    database: Database, stream: Stream, clock: VirtualClock, settings: Settings, seconds: Seconds
) -> None:
    principal = await a_signed_in(database, clock, settings, "lead")
    notes = Notes()
    listener = await stream.enter(await a_ticket(database, principal, clock.now()), notes)
    assert listener is not None

    seconds.now += 1
    await stream.follow()

    assert notes.closed is None
    assert listener in stream.hub.listeners


async def test_a_database_that_is_away_hands_out_nothing_unchecked(
    database: Database, stream: Stream, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, notes = entered(stream)
    stream._sign_ins_at = float("-inf")

    async def away(*_: object) -> Any:
        raise OSError

    monkeypatch.setattr("realtime.tickets.viewers", away)
    await note(database, "one")
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the database makes of it
        await stream.follow()

    assert notes.heard == []
