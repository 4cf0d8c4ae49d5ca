"""Days of a small company on the pure core alone: nothing but `routing`, dice, and a clock that jumps.

    day = Day(seed=7)
    day.play(hours=10)
    day.wrong

Two desk groups help each other and a third takes strangers. People are absent, go to breaks, don't answer and come
back; callers choose, hold, give up, and are promised callbacks. After each event it is looked, with rules written
anew and without those of the core, whether everything is as it must be (safety); at the end, whether everything
that began has ended (liveness).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from routing.direct import decide
from routing.plan import Closed, Explain, Offer, Plan, Wait
from routing.policy import Need
from routing.waiting import next_for
from tests.routing.builders import an_id
from tests.routing.town import (
    BUSY,
    GENERAL,
    HANDED_OVER_S,
    MEAN_TALK_S,
    MOMENT_S,
    PROMISE_S,
    WRAP_UP_S,
    Advisor,
    Call,
    Promise,
    Town,
)


class Day(Town):
    """What happens in it, and what is judged of it."""

    # --- the course of a day

    def play(self, hours: float) -> None:
        """Doors open after ten minutes and close ten minutes before the end of the callers; then all runs out."""
        end_s = hours * 3600
        self.closes_s = end_s - 600
        at = 0.0
        while (at := at + self.dice.expovariate(1 / 75)) < end_s:
            self.at(at, self.arrives)
        for advisor in self.advisors:
            self.at(self.dice.uniform(0, 3600), lambda advisor=advisor: self.goes_away(advisor, end_s))  # type: ignore[misc]
        while self._agenda:
            self.now, _, act = heapq.heappop(self._agenda)
            act()
            if not self._agenda or self._agenda[0][0] > self.now + MOMENT_S:
                self.check()
        self.check_the_end()

    def at(self, when: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (max(when, self.now), next(self._order), act))

    def later(self, call: Call, seconds: float, act: Callable[[Call], None]) -> None:
        """Unless something else happens to the call first."""
        turn = call.turn
        self.at(self.now + seconds, lambda: act(call) if call.turn == turn and not call.ended else None)

    def tell(self, what: str, call: Call) -> None:
        call.turn += 1
        self.tally[what] += 1
        self.story.append((self.now, what, call.id.int))

    # --- callers

    def arrives(self) -> None:
        dice = self.dice
        own = dice.choice(self.advisors) if dice.random() < 0.85 else None
        languages = ("en",) if dice.random() < 0.1 else ("de",)
        needs = (Need(dice.choice(("hosting", "dns")), dice.randint(1, 5)),) if dice.random() < 0.6 else ()
        wants = dice.choice((("colleague",), ("callback",), ("hold", "colleague"), ()))
        call = Call(
            an_id(next(self._numbers)), self.now, own, languages, needs, 30 + dice.expovariate(1 / 300), wants
        )
        self.calls.append(call)
        self.tell("received", call)
        self.at(self.now + call.patience_s, lambda: self.gives_up(call))
        self.place(call)

    def gives_up(self, call: Call) -> None:
        if call.ended or call.state == "talking":
            return
        if call.offered_to is not None:
            self.free(call.offered_to, "available")
        self.end(call, "abandoned")

    def end(self, call: Call, how: str) -> None:
        call.ended, call.state, call.offered_to = how, "ended", None
        self.tell(how, call)
        self.dispatch()

    def place(self, call: Call) -> None:
        plan = decide(self.problem(call))
        self.judge(call, plan)
        match plan:
            case Offer(advisor=advisor_id):
                self.offer(call, self.advisor(advisor_id))
            case Explain(choices=choices, expected_wait_s=waits):
                call.state = "choosing"
                self.tell("explained", call)
                self.later(call, self.dice.uniform(2, 6), lambda c: self.chooses(c, choices, waits.get("hold")))
            case Wait(whom=whom, look_again_s=again_s):
                if whom != "own" and call.choice == "hold":
                    call.choice = "colleague"  # the own advisor will not come soon any more
                self.wait(call, again_s)
            case Closed():
                self.end(call, "closed")
            case _:
                self.promise(call) if call.own is not None else self.end(call, "message")

    def chooses(self, call: Call, choices: tuple[str, ...], hold_s: float | None) -> None:
        chosen = next((wish for wish in call.wants if wish in choices), None)
        call.asked += 1
        call.choice = chosen
        call.held_since, call.told_s = self.now, hold_s
        self.place(call)

    def wait(self, call: Call, again_s: float) -> None:
        if call.waiting_since is None:
            call.waiting_since = self.now
        call.state = "waiting"
        self.tell("waits", call)
        self.later(call, max(again_s, 0.001), self.place)

    def promise(self, call: Call) -> None:
        assert call.own is not None
        promise = Promise(call.own, self.now + PROMISE_S)
        self.promises.append(promise)
        self.at(promise.due_at, self.dispatch)
        self.at(promise.due_at + HANDED_OVER_S, self.dispatch)
        self.end(call, "promised")

    # --- phones

    def offer(self, call: Call, advisor: Advisor) -> None:
        if advisor.state != "available" or advisor.contact is not None:
            self.wrong.append(f"{self.now}: offered to somebody who is {advisor.state}")
        advisor.state, advisor.contact, advisor.since = "offered", call, self.now
        call.state, call.offered_to = "offered", advisor
        self.tell("offered", call)
        if self.dice.random() < 0.9:
            self.later(call, self.dice.uniform(1, 12), self.talks)
        else:
            self.later(call, 20, self.not_taken)

    def not_taken(self, call: Call) -> None:
        advisor = call.offered_to
        assert advisor is not None
        call.offered_to = None
        call.tried.add(advisor.id)
        self.tell("not_taken", call)
        self.free(advisor, "not_responding")
        self.at(self.now + self.dice.uniform(5, 60), lambda: self.returns(advisor))
        self.place(call)

    def talks(self, call: Call) -> None:
        advisor = call.offered_to
        assert advisor is not None
        advisor.state, advisor.since = "in_contact", self.now
        call.state, call.offered_to = "talking", None
        self.tell("answered", call)
        talk_s = self.dice.expovariate(1 / MEAN_TALK_S)
        advisor.free_at = self.now + MEAN_TALK_S
        self.later(call, talk_s, lambda c: self.hangs_up(c, advisor))

    def hangs_up(self, call: Call, advisor: Advisor) -> None:
        advisor.contact, advisor.state, advisor.since = None, "wrap_up", self.now
        advisor.free_at = self.now + WRAP_UP_S
        self.at(self.now + WRAP_UP_S, lambda: self.wrapped_up(advisor))
        self.end(call, "served")

    def wrapped_up(self, advisor: Advisor) -> None:
        advisor.idle_since = self.now
        self.free(advisor, "available")
        self.dispatch()

    # --- people

    def free(self, advisor: Advisor, state: str) -> None:
        """To another status; a wish that had to wait comes first."""
        advisor.contact, advisor.since = None, self.now
        advisor.state, advisor.wish = advisor.wish or state, None

    def goes_away(self, advisor: Advisor, end_s: float) -> None:
        """To a break, or into an absence; back later, until the end of the day."""
        absent = self.dice.random() < 0.2
        seconds = self.dice.uniform(1800, 7200) if absent else self.dice.uniform(120, 900)
        if absent:
            advisor.absent_until = self.now + seconds
        if advisor.state == "available":
            advisor.state, advisor.since = "offline" if absent else "break", self.now
        else:
            advisor.wish = "offline" if absent else "break"
        self.at(self.now + seconds, lambda: self.returns(advisor))
        if self.now + seconds < end_s:
            self.at(self.now + seconds + self.dice.uniform(1800, 7200), lambda: self.goes_away(advisor, end_s))

    def returns(self, advisor: Advisor) -> None:
        if advisor.absent_until > self.now:
            return
        if advisor.state in ("break", "offline", "not_responding"):
            advisor.state, advisor.since = "available", self.now
        advisor.wish = None
        self.dispatch()

    def dispatch(self) -> None:
        """Who is free gets who waits, else a promise that is due; the longest idle first."""
        for advisor in sorted(self.free_ones(), key=lambda one: (one.idle_since, one.id)):
            waiting = {call.id: call for call in self.calls if call.state == "waiting"}
            best = next_for(self.person(advisor, None), [self.waiting(call) for call in waiting.values()])
            if best is not None:
                self.judge_match(waiting[best.id], advisor)
                self.offer(waiting[best.id], advisor)
            elif promise := next((one for one in self.promises if self.may_keep(advisor, one)), None):
                self.keep(advisor, promise)

    def may_keep(self, advisor: Advisor, promise: Promise) -> bool:
        if promise.kept_at is not None or promise.due_at > self.now:
            return False
        late = self.now >= promise.due_at + HANDED_OVER_S
        return promise.own is advisor or (late and promise.own.group_id == advisor.group_id)

    def keep(self, advisor: Advisor, promise: Promise) -> None:
        promise.kept_at = self.now
        self.tally["kept_by_own" if promise.own is advisor else "kept_by_group"] += 1
        advisor.state, advisor.since, advisor.free_at = "in_contact", self.now, self.now + MEAN_TALK_S
        self.at(self.now + self.dice.expovariate(1 / MEAN_TALK_S), lambda: self.wrapped_up(advisor))

    # --- what must hold, without the core's rules

    def fits(self, call: Call, advisor: Advisor) -> bool:
        """Whether this advisor may have this call now."""
        waited_s = self.waited_s(call)
        lower = 0 if waited_s < 40 else 1 + int((waited_s - 40) // 30)
        skilled = waited_s >= 150 or all(
            advisor.skills.get(need.skill, 0) >= max(1, need.level - lower) for need in call.needs
        )
        speaks = bool(advisor.languages & set(call.languages))
        here = advisor.state == "available" and advisor.absent_until <= self.now
        return here and speaks and skilled and advisor.id not in call.tried

    def judge(self, call: Call, plan: Plan) -> None:
        is_open = self.opens_s <= self.now < self.closes_s
        promised = call.choice == "callback"  # chosen while it was open, and kept though it is not any more
        if isinstance(plan, Closed) == is_open and not promised:
            self.wrong.append(f"{self.now}: {type(plan).__name__} although open is {is_open}")
        if isinstance(plan, Offer):
            self.judge_match(call, self.advisor(plan.advisor))
        if isinstance(plan, Explain):
            self._judge_explained(call, plan)

    def _judge_explained(self, call: Call, plan: Explain) -> None:
        own = call.own
        if own is None or self.fits(call, own) or not plan.choices:
            self.wrong.append(f"{self.now}: explained without a reason")
        elif "hold" in plan.choices and own.state not in ("in_contact", "wrap_up", "offered", "available"):
            self.wrong.append(f"{self.now}: may hold for somebody who is {own.state}")

    def judge_match(self, call: Call, advisor: Advisor) -> None:
        if not self.fits(call, advisor):
            self.wrong.append(f"{self.now}: a call went to somebody whom it does not fit")
        if call.choice == "hold" and self.holds(call) and call.state == "waiting" and advisor is not call.own:
            self.wrong.append(f"{self.now}: who holds for one was given to another")

    def check(self) -> None:
        """Nobody has two, and nobody waits while somebody idles who could take them at once."""
        ringing = [call.offered_to.id for call in self.calls_open() if call.offered_to is not None]
        if len(ringing) != len(set(ringing)):
            self.wrong.append(f"{self.now}: a phone rings twice")
        free = self.free_ones()
        for call in self.calls_open() if free else ():
            if call.state == "waiting" and any(self.at_once(call, advisor) for advisor in free):
                self.wrong.append(f"{self.now}: somebody waits while somebody idles")

    def calls_open(self) -> Iterator[Call]:
        self.calls = [call for call in self.calls if not call.ended]
        return iter(self.calls)

    def at_once(self, call: Call, advisor: Advisor) -> bool:
        if not self.fits(call, advisor):
            return False
        home = call.own.group_id if call.own is not None else GENERAL
        return advisor is call.own or (call.choice != "hold" and advisor.group_id == home)

    def check_the_end(self) -> None:
        ends = ("served", "abandoned", "promised", "closed", "message")
        if self.tally["received"] != sum(self.tally[how] for how in ends):
            self.wrong.append("a call never ended")
        if any(promise.kept_at is None for promise in self.promises):
            self.wrong.append("a promise was never kept")
        if any(advisor.state in BUSY for advisor in self.advisors):
            self.wrong.append("somebody is busy for ever")
