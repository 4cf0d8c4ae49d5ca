"""What holds for every book and every row of customers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from routing.activation import Book, Choice, choose, choose_many, pick
from routing.problem import ActivationNeed, BookAdvisor, Need
from routing.rules import BOOK_RULES, book_veto
from tests.routing.builders import EVENINGS, OFFICE_HOURS, a_customer, an_advisor, an_id

TAGS, SUBJECTS, MARKETS = ("de", "en"), ("hosting", "dns"), ("DE", "ES")
HOURS = st.sampled_from((0, OFFICE_HOURS, EVENINGS, OFFICE_HOURS | EVENINGS))
MOSTLY = st.sampled_from((True, True, True, False))


@st.composite
def advisors(draw: st.DrawFn, number: int) -> BookAdvisor:
    return an_advisor(
        an_id(number),
        markets=draw(st.lists(st.sampled_from(MARKETS), min_size=1, unique=True)),
        languages=draw(st.lists(st.sampled_from(TAGS), min_size=1, unique=True)),
        skills=draw(st.dictionaries(st.sampled_from(SUBJECTS), st.integers(1, 5))),
        hours=draw(HOURS),
        load_s=draw(st.integers(0, 2_000)),
        cap_s=draw(st.integers(1_000, 3_000)),
        target_s=draw(st.integers(1, 2_500)),
        leaving=not draw(MOSTLY),
    )


@st.composite
def crowds(draw: st.DrawFn) -> list[BookAdvisor]:
    return [draw(advisors(number)) for number in range(1, draw(st.integers(1, 9)))]


@st.composite
def customers(draw: st.DrawFn) -> ActivationNeed:
    return a_customer(
        market=draw(st.sampled_from(MARKETS)),
        languages=tuple(draw(st.lists(st.sampled_from(TAGS), unique=True))),
        needs=tuple(Need(s, draw(st.integers(1, 5))) for s in SUBJECTS if not draw(MOSTLY)),
        hours=draw(HOURS),
        expected_s=draw(st.integers(0, 900)),
        tried=frozenset(draw(st.lists(st.sampled_from([an_id(n) for n in range(1, 5)]), max_size=2))),
    )


def may_have(advisor: BookAdvisor, customer: ActivationNeed) -> bool:
    """The hard rules written once more, plainly."""
    fits = advisor.load_s + customer.expected_s <= advisor.cap_s
    speaks = not customer.languages or bool(advisor.languages & set(customer.languages))
    skilled = all(advisor.skills.get(skill, 0) >= level for skill, level in customer.needs)
    allowed = not advisor.leaving and advisor.id not in customer.tried and customer.market in advisor.markets
    return fits and speaks and skilled and allowed


@given(crowds(), st.lists(customers(), max_size=15))
def test_no_customer_is_given_to_somebody_whom_a_rule_removes_and_no_book_over_its_cap(
    crowd: list[BookAdvisor], arrivals: list[ActivationNeed]
) -> None:
    book = Book(crowd)
    room = [max(advisor.cap_s, advisor.load_s) for advisor in crowd]

    for customer in arrivals:
        eligible = [place for place in range(len(book)) if may_have(book.advisor(place), customer)]
        choice = next(iter(choose_many(book, [customer])))
        assert isinstance(choice, Choice) == bool(eligible)
        assert not isinstance(choice, Choice) or choice.index in eligible

    assert all(load <= most for load, most in zip(book.load_s.tolist(), room, strict=True))


@given(crowds(), customers())
def test_columns_and_persons_are_judged_by_the_same_rules(
    crowd: list[BookAdvisor], customer: ActivationNeed
) -> None:
    book = Book(crowd)

    columns = book.vetoed(customer)

    assert list(columns) == [rule.__name__ for rule in BOOK_RULES]
    for rule in BOOK_RULES:
        persons = [rule(advisor, customer) is not None for advisor in crowd]
        assert columns[rule.__name__].tolist() == persons


@given(crowds(), customers())
def test_the_choice_is_the_smallest_cost_and_the_first_among_equals(
    crowd: list[BookAdvisor], customer: ActivationNeed
) -> None:
    book = Book(crowd)
    costs = [
        float(book.profiles.misfit(customer)[place] + book.prices()[place])
        if may_have(advisor, customer)
        else np.inf
        for place, advisor in enumerate(crowd)
    ]

    choice = choose(book, customer)

    if isinstance(choice, Choice):
        assert costs[choice.index] <= min(costs) + 1e-9
        assert choice.explanation.candidates[0].advisor == choice.advisor
        assert pick(book, customer) == choice.index
    else:
        assert min(costs, default=np.inf) == np.inf
        assert pick(book, customer) is None


@given(crowds(), customers())
def test_counts_and_list_of_the_removed_agree(crowd: list[BookAdvisor], customer: ActivationNeed) -> None:
    book = Book(crowd)

    explanation = choose(book, customer).explanation

    listed = [out.rule for out in explanation.removed]
    assert explanation.removed_by == {rule: listed.count(rule) for rule in set(listed)}
    assert len(listed) == sum(book_veto(advisor, customer) is not None for advisor in crowd)


@given(crowds(), customers())
def test_the_same_question_has_the_same_answer(crowd: list[BookAdvisor], customer: ActivationNeed) -> None:
    assert choose(Book(crowd), customer) == choose(Book(crowd), customer)
