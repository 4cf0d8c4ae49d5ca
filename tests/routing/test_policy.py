"""How demands relax with waiting, and policies that can't be meant."""

from __future__ import annotations

from typing import Any

import pytest

from routing.policy import Need, PolicyRefused, RoutingPolicy, Weights

NEEDS = (Need("hosting", 3), Need("dns", 1))


@pytest.mark.parametrize(
    ("waited_s", "left"),
    [
        (0, NEEDS),
        (59, NEEDS),
        (60, (Need("hosting", 2), Need("dns", 1))),
        (119, (Need("hosting", 2), Need("dns", 1))),
        (120, (Need("hosting", 1), Need("dns", 1))),
        (239, (Need("hosting", 1), Need("dns", 1))),
        (240, ()),
    ],
)
def test_demands_on_levels_come_down_to_1_and_are_waived_at_last(waited_s: float, left: tuple[Need, ...]) -> None:
    assert RoutingPolicy().needs_after(NEEDS, waited_s) == left


def test_a_skill_that_is_never_waived_stays_at_level_1() -> None:
    policy = RoutingPolicy(skill_waived_after_s=None)

    assert policy.needs_after(NEEDS, 10_000) == (Need("hosting", 1), Need("dns", 1))


def test_the_language_is_never_waived_unless_the_market_says_so() -> None:
    assert RoutingPolicy().languages_after(("de",), 10_000) == ("de",)
    assert RoutingPolicy(language_relax_after_s=300).languages_after(("de",), 300) == ()


def test_neighbours_are_let_in_one_after_the_other_and_at_once_where_nobody_is_at_work() -> None:
    policy = RoutingPolicy(neighbours_after_s=30, neighbour_step_s=10)

    assert [policy.let_in_after_s(ring, group_at_work=True) for ring in range(4)] == [0, 30, 40, 50]
    assert [policy.let_in_after_s(ring, group_at_work=False) for ring in range(4)] == [0, 0, 10, 20]


def test_the_steps_are_the_waits_at_which_a_demand_changes() -> None:
    policy = RoutingPolicy(neighbours_after_s=30, language_relax_after_s=500)

    steps = set(policy.steps(NEEDS, rings=2, group_at_work=True))

    assert steps == {30, 60, 120, 240, 500, 900}


def test_a_hold_lasts_what_was_told_and_a_little_more_but_never_too_long() -> None:
    policy = RoutingPolicy(hold_max_s=120, hold_grace_s=30)

    assert policy.hold_limit_s(40) == 70
    assert policy.hold_limit_s(110) == 120
    assert policy.hold_limit_s(None) == 120


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("ring_timeout_s", {"ring_timeout_s": 0}),
        ("choice_attempts", {"choice_attempts": 0}),
        ("neighbours_after_s", {"neighbours_after_s": -1}),
        ("skill_relax_step_s", {"skill_relax_step_s": 0}),
        ("skill_waived_after_s", {"skill_relax_after_s": 60, "skill_waived_after_s": 59}),
        ("max_wait_s", {"max_wait_s": 0}),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_by_name(field: str, settings: dict[str, Any]) -> None:
    with pytest.raises(PolicyRefused) as refused:
        RoutingPolicy(**settings)

    assert refused.value.field == field


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_a_weight_is_a_finite_number(weight: float) -> None:
    with pytest.raises(PolicyRefused, match=r"weights\.idle"):
        Weights(idle=weight)
