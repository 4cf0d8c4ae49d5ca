from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from simulation.figures import FinishedCall, FinishedCallback, Tally, of_log, report
from simulation.table import comparison
from tests.simulation.builders import a_call


def answered(waited_s: float = 5, **facts: Any) -> FinishedCall:
    return FinishedCall("answered", waited_s, talked_s=100, **facts)


def figures_of(*finished: FinishedCall | FinishedCallback, staffed_s: float = 1_000) -> dict[str, Any]:
    tally = Tally(staffed_s=staffed_s)
    for one in finished:
        tally.call(one) if isinstance(one, FinishedCall) else tally.callback(one)
    return tally.figures()


def a_report(**policy: Any) -> dict[str, Any]:
    return report(
        figures_of(answered(10), FinishedCall("abandoned", 9)) | policy, figures_of(answered(30)), 0, 900.0
    )


def test_within_20_seconds_by_three_formulas() -> None:
    figures = figures_of(answered(20), answered(21), FinishedCall("abandoned", 9), FinishedCall("promised", 12))

    assert figures["within_20s"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["within_20s_of_answered"] == 0.5
    assert figures["within_20s_of_offered"] == 0.25


def test_abandonment_of_those_on_the_line_and_of_all() -> None:
    figures = figures_of(
        answered(), FinishedCall("abandoned", 9), FinishedCall("promised"), FinishedCall("promised")
    )

    assert (figures["abandonment"], figures["abandonment_of_offered"]) == (0.5, 0.25)


def test_own_share_counts_at_once_and_kept_callbacks_of_the_own_advisor() -> None:
    figures = figures_of(
        answered(known=True, by_own=True),
        answered(known=True),
        answered(),
        FinishedCall("abandoned", 9, known=True),
        *[FinishedCall("promised", known=True)] * 5,
        FinishedCallback("kept", 60, by_own=True),
        FinishedCallback("kept", 60, by_own=False),
        FinishedCallback("late", 60, by_own=True),
        FinishedCallback("settled"),
        FinishedCallback("open"),
    )

    assert figures["own_advisor_share"] == 0.25  # two of eight calls of known customers
    outcomes = {kind: count for kind, count in figures["callbacks"].items() if count}
    assert outcomes == {"promised": 5, "kept": 2, "late": 1, "open": 1, "settled": 1}
    assert figures["known"] == {"known": 8, "own_at_once": 1, "own_by_callback": 1}


def test_a_callback_that_two_calls_were_joined_in_handles_both() -> None:
    promised = [FinishedCall("promised", known=True)] * 2

    assert figures_of(*promised, FinishedCallback("kept", 60, by_own=True, calls=2))["own_advisor_share"] == 1.0


def test_an_unknown_caller_has_no_own_advisor() -> None:
    assert figures_of(answered(known=False, by_own=True), answered(known=True))["own_advisor_share"] == 0.0


def test_who_calls_while_closed_is_part_of_no_share() -> None:
    figures = figures_of(answered(), FinishedCall("closed", known=True))

    assert (figures["within_20s"], figures["calls"]["offered"], figures["calls"]["closed"]) == (1.0, 1, 1)
    assert figures["known"]["known"] == 0


def test_occupancy_counts_callbacks_as_work() -> None:
    assert figures_of(answered(), FinishedCallback("kept", 150), staffed_s=1_000)["occupancy"] == 0.25


def test_speed_of_answer_is_the_mean_of_the_answered() -> None:
    assert figures_of(answered(10), answered(25), FinishedCall("abandoned", 500))["speed_of_answer_s"] == 17.5


def test_nothing_at_all_is_no_error() -> None:
    figures = Tally().figures()

    assert figures["own_advisor_share"] == figures["within_20s"] == figures["occupancy"] == 0.0


def flat(figures: dict[str, Any]) -> dict[str, float]:
    nested = {
        f"{key}.{kind}": count for key in ("callbacks", "calls", "known") for kind, count in figures[key].items()
    }
    return nested | {key: value for key, value in figures.items() if isinstance(value, float)}


finished_calls = st.builds(
    FinishedCall,
    st.sampled_from(["answered", "abandoned", "closed"]),
    st.floats(0, 600),
    st.floats(0, 600),
    st.booleans(),
    st.booleans(),
)
kept_promises = st.tuples(
    st.builds(FinishedCall, st.just("promised"), st.floats(0, 60), known=st.just(True)),
    st.builds(
        FinishedCallback, st.sampled_from(["kept", "late", "open", "settled"]), st.floats(0, 600), st.booleans()
    ),
)


@given(st.lists(finished_calls), st.lists(kept_promises), st.randoms(use_true_random=False))
def test_every_share_is_one_and_the_order_does_not_matter(
    calls: list[FinishedCall], promises: list[tuple[FinishedCall, FinishedCallback]], dice: Any
) -> None:
    finished = [*calls, *(one for pair in promises for one in pair)]
    shuffled = dice.sample(finished, len(finished))

    figures = figures_of(*finished)

    assert all(0 <= value <= 1 for key, value in figures.items() if "share" in key or "within" in key)
    assert 0 <= figures["abandonment_of_offered"] <= figures["abandonment"] <= 1
    assert figures["callbacks"]["promised"] == figures["calls"]["promised"] == len(promises)
    assert flat(figures_of(*shuffled)) == pytest.approx(flat(figures), abs=0.11)  # what rounding may turn


def test_a_log_has_figures_of_its_own() -> None:
    calls = [a_call(waited_s=10, service_s=50), a_call(waited_s=30, service_s=50)]
    calls.append(a_call(outcome="abandoned", waited_s=9))

    figures = of_log(calls, staffed_s=200)

    assert (figures["within_20s"], figures["abandonment"]) == (
        pytest.approx(1 / 3, abs=1e-4),
        figures["within_20s"],
    )
    assert (figures["speed_of_answer_s"], figures["occupancy"]) == (20.0, 0.5)


def test_the_report_has_the_keys_that_are_promised() -> None:
    made = report(figures_of(answered(10)), figures_of(answered(30)), 0, 812.34, seed=7)

    keys = {"own_advisor_share", "within_20s", "abandonment", "speed_of_answer_s", "occupancy", "callbacks"}
    assert keys <= set(made["policy"]) & set(made["baseline"])
    assert {"promised", "kept", "late", "open"} <= set(made["policy"]["callbacks"])
    assert (made["violations"], made["speedup"], made["seed"]) == (0, 812.3, 7)
    assert json.loads(json.dumps(made)) == made


def test_the_change_is_in_points_and_for_abandonment_relative() -> None:
    better = {"own_advisor_share": 0.39, "within_20s": 0.755, "abandonment": 0.061}
    worse = {"own_advisor_share": 0.065, "within_20s": 0.70, "abandonment": 0.080}

    change = report(better, worse, 0, 1)["change"]

    assert change == {
        "own_advisor_share_points": 32.5,
        "within_20s_points": 5.5,
        "abandonment_relative": -0.2375,
    }


def printed(made: dict[str, Any], *notes: str, width: int = 80) -> str:
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as captured:
        console.print(comparison(made, notes))
    return captured.get()


def test_the_table_fits_in_80_columns_with_nothing_cut_off() -> None:
    widest = {"own_advisor_share": 1.0, "within_20s": 1.0, "abandonment": 1.0, "abandonment_of_offered": 1.0}
    low = figures_of(*[answered(30)] * 200, FinishedCall("abandoned", 5))
    many = {"callbacks": {"promised": 1_234_567, "kept": 1_234_567}}

    text = printed(report(figures_of() | widest | many, low, 0, 98_765.0), "A note. " * 30)

    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    assert "…" not in text


def test_the_table_sets_policy_beside_baseline_with_the_difference() -> None:
    better = {"own_advisor_share": 0.39, "within_20s": 0.755, "abandonment": 0.06, "speed_of_answer_s": 12.0}
    worse = {"own_advisor_share": 0.065, "within_20s": 0.70, "abandonment": 0.08, "speed_of_answer_s": 24.5}
    nothing = figures_of()

    text = printed(report(nothing | better, nothing | worse, 0, 900.0), "31 rows were odd.")

    rows = [" ".join(line.replace("│", " ").split()) for line in text.splitlines()]
    assert "Own advisor, known callers 39.0% 6.5% +32.5 pts" in rows
    assert "Within 20 s, on the line 75.5% 70.0% +5.5 pts" in rows
    assert "Abandoned, on the line 6.0% 8.0% -2.0 pts (-25%)" in rows
    assert "Speed of answer 12.0 s 24.5 s -12.5 s" in rows
    assert "· 31 rows were odd." in text
    assert "Violations of invariants: 0" in text
    assert "900 times" in text
