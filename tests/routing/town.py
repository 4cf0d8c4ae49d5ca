"""The company of the days on the pure core: advisors, calls and promises, and how the core sees them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from routing.policy import Need, RoutingPolicy
from routing.problem import ContactProblem, Group, Person, Waiting
from tests.routing.builders import NOW, an_id

HOME, NEAR, GENERAL = (an_id(n) for n in (101, 102, 103))
NEIGHBOURS = {HOME: (NEAR,), NEAR: (HOME,), GENERAL: ()}
BUSY = frozenset({"offered", "in_contact"})
POLICY = RoutingPolicy(
    neighbours_after_s=20, skill_relax_after_s=40, skill_relax_step_s=30, skill_waived_after_s=150, max_wait_s=400
)
MEAN_TALK_S, WRAP_UP_S = 180.0, 20.0
MOMENT_S = 0.001
"""What happens within it happens at once."""
PROMISE_S, HANDED_OVER_S = 1800.0, 1800.0
"""A promise falls due so long after it was made; when it is so late, anybody of the group may keep it."""


@dataclass
class Advisor:
    id: UUID
    group_id: UUID
    languages: frozenset[str]
    skills: dict[str, int]
    state: str = "available"
    since: float = 0.0
    absent_until: float = 0.0
    idle_since: float = 0.0
    free_at: float = 0.0
    """When the contact and its wrap-up are expected to be over; for the caller who asks."""
    wish: str | None = None
    contact: Call | None = None


@dataclass(eq=False)
class Call:
    """`age` is set once; `ended` says how it did."""

    id: UUID
    age: float
    own: Advisor | None
    languages: tuple[str, ...]
    needs: tuple[Need, ...]
    patience_s: float
    wants: tuple[str, ...]
    state: str = "received"
    choice: str | None = None
    asked: int = 0
    waiting_since: float | None = None
    held_since: float = 0.0
    told_s: float | None = None
    tried: set[UUID] = field(default_factory=set)
    offered_to: Advisor | None = None
    ended: str = ""
    turn: int = 0
    """Grows with each change: what was planned for an earlier one means nothing any more."""


@dataclass
class Promise:
    own: Advisor
    due_at: float
    kept_at: float | None = None


class Town:
    """One seed. `tally` counts what happened, `wrong` names what must not happen."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = 0.0
        self.tally: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.story: list[tuple[float, str, int]] = []
        """What happened when to which call, for comparing two plays of one seed."""
        self.advisors = [self._advisor(n) for n in range(9)]
        self.calls: list[Call] = []
        self.promises: list[Promise] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order, self._numbers = count(), count(1000)
        self.opens_s, self.closes_s = 600.0, 0.0

    def _advisor(self, n: int) -> Advisor:
        dice = self.dice
        languages = frozenset({"de", *(("en",) if dice.random() < 0.4 else ())})
        skills = {"hosting": dice.randint(1, 5), **({"dns": dice.randint(1, 4)} if dice.random() < 0.7 else {})}
        return Advisor(an_id(n + 1), (HOME, NEAR, GENERAL)[n // 3], languages, skills)

    # --- how the core sees it

    def instant(self, seconds: float) -> datetime:
        return NOW + timedelta(seconds=seconds)

    def advisor(self, advisor_id: UUID) -> Advisor:
        return next(one for one in self.advisors if one.id == advisor_id)

    def free_ones(self) -> list[Advisor]:
        return [one for one in self.advisors if one.state == "available" and one.absent_until <= self.now]

    def person(self, advisor: Advisor, call: Call | None) -> Person:
        absent = advisor.absent_until > self.now
        busy = advisor.state in ("in_contact", "wrap_up")
        return Person(
            advisor.id,
            advisor.group_id,
            advisor.languages,
            advisor.skills,
            frozenset({"DE"}),
            advisor.state,
            self.instant(advisor.since),
            idle_since=self.instant(advisor.idle_since),
            has_absence=absent,
            absent_until=self.instant(advisor.absent_until) if absent else None,
            expected_free_s=max(0.0, advisor.free_at - self.now) if busy else None,
            excluded=call is not None and advisor.id in call.tried,
        )

    def problem(self, call: Call) -> ContactProblem:
        people = {one.id: self.person(one, call) for one in self.advisors}
        groups = {
            group_id: Group(group_id, tuple(p for p in people.values() if p.group_id == group_id), near)
            for group_id, near in NEIGHBOURS.items()
        }
        return ContactProblem(
            call.id,
            "DE",
            self.instant(self.now),
            self.instant(call.age),
            own=people[call.own.id] if call.own is not None else None,
            group_id=call.own.group_id if call.own is not None else None,
            groups=groups,
            general_group_id=GENERAL,
            policy=POLICY,
            languages=call.languages,
            needs=call.needs,
            waited_s=self.waited_s(call),
            waiting=call.waiting_since is not None,
            known_customer=call.own is not None,
            open_now=self.opens_s <= self.now < self.closes_s,
            closes_at=self.instant(self.closes_s),
            slots_exist=call.own is not None,
            choice=call.choice,
            choices_asked=call.asked,
            held_s=self.now - call.held_since if call.choice == "hold" else 0.0,
            hold_told_s=call.told_s,
        )

    def waiting(self, call: Call) -> Waiting:
        home = call.own.group_id if call.own is not None else GENERAL
        rings = dict.fromkeys((home, *NEIGHBOURS[home], GENERAL))
        at_work = any(
            one.group_id == home and one is not call.own and one.state != "offline" and one.absent_until <= self.now
            for one in self.advisors
        )
        return Waiting(
            call.id,
            "DE",
            self.instant(call.age),
            tuple(rings),
            own_id=call.own.id if call.own is not None else None,
            holds_for_own=call.choice == "hold" and self.holds(call),
            group_at_work=at_work,
            policy=POLICY,
            languages=call.languages,
            needs=call.needs,
            waited_s=self.waited_s(call),
            tried=frozenset(call.tried),
        )

    def holds(self, call: Call) -> bool:
        """Until the time is over, or the own advisor has not taken it."""
        refused = call.own is not None and call.own.id in call.tried
        return not refused and self.now - call.held_since < POLICY.hold_limit_s(call.told_s) - MOMENT_S

    def waited_s(self, call: Call) -> float:
        return 0.0 if call.waiting_since is None else self.now - call.waiting_since
