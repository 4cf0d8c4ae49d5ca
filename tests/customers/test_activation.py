"""A customer gets an advisor: who, on which number, and what is written about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from customers import relationships
from customers.activation import NoAdvisorFits
from customers.books import Books
from customers.relationships import Activated, ChangedLately, NoAdvisor, Wish
from decisions import service as decisions
from direct_dial.service import NumberPoolEmpty
from kit.database import Session
from kit.errors import NotFound
from kit.ids import new_id
from tests.support.builders import (
    CAP_S,
    WORKDAYS,
    a_customer,
    a_desk_group,
    a_number,
    a_product,
    an_absence,
    an_advisor,
    numbers,
)


async def activate(session: Session, ref: str, now: datetime, books: Books | None = None, **more: Any) -> Activated:
    return await relationships.activate(session, books or Books(), Wish(ref, "portal", **more), now, new_id)


async def load_of(session: Session, advisor_id: object) -> int:
    load: int = await session.fetch_value("SELECT load_s FROM books WHERE advisor_id = $1", advisor_id)
    return load


async def test_customer_gets_the_advisor_with_the_skill_and_a_number(session: Session, now: datetime) -> None:
    await a_product(session, "dns", level=3)
    await an_advisor(session, skills={"dns": 2})
    expert = await an_advisor(session, skills={"dns": 4})
    await numbers(session, 3)
    customer = await a_customer(session, products=["dns"], expected_seconds=500)

    activated = await activate(session, customer.external_ref, now)

    assert (activated.advisor_id, activated.created, activated.since) == (expert.id, True, now)
    assert await load_of(session, expert.id) == 500
    number = await session.fetch_row("SELECT * FROM direct_dial_numbers WHERE advisor_id = $1", expert.id)
    assert number is not None
    assert number["state"] == "assigned"


async def test_second_activation_finds_the_first(session: Session, now: datetime) -> None:
    await an_advisor(session)
    await numbers(session, 2)
    customer = await a_customer(session)
    books = Books()

    first = await activate(session, customer.external_ref, now, books)
    again = await activate(session, customer.external_ref, now + timedelta(hours=1), books)

    assert not again.created
    assert (again.relationship_id, again.since) == (first.relationship_id, first.since)


async def test_number_of_an_advisor_serves_all_their_customers(session: Session, now: datetime) -> None:
    advisor = await an_advisor(session)
    await a_number(session, advisor=advisor)
    customers = [await a_customer(session) for _ in range(3)]

    for customer in customers:
        await activate(session, customer.external_ref, now)

    assert await session.fetch_value("SELECT count(*) FROM direct_dial_numbers WHERE state = 'assigned'") == 1
    assert await load_of(session, advisor.id) == 3 * 360


@pytest.mark.parametrize(
    ("advisor", "rule"),
    [
        ({"markets": ("AT",)}, "serves_the_market"),
        ({"languages": ("en",)}, "speaks_the_language"),
        ({"skills": {"mail": 5}}, "has_the_skill"),
        ({"cap_s": 359}, "book_has_room"),
        ({"open_for_new": False}, "book_is_open"),
        ({"leaving_at": datetime.fromisoformat("2026-12-31T12:00:00Z")}, "not_leaving"),
        (
            {
                "skills": {"hosting": 3},
                "skills_valid_until": {"hosting": datetime.fromisoformat("2026-11-23T08:59:00Z")},
            },
            "has_the_skill",
        ),
    ],
)
async def test_hard_rules_keep_an_advisor_from_a_customer(
    session: Session, now: datetime, advisor: dict[str, Any], rule: str
) -> None:
    await an_advisor(session, **advisor)
    await numbers(session, 1)
    customer = await a_customer(session)

    with pytest.raises(NoAdvisorFits) as refused:
        await activate(session, customer.external_ref, now)

    assert refused.value.facts["removed_by"] == {rule: 1}
    assert await session.fetch_value("SELECT count(*) FROM relationships") == 0
    assert await session.fetch_value("SELECT count(*) FROM direct_dial_numbers WHERE state = 'assigned'") == 0


async def test_somebody_away_for_months_gets_no_new_customers(session: Session, now: datetime) -> None:
    away, here = await an_advisor(session), await an_advisor(session, load_s=CAP_S // 2)
    await an_absence(session, away, starts_at=now - timedelta(days=3), ends_at=now + timedelta(days=90))
    await numbers(session, 1)

    activated = await activate(session, (await a_customer(session)).external_ref, now)

    assert activated.advisor_id == here.id


async def test_absence_entered_a_moment_ago_counts(session: Session, now: datetime) -> None:
    first, second = await an_advisor(session), await an_advisor(session, load_s=3600)
    await numbers(session, 2)
    books = Books()
    assert (await activate(session, (await a_customer(session)).external_ref, now, books)).advisor_id == first.id

    await an_absence(session, first, starts_at=now - timedelta(days=3), ends_at=now + timedelta(days=90))
    activated = await activate(session, (await a_customer(session)).external_ref, now, books)

    assert activated.advisor_id == second.id


async def test_without_a_number_left_somebody_with_a_number_is_chosen(session: Session, now: datetime) -> None:
    await an_advisor(session)
    numbered = await an_advisor(session, load_s=CAP_S // 2)
    await a_number(session, advisor=numbered)

    activated = await activate(session, (await a_customer(session)).external_ref, now)

    assert activated.advisor_id == numbered.id
    relationship = await session.fetch_row("SELECT decision_id FROM relationships")
    assert relationship is not None
    decision = await decisions.get(session, relationship["decision_id"])
    assert [removed.rule for removed in decision.removed] == ["has_a_number"]
    assert decision.removed_by == {"has_a_number": 1}


async def test_without_any_number_nothing_is_created(session: Session, now: datetime) -> None:
    advisor = await an_advisor(session)
    customer = await a_customer(session)

    with pytest.raises(NumberPoolEmpty):
        await activate(session, customer.external_ref, now)

    assert await session.fetch_value("SELECT count(*) FROM relationships") == 0
    assert await load_of(session, advisor.id) == 0


async def test_number_of_another_market_is_not_taken(session: Session, now: datetime) -> None:
    await an_advisor(session, markets=("DE", "AT"))
    await numbers(session, 3, market="AT")

    with pytest.raises(NumberPoolEmpty):
        await activate(session, (await a_customer(session)).external_ref, now)


async def test_hours_that_overlap_decide_between_equals(session: Session, now: datetime) -> None:
    mornings = {day: [["08:00", "12:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    evenings = {day: [["16:00", "20:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    await an_advisor(session, working_pattern=mornings)
    late = await an_advisor(session, working_pattern=evenings)
    await numbers(session, 1)
    customer = await a_customer(session, calling_hours={"mon": [["17:00", "19:00"]]})

    activated = await activate(session, customer.external_ref, now)

    assert activated.advisor_id == late.id
    decision = await _decision_of(session, activated)
    assert "hours_overlap" in [reason["code"] for reason in decision.because]


async def test_hours_are_compared_across_time_zones(session: Session, now: datetime) -> None:
    mornings = {day: [["08:00", "11:00"]] for day in WORKDAYS}
    afternoons = {day: [["13:00", "17:00"]] for day in WORKDAYS}
    await an_advisor(session, working_pattern=mornings)
    afternoon = await an_advisor(session, working_pattern=afternoons)
    await numbers(session, 1)
    customer = await a_customer(session, calling_hours={"mon": [["08:00", "10:00"]]}, time_zone="America/New_York")

    assert (await activate(session, customer.external_ref, now)).advisor_id == afternoon.id


async def test_decision_says_who_won_and_what_would_have_changed_it(session: Session, now: datetime) -> None:
    await a_product(session, "dns", level=3)
    better = await an_advisor(session, skills={"dns": 4})
    second = await an_advisor(session, skills={"dns": 3}, load_s=CAP_S // 2)
    unskilled = await an_advisor(session, skills={"dns": 2})
    await numbers(session, 3)
    activated = await activate(session, (await a_customer(session, products=["dns"])).external_ref, now)

    decision = await _decision_of(session, activated)

    from kit.ids import encode

    assert (decision.kind, decision.chosen, decision.runner_up) == (
        "activation",
        encode("adv", better.id),
        encode("adv", second.id),
    )
    assert decision.policy == "DE/0"
    assert [(r.advisor, r.rule, r.args) for r in decision.removed] == [
        (encode("adv", unskilled.id), "has_the_skill", {"skill": "dns", "needs": 3, "has": 2})
    ]
    assert decision.would_change[0]["if"] == "price_of"
    assert {"skill_dns_4", "speaks_de"} <= {reason["code"] for reason in decision.because}


async def test_activation_announces_relationship_number_and_book(session: Session, now: datetime) -> None:
    group = await a_desk_group(session)
    advisor = await an_advisor(session, group=group)
    await numbers(session, 1)
    await activate(session, (await a_customer(session)).external_ref, now)
    await session.flush()

    rows = await session.fetch("SELECT type, desk_group_id, advisor_id, data FROM events ORDER BY id")

    assert [row["type"] for row in rows] == ["number.assigned", "book.changed", "relationship.began"]
    assert {row["advisor_id"] for row in rows} == {advisor.id}
    assert rows[2]["desk_group_id"] == group.id
    assert rows[1]["data"]["book"]["load_s"] == 360


async def test_unknown_customer_is_not_found(session: Session, now: datetime) -> None:
    with pytest.raises(NotFound):
        await activate(session, "nobody", now)


async def test_changed_advisor_is_another_one_and_no_moment_is_without(session: Session, now: datetime) -> None:
    first, second = await an_advisor(session), await an_advisor(session, load_s=CAP_S // 2)
    await numbers(session, 2)
    customer = await a_customer(session, advisor=first)

    changed = await relationships.change(session, Books(), Wish(customer.external_ref, "portal"), now, new_id)

    assert changed.advisor_id == second.id
    rows = await relationships.history(session, customer.external_ref, (None, None), 10)
    assert [(row["advisor_id"], row["starts_at"], row["ends_at"]) for row in rows] == [
        (second.id, now, None),
        (first.id, now - timedelta(days=60), now),
    ]
    assert (await load_of(session, first.id), await load_of(session, second.id)) == (0, CAP_S // 2 + 360)


async def test_second_change_within_thirty_days_says_when_it_is_possible(session: Session, now: datetime) -> None:
    first = await an_advisor(session)
    await an_advisor(session)
    await numbers(session, 2)
    customer = await a_customer(session, advisor=first)
    books, wish = Books(), Wish(customer.external_ref, "portal")
    await relationships.change(session, books, wish, now, new_id)

    with pytest.raises(ChangedLately) as refused:
        await relationships.change(session, books, wish, now + timedelta(days=29), new_id)
    again = await relationships.change(session, books, wish, now + timedelta(days=30), new_id)

    assert refused.value.facts["next_possible_at"] == (now + timedelta(days=30)).isoformat()
    assert again.advisor_id == first.id


async def test_without_an_alternative_the_advisor_stays(session: Session, now: datetime) -> None:
    only = await an_advisor(session)
    await numbers(session, 2)
    customer = await a_customer(session, advisor=only)

    with pytest.raises(NoAdvisorFits):
        await relationships.change(session, Books(), Wish(customer.external_ref, "portal"), now, new_id)

    (current,) = await relationships.history(session, customer.external_ref, (None, None), 10)
    assert (current["advisor_id"], current["ends_at"]) == (only.id, None)
    assert await load_of(session, only.id) == 360


async def test_ended_relationship_gives_back_what_was_booked(session: Session, now: datetime) -> None:
    advisor = await an_advisor(session)
    customer = await a_customer(session, advisor=advisor, expected_seconds=500)
    await session.execute("UPDATE customers SET expected_seconds = 900")

    await relationships.end(session, customer.external_ref, now)

    assert await load_of(session, advisor.id) == 0
    with pytest.raises(NoAdvisor):
        await relationships.end(session, customer.external_ref, now)


async def test_customer_may_come_back_in_the_same_instant(session: Session, now: datetime) -> None:
    await an_advisor(session)
    await numbers(session, 1)
    customer, books = await a_customer(session), Books()
    await activate(session, customer.external_ref, now, books)
    await relationships.end(session, customer.external_ref, now)

    again = await activate(session, customer.external_ref, now - timedelta(seconds=1), books)

    assert again.created
    assert again.since == now


async def test_many_at_once_get_one_outcome_each(session: Session, now: datetime) -> None:
    advisor = await an_advisor(session, cap_s=3 * 360)
    await numbers(session, 1)
    refs = [(await a_customer(session)).external_ref for _ in range(5)]
    wishes = [Wish(ref, "bulk") for ref in [*refs, refs[0], "nobody"]]

    outcomes = await relationships.activate_many(session, Books(), wishes, now, new_id)

    kinds = [type(outcome).__name__ for outcome in outcomes]
    assert kinds == ["Activated"] * 3 + ["NoAdvisorFits"] * 2 + ["Activated", "NotFound"]
    assert await load_of(session, advisor.id) == 3 * 360


async def _decision_of(session: Session, activated: Activated) -> Any:
    decision_id = await session.fetch_value(
        "SELECT decision_id FROM relationships WHERE id = $1", activated.relationship_id
    )
    return await decisions.get(session, decision_id)
