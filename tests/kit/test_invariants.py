"""Each invariant is broken on purpose and notices: a check that can't fail is worth nothing.

Where a constraint or a trigger stands in the way it is dropped in the test's transaction, which is rolled back.
"""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from advisors.models import Advisor
from callbacks import queries as callback_queries
from kit import invariants
from kit.clock import VirtualClock
from kit.database import Session
from kit.invariants import Violation
from tests.kit.broken import CASES, Broken
from tests.support.builders import (
    MONDAY_MORNING,
    a_customer,
    a_desk_group,
    a_number,
    a_private_number,
    an_advisor,
)
from tests.support.world import World

pytestmark = pytest.mark.database

MARKET_NUMBER = "+493023125900"


@pytest.fixture
def session(owner_session: Session) -> Session:
    """The owner's: what the guards refuse has to be done here to be found."""
    return owner_session


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    """Anna talks, Ben's phone rings, Cora's customer waits; one promise stands and one is being kept."""
    world = World(session, clock)
    group = await a_desk_group(session, general_for="DE")
    anna = await an_advisor(session, name="Anna", group=group)
    ben = await an_advisor(session, name="Ben", group=group)
    cora = await an_advisor(session, name="Cora", group=group, state="meeting")
    dora = await an_advisor(session, name="Dora", group=group, state="meeting")
    await a_number(session, number=MARKET_NUMBER, kind="general")
    await a_number(session, advisor=anna)
    phones = {advisor.name: await a_caller(world, advisor) for advisor in (anna, ben, cora, dora)}

    for name in ("Cora", "Dora"):
        promised = await world.call(phones[name], MARKET_NUMBER)
        await promised.digits("2")
        await promised.hangs_up()
    await world.pass_time(2)
    await keep_promise(world, dora)
    call = await world.call(phones["Anna"], MARKET_NUMBER)
    await call.answered()
    ringing = await world.call(phones["Ben"], MARKET_NUMBER)
    await ringing.hear("ringing")
    waiting = await world.call(phones["Cora"], MARKET_NUMBER)
    await waiting.digits("1")
    assert (await ringing.state(), await waiting.state()) == ("offered", "waiting")
    await session.execute("CREATE TEMP TABLE instants (name text, at timestamptz) ON COMMIT DROP")
    await session.execute("INSERT INTO instants VALUES ('now', $1)", world.now)
    return world


async def a_caller(world: World, advisor: Advisor) -> str:
    phone = a_private_number()
    await a_customer(world.session, advisor=advisor, phones=(phone,), products=("hosting",))
    return phone


async def broken_now(world: World, *only: str) -> dict[str, list[Violation]]:
    return await invariants.violations(world.session, world.now, since=MONDAY_MORNING, only=only or None)


async def keep_promise(world: World, advisor: Advisor) -> None:
    """The window of what was promised of this advisor begins now, and the customer's phone rings."""
    sql = "UPDATE callbacks SET window_starts_at = $1, next_action_at = $1 WHERE advisor_id = $2"
    await world.session.execute(sql, world.now, advisor.id)
    await world.choose(advisor, "available")
    await world.do_what_is_due()
    (dial,) = await callback_queries.hand_out(world.session, world.now, 10)
    await world.hear_dial(dial["token"], "answered")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id}-{case.why}")
async def test_broken_on_purpose_it_is_noticed(world: World, case: Broken) -> None:
    session = world.session
    before = await broken_now(world, case.id)
    assert before == {}

    for statement in case.statements:
        await session.execute(statement)

    found = await broken_now(world, case.id)
    assert case.why in {violation.why for violation in found.get(case.id, ())}


async def test_nothing_is_broken_in_an_ordinary_hour(world: World) -> None:
    assert await broken_now(world) == {}


def test_everything_that_can_be_said_is_broken_by_a_case() -> None:
    text = files("kit").joinpath("invariants.sql").read_text("utf-8")
    codes = set(re.findall(r"'([a-z]+(?:_[a-z]+)*)'(?: AS why)?(?=\s*\n?FROM|\s*FROM| FROM)", text))

    broken_by_a_case = {case.why for case in CASES}
    assert {case.id for case in CASES} == invariants.load().keys()
    assert codes - broken_by_a_case == set()
