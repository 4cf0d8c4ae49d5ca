"""Each hard rule with two people in it: one whom it lets pass, and one whom it removes."""

from __future__ import annotations

import pytest

from routing import rules
from routing.problem import BookAdvisor, Need, Person
from routing.rules import BOOK_RULES, CONTACT_RULES, Asked, Veto
from tests.routing.builders import AN_HOUR_AGO, ANNA, BEN, NOW, a_customer, a_person, an_advisor

ASKED = Asked("DE", ("de",), (Need("hosting", 3),))


@pytest.mark.parametrize(
    ("rule", "passes", "removed", "args"),
    [
        (rules.not_excluded, a_person(ANNA), a_person(BEN, excluded=True), {}),
        (
            rules.not_absent,
            a_person(ANNA),
            a_person(BEN, has_absence=True, absent_until=NOW),
            {"until": NOW},
        ),
        (
            rules.is_available,
            a_person(ANNA),
            a_person(BEN, state="break"),
            {"state": "break", "since": AN_HOUR_AGO},
        ),
        (rules.has_capacity, a_person(ANNA), a_person(BEN, free_for_channel=False), {}),
        (rules.serves_the_market, a_person(ANNA), a_person(BEN, markets=["ES"]), {"market": "DE"}),
        (rules.speaks_the_language, a_person(ANNA), a_person(BEN, languages=["es"]), {"languages": ("de",)}),
        (
            rules.has_the_skill,
            a_person(ANNA, skills={"hosting": 3}),
            a_person(BEN, skills={"hosting": 2}),
            {"skill": "hosting", "needs": 3, "has": 2},
        ),
    ],
)
def test_a_rule_for_contacts_removes_one_and_not_the_other(
    rule: rules.ContactRule, passes: Person, removed: Person, args: dict[str, object]
) -> None:
    assert rule(passes, ASKED) is None

    veto = rule(removed, ASKED)

    assert veto is not None
    assert veto.args == args
    assert rules.veto(passes, ASKED) is None
    assert rules.veto(removed, ASKED) == veto


@pytest.mark.parametrize(
    ("rule", "passes", "removed", "args"),
    [
        (rules.not_leaving, an_advisor(ANNA), an_advisor(BEN, leaving=True), {}),
        (rules.serves_the_market, an_advisor(ANNA), an_advisor(BEN, markets=["US"]), {"market": "DE"}),
        (
            rules.speaks_the_language,
            an_advisor(ANNA),
            an_advisor(BEN, languages=["en"]),
            {"languages": ("de",)},
        ),
        (
            rules.has_the_skill,
            an_advisor(ANNA),
            an_advisor(BEN, skills={}),
            {"skill": "hosting", "needs": 2, "has": 0},
        ),
        (rules.not_already_tried, an_advisor(ANNA), an_advisor(BEN), {}),
        (
            rules.book_has_room,
            an_advisor(ANNA, load_s=640, cap_s=1000),
            an_advisor(BEN, load_s=641, cap_s=1000),
            {"needs_s": 360, "has_s": 359},
        ),
    ],
)
def test_a_rule_for_books_removes_one_and_not_the_other(
    rule: rules.BookRule, passes: BookAdvisor, removed: BookAdvisor, args: dict[str, object]
) -> None:
    customer = a_customer(tried=frozenset({BEN}) if rule is rules.not_already_tried else frozenset())
    assert rule(passes, customer) is None

    veto = rule(removed, customer)

    assert veto is not None
    assert veto.args == args
    assert rules.book_veto(passes, customer) is None
    assert rules.book_veto(removed, customer) == veto


def test_a_second_language_of_the_customer_will_do() -> None:
    asked = Asked("DE", ("tr", "de"), ())

    assert rules.speaks_the_language(a_person(ANNA), asked) is None


def test_a_contact_that_demands_nothing_is_open_to_everybody_at_the_desk() -> None:
    assert rules.veto(a_person(ANNA, languages=[], skills={}), Asked("DE", (), ())) is None


def test_somebody_against_whom_much_stands_is_removed_by_the_first_rule_and_all_are_listed() -> None:
    ben = a_person(BEN, state="break", languages=["es"], excluded=True)

    assert rules.veto(ben, ASKED) == Veto("not_already_tried", {})
    assert [veto.rule for veto in rules.vetoes(ben, ASKED)] == [
        "not_already_tried",
        "is_available",
        "speaks_the_language",
    ]


def test_the_list_at_the_head_of_the_file_names_every_rule() -> None:
    listed = rules.__doc__ or ""

    for rule in (*CONTACT_RULES[1:], *BOOK_RULES):
        assert rule.__name__ in listed
