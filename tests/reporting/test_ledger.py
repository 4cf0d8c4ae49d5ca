"""Promised is the sum of all ends and of what is open, whatever has happened; small groups aren't told apart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.states import CALLBACK
from contacts import wishes
from contacts.arrivals import scene_for
from kit.clock import VirtualClock
from kit.database import Session
from reporting import ledger
from reporting.ledger import ENDS, summed
from tests.contacts.test_calls import anna_and_ben
from tests.support.builders import MONDAY_MORNING, a_customer, an_advisor
from tests.support.world import World

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "day": st.just(MONDAY_MORNING.date()),
            "market_id": st.sampled_from(["DE", "ES"]),
            "desk_group_id": st.none(),
            "state": st.sampled_from(sorted(CALLBACK.states)),
            "final_reason": st.sampled_from(
                ["not_reached", "dial_limit", "customer_wish", "typed by somebody", None]
            ),
            "owner_state": st.sampled_from(["own", "handed_to_group"]),
            "owner_reason": st.just("own_advisor_away"),
            "moved": st.booleans(),
            "late": st.booleans(),
            "promises": st.integers(1, 9),
        }
    )
)


@given(ROWS)
def test_sums_add_up(rows: list[dict[str, Any]]) -> None:
    lines = summed(rows)

    assert sum(line.promised for line in lines) == sum(row["promises"] for row in rows)
    assert all(line.ends.keys() <= set(ENDS) for line in lines)
    assert all(line.handed <= line.promised and line.moved <= line.promised for line in lines)
    assert not any("typed" in why for line in lines for why in line.why)
    for line in lines:
        ended = sum(count for why, count in line.why.items() if not why.startswith("handed."))
        assert ended == line.promised - line.ends["open"] - line.ends["kept"] - line.ends["late"]


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


async def test_what_we_call_off_ourselves_is_broken_and_what_the_customer_does_is_cancelled(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    for n in range(3):
        await a_customer(world.session, external_ref=f"K-{n}", advisor=anna)
    scene = await scene_for(world.session, world.exchange, world.now)
    begins = [world.now + timedelta(hours=24 + n) for n in range(3)]
    made = [await wishes.promise(scene, f"K-{n}", begin, None, None) for n, begin in enumerate(begins)]
    await wishes.move(scene, "K-0", made[0]["id"], begins[0] + timedelta(hours=4))
    await wishes.cancel(scene, "K-1", made[1]["id"], "customer_wish")
    await wishes.cancel(scene, "K-2", made[2]["id"], "dial_limit")

    (line,) = await ledger.lines(world.session, world.now - timedelta(days=1), world.now + timedelta(days=1))

    assert (line.day.isoformat(), line.market, line.desk_group) == ("2026-11-23", "DE", None)
    assert (line.promised, line.moved) == (3, 1)
    assert dict(line.ends) == {"open": 1, "cancelled": 1, "broken": 1}
    assert dict(line.why) == {"cancelled.customer_wish": 1, "broken.dial_limit": 1}


async def test_desk_group_of_five_is_told_apart(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_customer(world.session, external_ref="K-1", advisor=anna)
    scene = await scene_for(world.session, world.exchange, world.now)
    promise = await wishes.promise(scene, "K-1", world.now + timedelta(hours=24), None, None)
    for n in range(3):
        other = await an_advisor(world.session, name=f"Cara {n}")
        await world.session.execute(
            "UPDATE desk_group_members SET desk_group_id = $2 WHERE advisor_id = $1",
            other.id,
            promise["desk_group_id"],
        )

    (line,) = await ledger.lines(world.session, world.now - timedelta(days=1), world.now + timedelta(days=1))

    assert line.desk_group == promise["desk_group_id"]
