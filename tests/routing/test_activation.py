"""Who becomes whose advisor, as stories."""

from __future__ import annotations

from dataclasses import replace

import pytest

from routing.activation import Book, Choice, NobodyEligible, choose, choose_many, pick
from routing.plan import Change
from routing.problem import Need
from tests.routing.builders import (
    ANNA,
    BEN,
    CARLA,
    EVENINGS,
    OFFICE_HOURS,
    a_customer,
    an_advisor,
    an_id,
    week_hours,
)

CUSTOMER = a_customer()


def chosen(choice: Choice | NobodyEligible) -> Choice:
    assert isinstance(choice, Choice), choice
    return choice


def nobody(choice: Choice | NobodyEligible) -> NobodyEligible:
    assert isinstance(choice, NobodyEligible), choice
    return choice


def test_the_advisor_who_fits_is_chosen_and_the_customer_may_read_why() -> None:
    book = Book([an_advisor(ANNA, hours=EVENINGS), an_advisor(BEN)])

    choice = chosen(choose(book, CUSTOMER))

    assert choice.advisor == BEN
    assert [reason.code for reason in choice.reasons] == [
        "speaks_de",
        "skill_hosting_3",
        "hours_overlap",
        "balanced",
    ]


def test_a_full_book_outweighs_a_better_fit() -> None:
    fits, has_time = an_advisor(ANNA, load_s=30_000), an_advisor(BEN, hours=week_hours(range(5), 10, 17))

    assert chosen(choose(Book([fits, has_time]), CUSTOMER)).advisor == BEN
    assert chosen(choose(Book([replace(fits, load_s=0), has_time]), CUSTOMER)).advisor == ANNA


def test_a_reason_is_given_only_where_it_holds() -> None:
    loaded = Book([an_advisor(ANNA, load_s=30_000, hours=EVENINGS), an_advisor(BEN, markets=["ES"])])

    codes = [reason.code for reason in chosen(choose(loaded, CUSTOMER)).reasons]

    assert codes == ["speaks_de", "skill_hosting_3"]


def test_equals_are_chosen_in_their_order() -> None:
    assert chosen(choose(Book([an_advisor(BEN), an_advisor(ANNA)]), CUSTOMER)).advisor == BEN


def test_choosing_changes_nothing_until_the_customer_is_given() -> None:
    book = Book([an_advisor(ANNA), an_advisor(BEN)])

    assert choose(book, CUSTOMER) == choose(book, CUSTOMER)
    book.give(0, CUSTOMER.expected_s)

    assert chosen(choose(book, CUSTOMER)).advisor == BEN


def test_a_change_of_advisor_never_leads_back_to_the_present_one() -> None:
    book = Book([an_advisor(ANNA), an_advisor(BEN, hours=EVENINGS)])

    assert chosen(choose(book, a_customer(tried=frozenset({ANNA})))).advisor == BEN


def test_one_after_the_other_in_bulk_fills_the_books_evenly_and_stops_at_the_cap() -> None:
    cap_s = 10 * CUSTOMER.expected_s
    book = Book([an_advisor(an_id(number), cap_s=cap_s) for number in range(1, 6)])

    choices = list(choose_many(book, [CUSTOMER] * 51))

    assert [type(choice) for choice in choices] == [Choice] * 50 + [NobodyEligible]
    assert book.load_s.tolist() == [cap_s] * 5
    assert [chosen(choice).index for choice in choices[:5]] == [0, 1, 2, 3, 4]


def test_a_part_time_book_fills_in_proportion_to_its_target() -> None:
    book = Book([an_advisor(ANNA, target_s=36_000), an_advisor(BEN, target_s=18_000)])

    for _ in choose_many(book, [CUSTOMER] * 90):
        pass

    assert (book.load_s / CUSTOMER.expected_s).tolist() == [60, 30]


# Prices


def test_giving_raises_one_price_and_lowers_all_so_that_nothing_is_made_dearer_as_a_whole() -> None:
    book = Book([an_advisor(ANNA), an_advisor(BEN, target_s=18_000)])

    book.give(1, 360)

    assert book.prices().tolist() == pytest.approx([-3 * 360 / 54_000, 3 * 360 / 18_000 - 3 * 360 / 54_000])
    assert float(book.prices() @ book.target_s) == pytest.approx(0)


def test_prices_that_adapted_are_those_that_the_loads_alone_make() -> None:
    advisors = [an_advisor(ANNA), an_advisor(BEN, target_s=18_000), an_advisor(CARLA, hours=EVENINGS)]
    book = Book(advisors)
    for _ in choose_many(book, [CUSTOMER] * 40):
        pass

    anew = Book([book.advisor(place) for place in range(3)])
    from_loads = Book([replace(book.advisor(place), price=None) for place in range(3)])

    assert anew.prices().tolist() == pytest.approx(book.prices().tolist())
    assert from_loads.prices().tolist() == pytest.approx(book.prices().tolist())


