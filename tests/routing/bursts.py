"""Bursts drawn for the matching, and what a pair of them is worth by code that shares nothing with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

from hypothesis import strategies as st

from routing.matching import Pair
from routing.policy import Need, RoutingPolicy
from routing.preferences import score
from routing.problem import ContactProblem, Person, Waiting
from routing.waiting import may_take
from tests.routing.builders import DESK, GENERAL, NEXT_DESK, NOW, a_person, a_waiting, an_id

DESKS = (DESK, NEXT_DESK, GENERAL)
POLICIES = (
    RoutingPolicy(),
    RoutingPolicy(name="other", neighbours_after_s=0, own_head_start_s=90, language_relax_after_s=100),
)
Worth = tuple[int, int, int, int, int]
"""Served, holding for their own, ms of urgency, own head starts in seconds, terms in millionths below 0."""


@st.composite
def people(draw: st.DrawFn, most: int, least: int = 0) -> list[Person]:
    return [
        a_person(
            an_id(number),
            group_id=draw(st.sampled_from((*DESKS, DESK, None))),
            state=draw(st.sampled_from(("available", "available", "available", "available", "wrap_up"))),
            languages=draw(st.sampled_from((["de"], ["de", "es"], ["es"]))),
            markets=draw(st.sampled_from((["DE"], ["DE"], ["DE", "ES"], ["ES"]))),
            skills=draw(st.dictionaries(st.sampled_from(("hosting", "dns")), st.integers(1, 5))),
            has_absence=draw(st.sampled_from((False,) * 6 + (True,))),
            idle_since=NOW - timedelta(seconds=draw(st.integers(0, 3000))),
        )
        for number in range(1, 1 + draw(st.integers(least, most)))
    ]


@st.composite
def queues(draw: st.DrawFn, most: int, least: int = 0) -> list[Waiting]:
    count = draw(st.integers(least, most))
    waits = draw(st.lists(st.integers(0, 400), min_size=count, max_size=count))
    return [draw(_contacts(number, waited_s)) for number, waited_s in enumerate(waits, start=1)]


@st.composite
def _contacts(draw: st.DrawFn, number: int, waited_s: int) -> Waiting:
    ids = st.integers(1, 6).map(an_id)
    own_id = draw(st.none() | ids)
    return a_waiting(
        1000 + number,
        waited_s=waited_s,
        age=NOW - timedelta(seconds=draw(st.sampled_from((waited_s, 400)))),
        market=draw(st.sampled_from(("DE", "DE", "ES"))),
        priority=draw(st.sampled_from((0, 0, 1))),
        own_id=own_id,
        holds_for_own=own_id is not None and draw(st.sampled_from((False, False, True))),
        languages=draw(st.sampled_from((("de",), ("es", "de"), ()))),
        needs=draw(st.sampled_from(((), (Need("hosting", 2),), (Need("hosting", 4),), (Need("dns", 1),)))),
        rings=draw(st.sampled_from(((DESK,), (DESK, NEXT_DESK, GENERAL), (NEXT_DESK, DESK), (GENERAL,)))),
        group_at_work=draw(st.booleans()),
        policy=draw(st.sampled_from(POLICIES)),
        tried=frozenset(draw(st.sets(ids, max_size=1)))
        if draw(st.sampled_from((False, False, True)))
        else frozenset(),
        familiar=draw(st.dictionaries(ids, st.integers(1, 3), max_size=1)),
    )


def worth(waiting: Sequence[Waiting], free: Sequence[Person], pairs: Sequence[Pair]) -> Worth:
    contacts, advisors = {c.id: c for c in waiting}, {p.id: p for p in free}
    total = (0, 0, 0, 0, 0)
    for pair in pairs:
        one = worth_of(advisors[pair.advisor], contacts[pair.contact])
        total = tuple(a + b for a, b in zip(total, one, strict=True))  # type: ignore[assignment]
    return total


def worth_of(person: Person, contact: Waiting) -> Worth:
    own = person.id == contact.own_id
    head_start_s = contact.policy.own_head_start_s if own else 0
    urgent_s = contact.waited_s + contact.priority * contact.policy.priority_head_start_s + head_start_s
    cost = 0 if own else round(cost_of(person, contact) * 1_000_000)
    return 1, own and contact.holds_for_own, round(urgent_s * 1000), head_start_s, -cost


def cost_of(person: Person, contact: Waiting) -> float:
    """The score by which `direct` ranks colleagues, each ring one further than there: the own advisor has 0."""
    ring = contact.rings.index(person.group_id) if person.group_id in contact.rings else 0
    known = replace(person, familiarity=contact.familiar.get(person.id, 0))
    return score(known, as_problem(contact), ring + 1)


def as_problem(contact: Waiting) -> ContactProblem:
    return ContactProblem(
        id=contact.id,
        market=contact.market,
        now=NOW,
        age=contact.age,
        policy=contact.policy,
        languages=contact.languages,
        needs=contact.needs,
        waited_s=contact.waited_s,
    )


def best_of_all(waiting: Sequence[Waiting], free: Sequence[Person]) -> Worth:
    """What the best of all assignments is worth; for small bursts, as it tries them all."""
    places = [*free, *[None] * len(waiting)]
    best: Worth = (0, 0, 0, 0, 0)
    for chosen in set(permutations(range(len(places)), len(waiting))):
        pairs = [
            Pair(contact.id, who.id, own=who.id == contact.own_id)
            for contact, place in zip(waiting, chosen, strict=True)
            if (who := places[place]) is not None and may_take(who, contact)
        ]
        best = max(best, worth(waiting, free, pairs))
    return best
