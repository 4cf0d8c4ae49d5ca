"""Whatever happens, in whatever order: the invariants hold after every step, and everything comes to an end.

    DURCHWAHL_STEPS=500000 pytest tests/properties/test_life_of_calls.py

The default is 5,000 steps, the same ones each time; with the variable set they are others each time, and hypothesis
prints how to see a failure again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from kit.catalogue import Catalogue
from kit.database import Database, Row
from kit.settings import Settings
from tests.properties import company as companies
from tests.properties.company import Company
from tests.properties.life import AT_EVERY_STEP, KnownCall, Life
from tests.support import postgres

pytestmark = pytest.mark.database

T = TypeVar("T")

STEPS = int(os.environ.get("DURCHWAHL_STEPS", "5000"))
STEPS_OF_A_LIFE = 100
EVERYTHING_EVERY = 50
VIEWS_EVERY = 25

SOME = st.integers(min_value=0, max_value=63)
"""Picks one of however many there are."""
WHERE = st.sampled_from((0, 0, 0, 1, 2, 3))
TYPES = st.sampled_from(("ringing", "answered", "no_answer", "busy", "failed", "digits", "hangup", "alive"))
LEGS = st.sampled_from(("advisor", "caller"))
DIGITS = st.sampled_from(("1", "1", "2", "2", "3", "", "9", "03023125017"))
STATES = st.sampled_from(("available", "available", "break", "meeting", "training", "offline"))
A_MOMENT = st.sampled_from((0.0, 0.3, 1.0, 1.0, 3.0, 5.0, 5.0, 11.0))
A_WHILE = st.sampled_from((3.0, 21.0, 26.0, 31.0, 61.0, 95.0, 600.0, 1900.0))
RARELY = st.sampled_from(("desk_closes", "desk_closes", "falls_ill", "market_closes"))
OFTEN_ANSWERED = ("answered", "answered", "answered", "no_answer", "ringing", "answered", "busy", "hangup")

UNFINISHED = """
SELECT what, id, call_id, token, advisor_id FROM (
    SELECT 'rings' AS what, o.id, c.switch_call_id AS call_id, NULL::uuid AS token, o.advisor_id
    FROM offers o JOIN contacts c ON c.id = o.contact_id WHERE o.state = 'open'
    UNION ALL
    SELECT 'dial_rings', o.id, NULL, a.token, o.advisor_id
    FROM offers o JOIN callback_attempts a ON a.callback_id = o.callback_id AND a.ended_at IS NULL
    WHERE o.state = 'open'
    UNION ALL
    SELECT CASE c.state WHEN 'connected' THEN 'talks' WHEN 'wrapping' THEN 'wraps_up' WHEN 'offered' THEN 'dials'
           ELSE 'asks' END, c.id, c.switch_call_id, a.token, c.advisor_id
    FROM contacts c LEFT JOIN callback_attempts a ON a.ended_at IS NULL AND c.switch_call_id = 'dial:' || a.token
    WHERE c.state IN ('identifying', 'choosing', 'waiting', 'connected', 'wrapping')
       OR (c.state = 'offered' AND c.direction = 'out')
) unfinished ORDER BY id
"""

OPEN_PROMISES = """
SELECT cb.id, cu.external_ref FROM callbacks cb JOIN customers cu ON cu.id = cb.customer_id
WHERE cb.final_at IS NULL ORDER BY cb.created_at, cb.id
"""


@dataclass
class Stage:
    """Where lives are played: one connection to a database in which the company is founded."""

    runner: asyncio.Runner
    database: Database
    company: Company
    catalogue: Catalogue

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)


@pytest.fixture(scope="module")
def stage(server_uri: str, settings: Settings, worker_id: str) -> Iterator[Stage]:
    name = f"life_{worker_id}_{uuid4().hex[:8]}"
    patient = settings.model_copy(update={"idle_in_transaction_timeout": timedelta(0)})
    with asyncio.Runner() as runner:
        database = Database(runner.run(postgres.create_database(server_uri, name)), patient, application="tests")
        try:
            yield Stage(runner, database, runner.run(_found(database)), Catalogue.load(strict=True))
        finally:
            runner.run(database.close())
            runner.run(postgres.drop_database(server_uri, name))


async def _found(database: Database) -> Company:
    async with database.transaction() as session:
        return await companies.found(session)


def one_of_them(things: list[T], n: int) -> T:
    """The n-th from the end, so that what happened last is picked most."""
    return things[-1 - (n * n // 63) % len(things)]


def often(times: int, step: Callable[..., None], **drawn: st.SearchStrategy[Any]) -> tuple[Any, ...]:
    """Hypothesis picks each rule as often as any other: what is common is a rule several times."""
    decorate = cast("Callable[..., Any]", rule)(**drawn)
    return tuple(decorate(step) for _ in range(times))


class LifeOfCalls(RuleBasedStateMachine):
    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self.run(self._begin())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.stage.run(coroutine)

    async def _begin(self) -> None:
        self._held = self.stage.database.lane()
        lane = await self._held.__aenter__()
        self._transaction: Any = lane.raw.transaction()
        await self._transaction.start()
        self.life = Life(lane, self.stage.company, self.stage.catalogue)
        await self.life.begin()

    def teardown(self) -> None:
        try:
            self.run(self.life.run_out())
            self.run(self.life.check())
            self.run(self.life.check_views())
        finally:
            self.run(self._end())

    async def _end(self) -> None:
        await self._transaction.rollback()
        await self._held.__aexit__(None, None, None)

    # --- what happens mostly

    def somebody_calls(self, who: int, where: int) -> None:
        company = self.life.company
        caller = company.phones[who % len(company.phones)]
        self.run(self.life.call(caller, company.dialled[where]))

    def it_goes_on(self, n: int, how: int, digits: str) -> None:
        """The next thing that one would expect of something that is open, mostly."""
        unfinished = self.run(self.life.look(UNFINISHED))
        if unfinished:
            self.run(self._goes_on(one_of_them(unfinished, n), how, digits))

    first_call, second_call = often(2, somebody_calls, who=SOME, where=WHERE)
    and_, then, further, again, at_last = often(5, it_goes_on, n=SOME, how=SOME, digits=DIGITS)

    async def _goes_on(self, thing: Row, how: int, digits: str) -> None:
        match thing["what"]:
            case "rings":
                await self._tell(thing, OFTEN_ANSWERED[how % len(OFTEN_ANSWERED)], "advisor")
            case "talks":
                await self._tell(thing, "hangup", ("caller", "advisor")[how % 2])
            case "asks":
                known = self._known(thing["call_id"])
                known.digits += 1
                ordinal = known.digits if how % 2 else None
                signal = self.life.signal("digits", "caller", digits=digits, ordinal=ordinal)
                await self.life.hear(known, signal)
            case "dial_rings":
                await self.life.take_dials(10)
                await self._tell(thing, OFTEN_ANSWERED[how % len(OFTEN_ANSWERED)], "advisor")
            case "dials":
                await self._tell(thing, OFTEN_ANSWERED[how % len(OFTEN_ANSWERED)], "caller")
            case "wraps_up":
                await self.life.wrap_up(thing["advisor_id"], thing["id"])

    async def _tell(self, thing: Row, type: str, leg: str) -> None:  # noqa: A002
        if thing["token"] is not None:
            await self.life.hear_dial(thing["token"], self.life.signal(type, leg))
        else:
            signal = self.life.signal(type, leg, offer_id=thing["id"] if thing["what"] == "rings" else None)
            await self.life.hear(self._known(thing["call_id"]), signal)

    def _known(self, call_id: str) -> KnownCall:
        return next(known for known in self.life.calls if known.call_id == call_id)

    def time_passes(self, seconds: float, silently: bool) -> None:
        self.run(self.life.pass_time(seconds, silently=silently))

    a_moment, another_moment = often(2, time_passes, seconds=A_MOMENT, silently=st.just(False))
    (a_while,) = often(1, time_passes, seconds=A_WHILE, silently=st.sampled_from((False, False, True)))

    @rule()
    def next_promise_falls_due(self) -> None:
        self.run(self.life.until_next_promise())

    @rule()
    def everybody_returns(self) -> None:
        for advisor in self.life.company.advisors:
            self.life.open_desks.add(advisor.id)
            self.run(self.life.choose(advisor.id, "available"))

    # --- what else the switch may say

    def _call(self, n: int) -> KnownCall:
        return one_of_them(self.life.calls, n)

    @precondition(lambda self: self.life.calls)
    @rule(n=SOME, type=TYPES, leg=LEGS, which=SOME, digits=DIGITS)
    def switch_says_anything(self, n: int, type: str, leg: str, which: int, digits: str) -> None:  # noqa: A002
        offers = [row["id"] for row in self.run(self.life.look("SELECT id FROM offers ORDER BY made_at, id"))]
        offer_id = one_of_them(offers, which) if offers and which % 3 else None
        told = {"digits": digits} if type == "digits" else {}
        signal = self.life.signal(type, leg, offer_id=offer_id, **told)
        self.run(self.life.hear(self._call(n), signal))

    @precondition(lambda self: any(known.told for known in self.life.calls))
    @rule(n=SOME, which=SOME, anew=st.booleans())
    def switch_repeats_itself(self, n: int, which: int, anew: bool) -> None:
        known = one_of_them([known for known in self.life.calls if known.told], n)
        signal = one_of_them(known.told, which)
        again = replace(signal, identity=next(self.life.identities)) if anew else signal
        self.run(self.life.hear(known, again))

    @precondition(lambda self: self.life.calls)
    @rule(n=SOME, leg=LEGS)
    def somebody_hangs_up(self, n: int, leg: str) -> None:
        self.run(self.life.hear(self._call(n), self.life.signal("hangup", leg)))

    @precondition(lambda self: self.life.dials)
    @rule(n=SOME, type=TYPES, leg=LEGS)
    def switch_says_anything_of_a_dial(self, n: int, type: str, leg: str) -> None:  # noqa: A002
        self.run(self.life.hear_dial(one_of_them(self.life.dials, n), self.life.signal(type, leg)))

    @precondition(lambda self: self.life.calls)
    @rule(n=SOME, silent=st.sampled_from((False, False, True)))
    def switch_asks_or_falls_silent(self, n: int, silent: bool) -> None:
        self._call(n).alive = not silent
        if not silent:
            self.run(self.life.poll(self._call(n)))

    # --- what people do

    def _advisor(self, n: int) -> UUID:
        advisors = self.life.company.advisors
        return advisors[n % len(advisors)].id

    @rule(n=SOME, state=STATES)
    def advisor_chooses(self, n: int, state: str) -> None:
        self.life.open_desks.add(self._advisor(n))
        self.run(self.life.choose(self._advisor(n), state))

    @rule(n=SOME, which=SOME, reason=st.sampled_from((None, "break", "meeting")))
    def advisor_refuses(self, n: int, which: int, reason: str | None) -> None:
        offers = self.run(self.life.look("SELECT id, advisor_id FROM offers ORDER BY made_at, id"))
        if offers:
            offer = one_of_them(offers, which)
            advisor_id = offer["advisor_id"] if n % 8 else self._advisor(n)
            self.run(self.life.reject(advisor_id, offer["id"], reason))

    @rule(n=SOME, minutes=st.sampled_from((1, 1, 60)), what=RARELY)
    def rarely(self, n: int, minutes: int, what: str) -> None:
        match what:
            case "desk_closes":
                self.life.open_desks.discard(self._advisor(n))
            case "falls_ill":
                self.run(self.life.fall_ill(self._advisor(n), timedelta(minutes=minutes)))
            case "market_closes":
                kind = ("emergency", "planned")[n % 2]
                self.run(self.life.close(timedelta(minutes=minutes), kind))

    @rule(n=SOME, nth=SOME, what=st.sampled_from(("wish", "wish", "move", "cancel")))
    def customer_thinks_of_a_callback(self, n: int, nth: int, what: str) -> None:
        promises = self.run(self.life.look(OPEN_PROMISES))
        if what == "wish" or not promises:
            refs = self.life.company.refs
            self.run(self.life.wish(refs[n % len(refs)], nth))
            return
        promise = one_of_them(promises, n)
        if what == "move":
            self.run(self.life.move(promise["external_ref"], promise["id"], nth))
        else:
            self.run(self.life.cancel(promise["external_ref"], promise["id"]))

    # --- what must hold

    @invariant()
    def nothing_is_broken(self) -> None:
        self.steps += 1
        everything = self.steps % EVERYTHING_EVERY == 0
        self.run(self.life.check(*(() if everything else AT_EVERY_STEP)))
        if self.steps % VIEWS_EVERY == 0:
            self.run(self.life.check_views())


@pytest.mark.timeout(300 + STEPS // 10)
def test_invariants_hold_whatever_happens(stage: Stage) -> None:
    LifeOfCalls.stage = stage
    run_state_machine_as_test(
        LifeOfCalls,
        settings=settings(
            max_examples=max(1, STEPS // STEPS_OF_A_LIFE),
            stateful_step_count=STEPS_OF_A_LIFE,
            deadline=None,
            database=None,
            derandomize="DURCHWAHL_STEPS" not in os.environ,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
