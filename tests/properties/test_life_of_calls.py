"""Whatever happens, in whatever order: the invariants hold after every step, and everything comes to an end.

    DURCHWAHL_STEPS=500000 pytest tests/properties/test_life_of_calls.py

The default is 5,000 steps, the same ones each time; with the variable set they are others each time, and hypothesis
prints how to see a failure again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from kit.catalogue import Catalogue
from kit.database import Database
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
TYPES = st.sampled_from(("ringing", "answered", "no_answer", "busy", "failed", "digits", "hangup", "alive"))
LEGS = st.sampled_from(("advisor", "caller"))
DIGITS = st.sampled_from(("1", "2", "2", "3", "", "9", "030 1", "03023125017"))
STATES = st.sampled_from(("available", "available", "break", "meeting", "training", "offline"))
A_WHILE = st.sampled_from((0.3, 1.0, 3.0, 5.0, 11.0, 21.0, 26.0, 31.0, 61.0, 95.0, 600.0, 1900.0))


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

    # --- calls

    @rule(who=SOME, where=st.sampled_from((0, 0, 0, 1, 2, 3)))
    def somebody_calls(self, who: int, where: int) -> None:
        company = self.life.company
        caller = company.phones[who % len(company.phones)]
        self.run(self.life.call(caller, company.dialled[where]))

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

    @rule(n=SOME, digits=DIGITS, ordered=st.booleans())
    @precondition(lambda self: self.life.calls)
    def caller_types(self, n: int, digits: str, ordered: bool) -> None:
        asked = (
            "SELECT switch_call_id FROM contacts WHERE state IN ('choosing', 'waiting', 'identifying') ORDER BY id"
        )
        waiting = {row["switch_call_id"] for row in self.run(self.life.look(asked))}
        known = [known for known in self.life.calls if known.call_id in waiting]
        if known:
            call = one_of_them(known, n)
            call.digits += 1
            more = {"ordinal": call.digits} if ordered else {}
            self.run(self.life.hear(call, self.life.signal("digits", "caller", digits=digits, **more)))

    @rule(n=SOME, type=st.sampled_from(("answered", "answered", "answered", "no_answer", "busy")))
    def advisor_takes_it(self, n: int, type: str) -> None:  # noqa: A002
        sql = (
            "SELECT o.id, c.switch_call_id, a.token FROM offers o LEFT JOIN contacts c ON c.id = o.contact_id "
            "LEFT JOIN callback_attempts a ON a.callback_id = o.callback_id AND a.ended_at IS NULL "
            "WHERE o.state = 'open' ORDER BY o.made_at, o.id"
        )
        ringing = self.run(self.life.look(sql))
        if not ringing:
            return
        offer = one_of_them(ringing, n)
        if offer["token"] is not None:
            self.run(self._take_dials())
            self.run(self.life.hear_dial(offer["token"], self.life.signal(type, "advisor")))
            return
        (known,) = (known for known in self.life.calls if known.call_id == offer["switch_call_id"])
        self.run(self.life.hear(known, self.life.signal(type, "advisor", offer_id=offer["id"])))

    async def _take_dials(self) -> None:
        await self.life.take_dials(10)

    @precondition(lambda self: self.life.calls)
    @rule(n=SOME, leg=LEGS)
    def somebody_hangs_up(self, n: int, leg: str) -> None:
        self.run(self.life.hear(self._call(n), self.life.signal("hangup", leg)))

    @precondition(lambda self: self.life.calls)
    @rule(n=SOME)
    def switch_asks(self, n: int) -> None:
        self.run(self.life.poll(self._call(n)))

    @precondition(lambda self: self.life.calls)
    @rule(n=SOME)
    def switch_falls_silent(self, n: int) -> None:
        self._call(n).alive = False

    # --- promises

    @rule(most=st.integers(1, 3))
    def switch_takes_dials(self, most: int) -> None:
        self.run(self.life.take_dials(most))

    @precondition(lambda self: self.life.dials)
    @rule(n=SOME, type=TYPES, leg=LEGS)
    def switch_says_anything_of_a_dial(self, n: int, type: str, leg: str) -> None:  # noqa: A002
        self.run(self.life.hear_dial(one_of_them(self.life.dials, n), self.life.signal(type, leg)))

    @rule(n=SOME, nth=SOME)
    def customer_wishes_a_callback(self, n: int, nth: int) -> None:
        refs = self.life.company.refs
        self.run(self.life.wish(refs[n % len(refs)], nth))

    @rule(n=SOME, nth=SOME, cancels=st.booleans())
    def customer_thinks_otherwise(self, n: int, nth: int, cancels: bool) -> None:
        sql = (
            "SELECT cb.id, cu.external_ref FROM callbacks cb JOIN customers cu ON cu.id = cb.customer_id "
            "WHERE cb.final_at IS NULL ORDER BY cb.created_at, cb.id"
        )
        promises = self.run(self.life.look(sql))
        if promises:
            promise = one_of_them(promises, n)
            if cancels:
                self.run(self.life.cancel(promise["external_ref"], promise["id"]))
            else:
                self.run(self.life.move(promise["external_ref"], promise["id"], nth))

    # --- people

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

    @rule(n=SOME)
    def advisor_wraps_up(self, n: int) -> None:
        sql = "SELECT id, advisor_id FROM contacts WHERE advisor_id IS NOT NULL ORDER BY received_at, id"
        contacts = self.run(self.life.look(sql))
        if contacts:
            contact = one_of_them(contacts, n)
            self.run(self.life.wrap_up(contact["advisor_id"], contact["id"]))

    @rule(n=SOME)
    def desk_closes(self, n: int) -> None:
        self.life.open_desks.discard(self._advisor(n))

    @rule(n=SOME, minutes=st.sampled_from((1, 60, 600)))
    def advisor_falls_ill(self, n: int, minutes: int) -> None:
        self.run(self.life.fall_ill(self._advisor(n), timedelta(minutes=minutes)))

    @rule(minutes=st.sampled_from((1, 10)), kind=st.sampled_from(("emergency", "planned")))
    def market_closes(self, minutes: int, kind: str) -> None:
        self.run(self.life.close(timedelta(minutes=minutes), kind))

    # --- time

    @rule(seconds=A_WHILE, silently=st.sampled_from((False, False, False, True)))
    def time_passes(self, seconds: float, silently: bool) -> None:
        self.run(self.life.pass_time(seconds, silently=silently))

    @rule()
    def next_promise_falls_due(self) -> None:
        self.run(self.life.until_next_promise())

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
