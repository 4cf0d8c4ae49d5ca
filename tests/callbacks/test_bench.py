from __future__ import annotations

from bench.callbacks import measure


def test_every_promise_that_can_be_kept_is_taken_and_more_than_by_who_comes_first() -> None:
    told = measure(advisors=2, wishes=200, seed=7)

    assert (told["accepted_share_of_feasible"], told["of_optimum"]) == (1.0, 1.0)
    assert told["first_come_of_optimum"] < 1.0
    assert told["check_p50_ms"] > 0
