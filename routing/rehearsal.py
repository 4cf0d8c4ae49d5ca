"""A rehearsal: calls that have come before, decided once more by the pure core under another policy.

What is recorded stays: when each call came, what it asked for, how long it was talked about, what its caller chose
where they had the choice, and after what wait they hung up if they did. Who was answered is taken to be patient.
People work as planned and answer at once. Everything else follows from the policy, by the rules that route.
Outcomes: own, colleague, promised, abandoned, turned_away.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from statistics import fmean, quantiles

from routing.direct import decide
from routing.plan import Explain, Offer, Plan, Wait
from routing.policy import Need, RoutingPolicy
from routing.problem import ContactProblem, Group, Id, Person, Waiting
from routing.waiting import next_for

PROMPT_S = 20
MOST_TURNS = 1_000  # of one call; a policy under which it is decided more often never comes to an end


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call as it was; times in seconds after the beginning."""

    id: Id
    at_s: float
    own_id: Id | None
    known: bool
    languages: tuple[str, ...]
    needs: tuple[Need, ...]
    talk_s: float
    gave_up_after_s: float | None = None
    choice: str | None = None


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody, and when they work: seconds after the beginning, in order."""

    who: Person
    shifts: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Past:
    """All that a rehearsal needs; it is the same for every policy."""

    market: str
    begins_at: datetime
    calls: tuple[PastCall, ...]
    people: tuple[Colleague, ...]
    neighbours: Mapping[Id, tuple[Id, ...]] = field(default_factory=dict)
    general_group_id: Id | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """How the calls went under one policy. Shares are of those who stayed on the line, waits of those answered."""

    outcomes: Mapping[str, int]
    within_20s: float
    mean_wait_s: float
    wait_p90_s: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same calls under the policy in force and under the new one; `otherwise` went to somebody else, or ended
    in another way."""

    before: Course
    after: Course
    otherwise: int


def compare(past: Past, before: RoutingPolicy, after: RoutingPolicy) -> Comparison:
    one, other = Rehearsal(past, before), Rehearsal(past, after)
    for rehearsal in (one, other):
        rehearsal.play()
    otherwise = sum(one.ends[call.id][:2] != other.ends[call.id][:2] for call in past.calls)
    return Comparison(one.course(), other.course(), otherwise)


@dataclass(eq=False)
class _Call:
    past: PastCall
    choice: str | None = None
    waiting_since_s: float | None = None
    told_s: float | None = None
    turn: int = 0
    over: bool = False


