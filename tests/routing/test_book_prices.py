"""The prices are duals: with them everybody would choose, alone, the advisor whom the flow gave them."""

from __future__ import annotations

import numpy as np
import pytest

from bench.made_up_book import made_up_book
from routing.book_balance import balance_of
from routing.book_classes import classes_of, matter_of, stays_of
from routing.book_flow import network_of, solve_flow
from routing.book_prices import prices_of


def test_each_class_goes_where_misfit_and_price_are_least_and_fuller_books_are_dearer() -> None:
    matter = matter_of(made_up_book(3_000, 40, 1, {"all": 1}))
    balance, classes = balance_of(matter), classes_of(matter)
    network = network_of(matter, balance, classes, stays_of(matter, classes))
    flows = solve_flow(network)

    prices = prices_of(balance, network, flows)

    used = flows.serve > 0
    clas, advisor = network.serve.tail[used], network.advisor[used]
    costs = matter.misfit[classes.need] + prices
    assert costs[clas, advisor] == pytest.approx(costs.min(axis=1)[clas], abs=1e-5)
    load_s = np.bincount(advisor, flows.serve[used], len(prices)).astype(np.int64)
    by_fill = prices[np.argsort(load_s / balance.share_s)]
    assert np.diff(by_fill).min() > -0.11  # a step of the curve is 0.1
    assert prices @ balance.target_s == pytest.approx(0, abs=1e-6 * balance.target_s.sum())
