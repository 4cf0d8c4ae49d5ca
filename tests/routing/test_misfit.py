"""How badly a customer fits an advisor, with two people each, and the columns against the rules for persons."""

from __future__ import annotations

import numpy as np
import pytest

from routing.misfit import HEADROOM, WEIGHTS, Profiles
from routing.problem import ActivationNeed, BookAdvisor, Need
from tests.routing.builders import (
    ANNA,
    BEN,
    EVENINGS,
    OFFICE_HOURS,
    a_customer,
    an_advisor,
    an_id,
    week_hours,
)


@pytest.mark.parametrize(
    ("better", "worse", "customer"),
    [
        (
            an_advisor(ANNA, skills={"hosting": 3}),
            an_advisor(BEN, skills={"hosting": 2}),
            a_customer(needs=(Need("hosting", 2),)),
        ),
        (
            an_advisor(ANNA, skills={"hosting": 3}),
            an_advisor(BEN, skills={"hosting": 5}),
            a_customer(needs=(Need("hosting", 2),)),
        ),
        (
            an_advisor(ANNA, languages=["de"]),
            an_advisor(BEN, languages=["en"]),
            a_customer(languages=("de", "en")),
        ),
        (an_advisor(ANNA, hours=OFFICE_HOURS), an_advisor(BEN, hours=EVENINGS), a_customer()),
    ],
    ids=["one_level_to_spare", "experts_are_kept", "first_language", "hours_that_overlap"],
)
def test_the_better_fit_has_the_smaller_misfit(
    better: BookAdvisor, worse: BookAdvisor, customer: ActivationNeed
) -> None:
    misfit = Profiles([worse, better]).misfit(customer)

    assert misfit[1] < misfit[0]


def test_every_term_is_known_exactly() -> None:
    mornings = week_hours(range(5), 9, 13)
    anna = an_advisor(ANNA, skills={"hosting": 5, "dns": 2}, languages=["en"], hours=mornings)
    customer = a_customer(needs=(Need("hosting", 2), Need("dns", 2)), languages=("de", "en"))

    terms = {name: column[0] for name, column in Profiles([anna]).terms(customer).items()}

    assert terms["skill"] == pytest.approx(WEIGHTS["skill"] * (HEADROOM[3] + HEADROOM[0]) / 2)
    assert terms["language"] == pytest.approx(WEIGHTS["language"] / 2)
    assert terms["hours"] == pytest.approx(WEIGHTS["hours"] / 2)


def test_every_hour_of_the_week_counts_for_itself() -> None:
    hours = [1 << hour for hour in range(168)]
    profiles = Profiles([an_advisor(an_id(place + 1), hours=hour) for place, hour in enumerate(hours)])

    for place, hour in enumerate(hours):
        apart = profiles.terms(a_customer(hours=hour))["hours"]
        assert np.flatnonzero(apart == 0).tolist() == [place]


def test_a_customer_of_whom_nothing_is_known_fits_everybody_of_the_market() -> None:
    profiles = Profiles([an_advisor(ANNA), an_advisor(BEN, markets=["ES"])])

    fit = profiles.fit(ActivationNeed("DE"))

    assert fit.misfit.tolist() == [0, float("inf")]
    assert fit.removed_by == {"serves_the_market": 1}


def test_a_skill_language_or_market_that_nobody_has_removes_everybody() -> None:
    profiles = Profiles([an_advisor(ANNA), an_advisor(BEN)])

    assert profiles.fit(a_customer(needs=(Need("juggling", 1),))).removed_by == {"has_the_skill": 2}
    assert profiles.fit(a_customer(languages=("tlh",))).removed_by == {"speaks_the_language": 2}
    assert profiles.fit(a_customer(market="XX")).removed_by == {"serves_the_market": 2}


def test_customers_who_ask_alike_share_a_row_whatever_they_weigh() -> None:
    profiles = Profiles([an_advisor(ANNA)])

    light, heavy = a_customer(expected_s=60), a_customer(expected_s=900, tried=frozenset({ANNA}))

    assert profiles.fit(light) is profiles.fit(heavy)


def test_some_places_have_the_terms_of_the_whole_column() -> None:
    profiles = Profiles([an_advisor(ANNA), an_advisor(BEN, hours=EVENINGS), an_advisor(ANNA, languages=["en"])])
    customer = a_customer(languages=("de", "en"))

    whole = profiles.terms(customer)

    for name, column in profiles.terms(customer, np.array([2, 0])).items():
        assert column.tolist() == [whole[name][2], whole[name][0]]