class Rehearsal:
    """One policy, from the first call until nobody waits any more."""

    def __init__(self, past: Past, policy: RoutingPolicy) -> None:
        self._past, self._policy = past, policy
        self._now_s = 0.0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._busy_until: dict[Id, float] = {}
        self._idle_since: dict[Id, float] = {}
        self._queue: list[_Call] = []
        self._people = {colleague.who.id: colleague for colleague in past.people}
        self._mean_s = fmean([call.talk_s for call in past.calls] or [240.0])
        self.ends: dict[Id, tuple[str, Id | None, float]] = {}
        """Call → outcome, who answered, and after how many seconds."""

    def play(self) -> None:
        for call in self._past.calls:
            self._at(call.at_s, lambda call=call: self._arrives(_Call(call)))  # type: ignore[misc]
        for colleague in self._past.people:
            for begins_s, _ in colleague.shifts:
                self._at(begins_s, lambda who=colleague.who.id: self._is_free(who))  # type: ignore[misc]
        while self._agenda:
            self._now_s, _, act = heapq.heappop(self._agenda)
            act()
        for left in list(self._queue):
            self._end(left, "abandoned")

    def course(self) -> Course:
        outcomes = Counter(outcome for outcome, _, _ in self.ends.values())
        waits = sorted(wait_s for outcome, _, wait_s in self.ends.values() if outcome in ("own", "colleague"))
        line = len(waits) + outcomes["abandoned"]
        return Course(
            {name: outcomes[name] for name in ("own", "colleague", "promised", "abandoned", "turned_away")},
            within_20s=round(sum(wait_s <= PROMPT_S for wait_s in waits) / line, 4) if line else 0.0,
            mean_wait_s=round(fmean(waits), 1) if waits else 0.0,
            wait_p90_s=round(quantiles(waits, n=10)[-1], 1) if len(waits) > 1 else 0.0,
        )

    def _at(self, when_s: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (max(when_s, self._now_s), next(self._order), act))

    # --- calls

    def _arrives(self, call: _Call) -> None:
        if call.past.gave_up_after_s is not None:
            self._at(call.past.at_s + call.past.gave_up_after_s, lambda: self._gives_up(call))
        self._decide(call)

    def _gives_up(self, call: _Call) -> None:
        if not call.over:
            self._end(call, "abandoned")

    def _decide(self, call: _Call) -> None:
        call.turn += 1
        plan = decide(self._problem(call))
        if isinstance(plan, Explain):
            self._choose(call, plan)
        elif isinstance(plan, Offer):
            self._connect(call, plan.advisor)
        elif isinstance(plan, Wait) and call.turn < MOST_TURNS:
            self._wait(call, plan)
        else:
            self._end(call, _turned(plan, call))

    def _choose(self, call: _Call, plan: Explain) -> None:
        """What they chose then, if it is on offer; else a colleague."""
        wanted = call.past.choice if call.past.choice in plan.choices else "colleague"
        if wanted == "callback" or wanted not in plan.choices:
            self._end(call, "promised" if "callback" in plan.choices else "turned_away")
            return
        call.choice, call.told_s = wanted, plan.expected_wait_s.get(wanted)
        self._decide(call)

    def _wait(self, call: _Call, plan: Wait) -> None:
        if call.waiting_since_s is None:
            call.waiting_since_s = self._now_s
            self._queue.append(call)
        call.choice = "hold" if plan.whom == "own" else "colleague" if call.choice == "hold" else call.choice
        turn = call.turn
        self._at(
            self._now_s + max(1.0, plan.look_again_s),
            lambda: self._decide(call) if call.turn == turn and not call.over else None,
        )

    def _connect(self, call: _Call, who: Id) -> None:
        self._end(call, "own" if who == call.past.own_id else "colleague", who)
        self._busy_until[who] = ends_s = self._now_s + call.past.talk_s
        self._at(ends_s, lambda: self._is_free(who))

    def _end(self, call: _Call, outcome: str, who: Id | None = None) -> None:
        call.over = True
        if call in self._queue:
            self._queue.remove(call)
        self.ends[call.past.id] = (outcome, who, self._now_s - call.past.at_s)

    # --- people

    def _is_free(self, who: Id) -> None:
        if self._busy_until.get(who, 0.0) > self._now_s:
            return
        self._idle_since[who] = self._now_s
        freed = self._person(self._people[who])
        waiting = {call.past.id: call for call in self._queue}
        chosen = next_for(freed, [self._waiting(call) for call in self._queue]) if freed.at_work else None
        if chosen is not None:
            self._connect(waiting[chosen.id], who)

    def _person(self, colleague: Colleague) -> Person:
        now_s, who = self._now_s, colleague.who
        at_work = any(begins_s <= now_s < ends_s for begins_s, ends_s in colleague.shifts)
        busy = self._busy_until.get(who.id, 0.0) > now_s
        idle = self._instant(self._idle_since.get(who.id, 0.0))
        state = "in_contact" if busy else "available" if at_work else "offline"
        return replace(who, state=state, since=idle, idle_since=idle)

    def _instant(self, seconds: float) -> datetime:
        return self._past.begins_at + timedelta(seconds=seconds)

    # --- what the core is asked

    def _problem(self, call: _Call) -> ContactProblem:
        past, own_id = call.past, call.past.own_id
        own = self._person(self._people[own_id]) if own_id in self._people else None
        waited_s = 0.0 if call.waiting_since_s is None else self._now_s - call.waiting_since_s
        groups = self._groups(self._rings(call))
        home = own.group_id if own is not None else self._past.general_group_id
        staffed = sum(one.at_work for one in groups[home].members) if home in groups else 0
        holding = sum(one.choice == "hold" and one.past.own_id == own_id for one in self._queue)
        return ContactProblem(
            id=past.id,
            market=self._past.market,
            now=self._instant(self._now_s),
            age=self._instant(past.at_s),
            own=own,
            group_id=None if own is None else own.group_id,
            groups=groups,
            general_group_id=self._past.general_group_id,
            policy=self._policy,
            languages=past.languages,
            needs=past.needs,
            waited_s=waited_s,
            waiting=call.waiting_since_s is not None,
            known_customer=past.known,
            own_expected_wait_s=(1 + holding) * self._mean_s if own is not None else None,
            colleague_expected_wait_s=(1 + len(self._queue)) * self._mean_s / staffed if staffed else None,
            slots_exist=True,
            choice=call.choice,
            held_s=waited_s if call.choice == "hold" else 0.0,
            hold_told_s=call.told_s,
        )

    def _waiting(self, call: _Call) -> Waiting:
        past = call.past
        return Waiting(
            id=past.id,
            market=self._past.market,
            age=self._instant(past.at_s),
            rings=self._rings(call),
            own_id=past.own_id,
            holds_for_own=call.choice == "hold",
            policy=self._policy,
            languages=past.languages,
            needs=past.needs,
            waited_s=self._now_s - (call.waiting_since_s or 0.0),
        )

    def _rings(self, call: _Call) -> tuple[Id, ...]:
        own = self._people.get(call.past.own_id) if call.past.own_id is not None else None
        general = self._past.general_group_id
        home = own.who.group_id if own is not None and own.who.group_id is not None else general
        around = self._past.neighbours.get(home, ()) if home is not None else ()
        return tuple(dict.fromkeys(one for one in (home, *around, general) if one is not None))

    def _groups(self, wanted: Sequence[Id]) -> dict[Id, Group]:
        return {
            group_id: Group(
                group_id,
                tuple(self._person(one) for one in self._past.people if one.who.group_id == group_id),
                self._past.neighbours.get(group_id, ()),
            )
            for group_id in wanted
        }


def _turned(plan: Plan, call: _Call) -> str:
    """Nobody in time: a callback for those who took one then."""
    may = "callback" in getattr(plan, "choices", ())
    return "promised" if may and call.past.choice == "callback" else "turned_away"
