"""How long a mail waits for its own advisor, and who gets it then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from routing.plan import Offer, Wait
from routing.problem import Need
from routing.written import NEEDS_FALL_AFTER, decide, own_until
from tests.routing.builders import ANNA, BEN, NOW, a_call, a_group, a_person

MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)
EVENING = MORNING.replace(hour=16)
WITHIN = timedelta(hours=4)


@pytest.mark.parametrize(
    ("at_work_from", "until"),
    [
        (MORNING, MORNING + WITHIN),
        (MORNING + timedelta(hours=5), EVENING),
        (EVENING, MORNING),
        (MORNING + timedelta(days=2), MORNING),
        (None, MORNING),
    ],
    ids=["at work", "back this afternoon", "back when the day is over", "away for days", "gone"],
)
def test_own_advisors_turn_is_within_the_working_day(at_work_from: datetime | None, until: datetime) -> None:
    assert own_until(MORNING, at_work_from, EVENING, WITHIN) == until


def test_mail_of_the_night_waits_for_the_working_day_that_follows() -> None:
    night = MORNING - timedelta(hours=10)

    assert own_until(night, MORNING, EVENING, WITHIN) == MORNING + WITHIN


def test_own_advisor_who_is_free_gets_it() -> None:
    anna, ben = a_person(ANNA), a_person(BEN)

    plan = decide(a_call(anna, a_group(anna, ben), channel="email", own_until=NOW + WITHIN))

    assert isinstance(plan, Offer)
    assert (plan.advisor, plan.own) == (anna.id, True)


def test_it_waits_for_an_own_advisor_who_is_busy_though_a_colleague_is_free() -> None:
    anna, ben = a_person(ANNA, state="in_contact"), a_person(BEN)

    plan = decide(a_call(anna, a_group(anna, ben), channel="email", own_until=NOW + WITHIN))

    assert isinstance(plan, Wait)
    assert (plan.whom, plan.look_again_s) == ("own", WITHIN.total_seconds())


def test_after_the_own_turn_a_colleague_gets_it() -> None:
    anna, ben = a_person(ANNA, state="in_contact"), a_person(BEN)

    plan = decide(a_call(anna, a_group(anna, ben), channel="email", own_until=NOW))

    assert isinstance(plan, Offer)
    assert plan.advisor == ben.id


def test_own_advisor_who_refused_is_not_waited_for() -> None:
    anna, ben = a_person(ANNA, excluded=True), a_person(BEN)

    plan = decide(a_call(anna, a_group(anna, ben), channel="email", own_until=NOW + WITHIN))

    assert isinstance(plan, Offer)
    assert plan.advisor == ben.id


def test_closed_doors_turn_no_mail_away() -> None:
    anna = a_person(ANNA, state="offline")

    plan = decide(a_call(anna, a_group(anna), channel="email", own_until=NOW, open_now=False))

    assert isinstance(plan, Wait)
    assert plan.whom == "group"


def test_skill_is_demanded_for_a_day_and_not_for_ever() -> None:
    ben = a_person(BEN, skills={})
    needs = (Need("hosting", 2),)

    early = decide(a_call(None, a_group(ben), channel="email", needs=needs, own_until=NOW))
    late = decide(a_call(None, a_group(ben), channel="email", needs=needs, own_until=NOW - NEEDS_FALL_AFTER))

    assert (type(early), type(late)) == (Wait, Offer)
