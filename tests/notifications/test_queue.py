"""What is put into the outbox: once, announced by ids, in the transaction of its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from advisors.models import Advisor
from kit.clock import VirtualClock
from kit.database import Session
from kit.ids import encode
from kit.states import IllegalTransition
from notifications import queries, service
from notifications.service import NewMessage
from notifications.states import MOST_ATTEMPTS
from tests.conftest import MONDAY_MORNING
from tests.support.builders import a_customer, a_message, an_advisor, new_id

pytestmark = pytest.mark.database


def to(advisor: Advisor, once: str = "book:1", **more: Any) -> NewMessage:
    return NewMessage("book_changed", once, "de", {"comes": 1, "at": MONDAY_MORNING}, advisor_id=advisor.id, **more)


async def test_same_thing_is_queued_once(session: Session) -> None:
    anna = await an_advisor(session)

    first = await service.queue(session, [to(anna), to(anna), to(anna, "book:2")], MONDAY_MORNING, new_id)
    again = await service.queue(session, [to(anna), to(anna, "book:3")], MONDAY_MORNING, new_id)

    assert [row["once"] for row in first] == ["book:1", "book:2"]
    assert [row["once"] for row in again] == ["book:3"]


async def test_what_is_queued_is_announced_and_wakes_the_delivery(session: Session) -> None:
    anna = await an_advisor(session)

    (row,) = await service.queue(session, [to(anna)], MONDAY_MORNING, new_id)

    (event,) = session.announced
    assert event.type == "message.queued"
    assert event.data["message"]["id"] == encode("msg", row["id"])
    assert event.data["message"]["state"] == "waiting"
    assert event.advisor_id == anna.id
    assert "messages" in session.wakes


async def test_nothing_new_wakes_nobody(session: Session) -> None:
    assert await service.queue(session, [], MONDAY_MORNING, new_id) == []
    assert session.wakes == set()


async def test_message_is_due_at_once_or_later(session: Session) -> None:
    anna = await an_advisor(session)
    tomorrow = MONDAY_MORNING + timedelta(days=1)

    rows = await service.queue(session, [to(anna), to(anna, "b", due_at=tomorrow)], MONDAY_MORNING, new_id)

    assert [row["due_at"] for row in rows] == [MONDAY_MORNING, tomorrow]


async def test_message_goes_to_one_person(session: Session) -> None:
    anna = await an_advisor(session)
    customer = await a_customer(session)
    both = to(anna, customer_id=customer.id, market_id="DE")

    with pytest.raises(asyncpg.CheckViolationError):
        await service.queue(session, [both], MONDAY_MORNING, new_id)


async def test_failed_message_gets_all_its_attempts_again(session: Session, clock: VirtualClock) -> None:
    failed = await a_message(session, await an_advisor(session), state="failed", attempts=3)
    clock.advance(60)

    row = await service.send_again(session, failed.id, clock.now())

    assert (row["state"], row["due_at"], row["ended_at"]) == ("waiting", clock.now(), None)
    assert (row["attempts"], row["most_attempts"]) == (3, 3 + MOST_ATTEMPTS)
    assert [event.type for event in session.announced] == ["message.requeued"]


@pytest.mark.parametrize("state", ["waiting", "sending", "sent", "dropped"])
async def test_no_other_message_is_sent_again(session: Session, state: str) -> None:
    reason = "no_address" if state == "dropped" else None
    message = await a_message(session, await an_advisor(session), state=state, dropped_for=reason)

    with pytest.raises(IllegalTransition) as refused:
        await service.send_again(session, message.id, MONDAY_MORNING)

    assert refused.value.facts == {"present_state": state}


async def test_list_is_filtered_by_recipient_and_state(session: Session) -> None:
    anna, customer = await an_advisor(session), await a_customer(session)
    sent = await a_message(session, anna, state="sent")
    await a_message(session, anna)
    await a_message(session, customer)

    found = await queries.listed(session, "sent", None, anna.id, None, 10)

    assert [row["id"] for row in found] == [sent.id]
    assert len(await queries.listed(session, None, customer.id, None, None, 10)) == 1
    assert len(await queries.listed(session, None, None, None, None, 10)) == 3
