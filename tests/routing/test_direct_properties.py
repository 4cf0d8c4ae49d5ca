"""What holds for every contact, checked by code that shares nothing with the rules."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from routing.direct import decide, longest_idle_anyone
from routing.plan import Explain, Offer, Plan, Wait
from routing.policy import Need, RoutingPolicy
from routing.problem import ContactProblem, Id, Person
from tests.routing.builders import (
    AN_HOUR_AGO,
    DESK,
    GENERAL,
    NEXT_DESK,
    NOW,
    THIRD_DESK,
    a_call,
    a_group,
    a_person,
    an_id,
)

STATES = ("available", "available", "offered", "in_contact", "wrap_up", "break", "not_responding", "offline")
TAGS, SUBJECTS, MARKETS = ("de", "es"), ("hosting", "dns"), ("DE", "ES")
WAITS = st.sampled_from((0, 10, 29, 30, 31, 60, 120, 239, 240, 500, 899, 900, 2000))
MOSTLY = st.sampled_from((True, True, True, False))


def languages() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(TAGS), unique=True, max_size=2)


@st.composite
def people(draw: st.DrawFn, number: int) -> Person:
    return a_person(
        an_id(number),
        state=draw(st.sampled_from(STATES)),
        languages=draw(languages()),
        markets=["DE"] if draw(MOSTLY) else ["ES"],
        skills=draw(st.dictionaries(st.sampled_from(SUBJECTS), st.integers(1, 5))),
        has_absence=not draw(MOSTLY),
        free_for_channel=draw(MOSTLY),
        excluded=not draw(MOSTLY),
        familiarity=draw(st.integers(0, 3)),
        idle_since=draw(st.sampled_from((None, AN_HOUR_AGO, NOW))),
        expected_free_s=draw(st.sampled_from((None, 0, 20, 119, 500))),
    )


@st.composite
def calls(draw: st.DrawFn) -> ContactProblem:
    crowd: list[Person] = [draw(people(number)) for number in range(1, draw(st.integers(1, 8)))]
    desks = (DESK, NEXT_DESK, THIRD_DESK, GENERAL)
    share = {desk: crowd[place :: len(desks)] for place, desk in enumerate(desks)}
    around = {DESK: (NEXT_DESK, THIRD_DESK)}
    groups = [
        a_group(*members, id_=desk, neighbours=around.get(desk, ()), open=draw(MOSTLY))
        for desk, members in share.items()
    ]
    return a_call(
        crowd[0] if draw(MOSTLY) and crowd else None,
        *groups,
        general_group_id=GENERAL,
        languages=tuple(draw(languages())),
        needs=tuple(Need(s, draw(st.integers(1, 5))) for s in SUBJECTS if draw(st.booleans())),
        policy=RoutingPolicy(
            neighbour_step_s=draw(st.sampled_from((0, 15))),
            language_relax_after_s=draw(st.sampled_from((None, 300))),
            skill_waived_after_s=draw(st.sampled_from((None, 240))),
            brief_hold_s=draw(st.sampled_from((0, 15))),
        ),
        waited_s=draw(WAITS),
        waiting=draw(st.booleans()),
        held_s=draw(st.sampled_from((0, 30, 130))),
        hold_told_s=draw(st.sampled_from((None, 20, 119))),
        known_customer=draw(MOSTLY),
        open_now=draw(MOSTLY),
        emergency=not draw(MOSTLY) and not draw(MOSTLY),
        slots_exist=draw(st.booleans()),
        choice=draw(st.sampled_from((None, "colleague", "callback", "hold"))),
        choices_asked=draw(st.integers(0, 3)),
        colleague_expected_wait_s=draw(st.sampled_from((None, 0.0, 90.0, 5000.0))),
    )


def everybody(call: ContactProblem) -> dict[Id, Person]:
    found = {person.id: person for group in call.groups.values() for person in group.members}
    return found | ({call.own.id: call.own} if call.own else {})


def may_take(person: Person, call: ContactProblem) -> bool:
    """The hard rules written once more, plainly."""
    free = person.state == "available" and not person.has_absence and person.free_for_channel
    return free and not person.excluded and call.market in person.markets and understands(person, call)


def understands(person: Person, call: ContactProblem) -> bool:
    policy = call.policy
    relaxed = policy.language_relax_after_s is not None and call.waited_s >= policy.language_relax_after_s
    speaks = relaxed or not call.languages or any(tag in person.languages for tag in call.languages)
    return speaks and all(person.skills.get(skill, 0) >= demanded(call, level) for skill, level in call.needs)


def demanded(call: ContactProblem, level: int) -> int:
    policy, waited_s = call.policy, call.waited_s
    if policy.skill_waived_after_s is not None and waited_s >= policy.skill_waived_after_s:
        return 0
    minutes = int(waited_s) // 60
    return max(1, level - minutes)


def rings_open(call: ContactProblem) -> list[Id]:
    """Groups whose time has come, said once more: own at once, neighbours after 30 s, one step apart."""
    home = call.groups[DESK]
    others = [member for member in home.members if call.own is None or member.id != call.own.id]
    staffed = home.open and any(m.state != "offline" and not m.has_absence for m in others)
    begin, step = 30 if staffed else 0, call.policy.neighbour_step_s
    since = {DESK: 0, NEXT_DESK: begin, THIRD_DESK: begin + step, GENERAL: begin + 2 * step}
    return [desk for desk, at in since.items() if call.waited_s >= at and call.groups[desk].open]


@given(calls())
def test_an_offer_never_goes_to_somebody_whom_a_rule_removes(call: ContactProblem) -> None:
    for plan in (decide(call), longest_idle_anyone(call)):
        if isinstance(plan, Offer):
            assert may_take(everybody(call)[plan.advisor], call)
            assert call.open_now
            assert not call.emergency


@given(calls())
def test_an_offer_to_a_colleague_stays_within_the_groups_let_in(call: ContactProblem) -> None:
    plan = decide(call)

    if isinstance(plan, Offer) and not plan.own:
        assert everybody(call)[plan.advisor].group_id in rings_open(call)


@given(calls())
def test_the_same_contact_gets_the_same_plan_whatever_the_order_of_people(call: ContactProblem) -> None:
    turned = {id_: replace(group, members=group.members[::-1]) for id_, group in call.groups.items()}

    first, again, reversed_ = decide(call), decide(call), decide(replace(call, groups=turned))

    assert first == again == reversed_
    assert first.explanation == again.explanation


@given(calls())
def test_own_advisor_free_means_own_advisor_offered(call: ContactProblem) -> None:
    open_ = call.open_now and not call.emergency
    if call.own and may_take(call.own, call) and open_ and call.choice != "callback":
        plan = decide(call)

        assert isinstance(plan, Offer)
        assert (plan.advisor, plan.own) == (call.own.id, True)


@given(calls())
def test_nobody_waits_for_a_colleague_while_an_eligible_one_idles(call: ContactProblem) -> None:
    call = replace(call, choice="colleague", open_now=True, emergency=False)
    idle = [person for desk in rings_open(call) for person in call.groups[desk].members if may_take(person, call)]

    plan = decide(call)

    if idle:
        assert isinstance(plan, Offer)
    if isinstance(plan, Wait):
        assert plan.look_again_s > 0


@given(calls())
def test_a_wait_for_the_own_advisor_is_one_that_was_chosen_or_brief(call: ContactProblem) -> None:
    plan = decide(call)

    if isinstance(plan, Wait) and plan.whom == "own":
        assert call.choice == "hold" or call.policy.brief_hold_s > 0
        assert 0 < plan.look_again_s <= 120


@given(calls())
def test_only_customers_with_an_advisor_hear_of_an_absence_and_always_have_a_way_on(
    call: ContactProblem,
) -> None:
    plan = decide(call)

    if isinstance(plan, Explain):
        assert call.known_customer
        assert call.own is not None
        assert plan.choices
        assert set(plan.expected_wait_s) == set(plan.choices) - {"callback"}


@given(calls())
def test_the_record_agrees_with_the_plan(call: ContactProblem) -> None:
    for plan in (decide(call), longest_idle_anyone(call)):
        _agrees(plan, call)


def _agrees(plan: Plan, call: ContactProblem) -> None:
    removed = {out.advisor for out in plan.removed}
    assert removed.isdisjoint(candidate.advisor for candidate in plan.candidates)
    assert not any(may_take(everybody(call)[advisor], call) for advisor in removed)
    assert sum(plan.explanation.removed_by.values()) == len(plan.removed)
    if isinstance(plan, Offer):
        assert plan.candidates[0].advisor == plan.advisor
