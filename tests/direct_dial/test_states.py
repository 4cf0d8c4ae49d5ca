from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from direct_dial.states import NUMBER, quarantined_until

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_number_goes_round_and_rests_before_it_is_free() -> None:
    state, seen = "free", []
    for _ in range(4):
        (state,) = NUMBER.transitions[state]
        seen.append(state)

    assert seen == ["assigned", "redirected", "quarantined", "free"]


@pytest.mark.parametrize(("market_days", "days"), [(0, 90), (90, 90), (180, 180)])
def test_a_market_may_ask_for_a_longer_rest_but_not_for_a_shorter_one(market_days: int, days: int) -> None:
    assert quarantined_until(NOW, timedelta(days=market_days)) == NOW + timedelta(days=days)
