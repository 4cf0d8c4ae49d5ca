"""What a customer's contacts teach about the time they take."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from advisors.models import Advisor
from contacts import handling
from contacts.models import Contact
from customers.models import Customer
from customers.needs import MOST_SECONDS
from customers.workload import MONTH, differs, expected_seconds
from kit.clock import VirtualClock
from kit.database import Session
from tests.support.builders import a_customer, an_advisor, insert, new_id


def test_a_new_customer_is_what_the_products_usually_cost() -> None:
    assert expected_seconds(360, 0, {}) == 360


def test_after_half_a_year_two_thirds_are_their_own() -> None:
    assert expected_seconds(300, 6, {"phone": 6 * 600}) == round((3 * 300 + 6 * 600) / 9)


def test_a_chat_takes_a_third_of_the_attention() -> None:
    assert expected_seconds(300, 6, {"chat": 3600}) == expected_seconds(300, 6, {"phone": 1200})


def test_whoever_never_calls_grows_lighter_but_not_weightless() -> None:
    assert expected_seconds(360, 24, {}) == expected_seconds(360, 6, {}) == 120
    assert expected_seconds(1, 6, {}) == 1


@given(
    prior=some.integers(1, MOST_SECONDS),
    months=some.floats(0, 200),
    phone=some.floats(0, 1e8),
    more=some.floats(0, 1e6),
)
def test_more_work_never_makes_lighter(prior: int, months: float, phone: float, more: float) -> None:
    lighter = expected_seconds(prior, months, {"phone": phone})

    assert 1 <= lighter <= expected_seconds(prior, months, {"phone": phone + more}) <= MOST_SECONDS


@pytest.mark.parametrize(("booked", "expected", "telling"), [(100, 110, False), (100, 111, True), (100, 89, True)])
def test_small_differences_are_left_alone(booked: int, expected: int, telling: bool) -> None:
    assert differs(booked, expected) is telling


async def a_finished_call(
    session: Session, customer: Customer, advisor: Advisor, *, at: datetime, seconds: int
) -> Contact:
    ends = at + timedelta(seconds=seconds)
    return await insert(
        session,
        Contact(
            id=new_id(at),
            market_id=customer.market_id,
            state="completed",
            since=ends,
            received_at=at,
            age_at=at,
            customer_id=customer.id,
            language="de",
            needs={},
            advisor_id=advisor.id,
            last_signal_at=ends,
            answered_at=at,
            hung_up_at=ends,
            ended_at=ends,
        ),
    )


async def test_estimate_and_book_follow_the_calls(session: Session, clock: VirtualClock) -> None:
    now = clock.now()
    advisor = await an_advisor(session)
    customer = await a_customer(session, advisor=advisor, expected_seconds=360, now=now - 6 * MONTH)
    for days in (10, 40):
        await a_finished_call(session, customer, advisor, at=now - timedelta(days=days), seconds=1800)
    await a_finished_call(session, customer, advisor, at=now - timedelta(days=400), seconds=9000)

    assert await handling.look(session, now) == 1

    row = await session.fetch_row("SELECT learned_seconds, learned_at FROM customers")
    assert row is not None
    assert (row["learned_seconds"], row["learned_at"]) == ((3 * 360 + 3600) // 9, now)
    assert await session.fetch_value("SELECT expected_seconds FROM relationships") == 520
    assert await session.fetch_value("SELECT load_s FROM books") == 520
    assert await handling.look(session, now) == 0