def test_the_gain_grows_with_the_number_of_advisors() -> None:
    many = [an_advisor(an_id(number)) for number in range(1, 601)]

    assert Book(many).gain == 6
    assert Book(many, eta=0.3).gain == 3
    assert Book(many[:10]).gain == 3


def test_a_stored_price_decides_where_there_is_one() -> None:
    dear = an_advisor(ANNA, price=0.5)

    assert chosen(choose(Book([dear, an_advisor(BEN, price=0.4)]), CUSTOMER)).advisor == BEN


def test_a_load_read_anew_corrects_book_and_price() -> None:
    book = Book([an_advisor(ANNA), an_advisor(BEN)])

    book.correct(ANNA, 39_600)

    assert book.advisor(0).load_s == 39_600
    assert chosen(choose(book, CUSTOMER)).advisor == BEN
    book.correct(ANNA, 0)
    assert book.prices().tolist() == pytest.approx([0, 0])


def test_somebody_who_stays_needs_a_target() -> None:
    with pytest.raises(ValueError, match="target_s"):
        Book([an_advisor(ANNA, target_s=0)])

    assert nobody(choose(Book([an_advisor(ANNA, target_s=0, leaving=True)]), CUSTOMER)).bottleneck == "not_leaving"


# The record


def test_the_record_names_the_candidates_their_terms_and_what_would_have_changed_it() -> None:
    book = Book([an_advisor(ANNA), an_advisor(BEN, hours=EVENINGS), an_advisor(CARLA, markets=["ES"])])

    choice = chosen(choose(book, CUSTOMER))

    first, second = choice.explanation.candidates
    assert (first.advisor, second.advisor) == (ANNA, BEN)
    assert first.score == first.terms["misfit"] + first.terms["price"]
    assert choice.explanation.runner_up == BEN
    assert choice.explanation.removed_by == {"serves_the_market": 1}
    assert [(out.advisor, out.rule) for out in choice.explanation.removed] == [(CARLA, "serves_the_market")]
    below = first.score - second.terms["misfit"]
    assert choice.explanation.would_change == (Change("price_of", BEN, {"below": below}),)


def test_what_would_have_changed_it_really_would() -> None:
    advisors = [an_advisor(ANNA), an_advisor(BEN, hours=EVENINGS)]
    change = chosen(choose(Book(advisors), CUSTOMER)).explanation.would_change[0]
    below = change.args["below"]
    assert isinstance(below, float)

    cheaper = Book([advisors[0], replace(advisors[1], price=below - 0.001)])
    not_enough = Book([advisors[0], replace(advisors[1], price=below + 0.001)])

    assert chosen(choose(cheaper, CUSTOMER)).advisor == BEN
    assert chosen(choose(not_enough, CUSTOMER)).advisor == ANNA


def test_a_better_advisor_whose_book_is_full_is_named() -> None:
    full = an_advisor(ANNA, load_s=100, cap_s=300)

    choice = chosen(choose(Book([full, an_advisor(BEN, hours=EVENINGS)]), CUSTOMER))

    assert choice.advisor == BEN
    assert choice.explanation.would_change == (Change("book_has_room", ANNA, {"for_s": 360}),)


def test_a_large_book_counts_who_was_removed_and_shows_five_candidates() -> None:
    crowd = [an_advisor(an_id(number), markets=["DE" if number % 2 else "ES"]) for number in range(1, 101)]

    explanation = chosen(choose(Book(crowd), CUSTOMER)).explanation

    assert [candidate.advisor for candidate in explanation.candidates] == [an_id(n) for n in (1, 3, 5, 7, 9)]
    assert explanation.removed == ()
    assert explanation.removed_by == {"serves_the_market": 50}


# Nobody


def test_nobody_eligible_names_the_rule_that_stands_in_the_way() -> None:
    book = Book(
        [
            an_advisor(ANNA, load_s=39_600),
            an_advisor(BEN, load_s=39_600),
            an_advisor(CARLA, skills={}),
        ]
    )

    answer = nobody(choose(book, CUSTOMER))

    assert answer.bottleneck == "book_has_room"
    assert answer.freed_without == {"has_the_skill": 1, "book_has_room": 2}
    assert answer.explanation.removed_by == {"has_the_skill": 1, "book_has_room": 2}
    assert [change.advisor for change in answer.explanation.would_change] == [ANNA, BEN]


def test_where_several_rules_stand_against_everybody_none_is_to_blame() -> None:
    book = Book([an_advisor(ANNA, skills={}, languages=["es"])])

    answer = nobody(choose(book, CUSTOMER))

    assert answer.bottleneck is None
    assert answer.explanation.removed_by == {"speaks_the_language": 1}


def test_an_empty_book_has_nobody() -> None:
    assert nobody(choose(Book([]), CUSTOMER)).bottleneck is None
    assert pick(Book([]), CUSTOMER) is None


def test_a_demand_above_every_level_finds_nobody() -> None:
    book = Book([an_advisor(ANNA, skills={"hosting": 4}, hours=OFFICE_HOURS)])

    assert nobody(choose(book, a_customer(needs=(Need("hosting", 5),)))).bottleneck == "has_the_skill"
