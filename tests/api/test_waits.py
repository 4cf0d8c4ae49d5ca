"""How long one would wait for a group, for a named advisor, and when that one is usually free."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from advisors.models import Advisor
from contacts.models import Contact
from kit.clock import VirtualClock
from kit.database import Database, Session
from kit.ids import encode
from tests.support.api import Client
from tests.support.builders import a_customer, a_desk_group, an_advisor, new_id


async def a_conversation(session: Session, advisor: Advisor, clock: VirtualClock, **facts: Any) -> None:
    now = clock.now()
    usual: dict[str, Any] = {
        "market_id": "DE",
        "advisor_id": advisor.id,
        "since": now,
        "received_at": now,
        "age_at": now,
        "last_signal_at": now,
    }
    contact = Contact(id=new_id(now), language="de", needs={}, **{**usual, **facts})
    session.orm.add(contact)
    await session.flush()


async def test_somebody_is_free_at_once(client: Client, database: Database) -> None:
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        anna = await an_advisor(session, group=group)
    advisor = client.as_("supervisor")

    of_group = await advisor.get(f"/v1/desk-groups/{encode('grp', group.id)}/expected-wait?market=DE")
    of_anna = await advisor.get(f"/v1/advisors/{encode('adv', anna.id)}/expected-wait?market=DE")

    assert of_group.json() == {
        "desk_group": encode("grp", group.id), "waiting": 0, "expected_wait_s": [0, 0],
    }  # fmt: skip
    assert (of_anna.json()["waiting"], of_anna.json()["expected_wait_s"]) == (0, [0, 0])
    assert of_anna.json()["usually_free"] == []


async def test_who_holds_and_what_goes_on_lie_before_the_next(
    client: Client, database: Database, clock: VirtualClock
) -> None:
    """Four minutes are the prior of a conversation: one, and for the named advisor another before it."""
    async with database.transaction() as session:
        group = await a_desk_group(session, general_for="DE")
        anna = await an_advisor(session, group=group, state="in_contact")
        held = {"state": "waiting", "choice": "hold", "own_advisor_id": anna.id, "waiting_since": clock.now()}
        await a_conversation(session, anna, clock, **{**held, "advisor_id": None})
    asking = client.as_("supervisor")

    of_group = (await asking.get(f"/v1/desk-groups/{encode('grp', group.id)}/expected-wait?market=DE")).json()
    of_anna = (await asking.get(f"/v1/advisors/{encode('adv', anna.id)}/expected-wait?market=DE")).json()

    assert (of_group["waiting"], of_anna["waiting"]) == (0, 1)
    low, high = of_group["expected_wait_s"]
    assert low < 240 < high
    assert of_anna["expected_wait_s"][1] > high


@pytest.mark.parametrize("state", ["break", "meeting", "offline"])
async def test_of_somebody_away_nobody_can_say(client: Client, database: Database, state: str) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session, state=state)

    told = await client.as_("supervisor").get(f"/v1/advisors/{encode('adv', anna.id)}/expected-wait?market=DE")

    assert told.json()["expected_wait_s"] is None


async def test_usual_hours_come_from_the_last_weeks(
    client: Client, database: Database, clock: VirtualClock
) -> None:
    """Every Monday at nine, when the story begins, a conversation of 50 minutes."""
    async with database.transaction() as session:
        anna = await an_advisor(session, working_pattern={"mon": [["09:00", "12:00"]]})
        for week in range(1, 5):
            began = clock.now().replace(hour=8, minute=0) - timedelta(weeks=week)
            ended = began + timedelta(minutes=50)
            done = {"state": "completed", "received_at": began, "answered_at": began, "ended_at": ended}
            await a_conversation(session, anna, clock, **done)

    told = await client.as_("supervisor").get(f"/v1/advisors/{encode('adv', anna.id)}/expected-wait?market=DE")

    assert told.json()["usually_free"] == [{"weekday": "mon", "since": "10:00", "until": "11:00"}]


async def test_a_customer_asks_about_their_own_advisor(client: Client, database: Database) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session)
        await a_customer(session, advisor=anna, external_ref="C-1")
        await a_customer(session, external_ref="C-2")
    control_center = client.as_("control_center")

    told = await control_center.get("/v1/customers/C-1/advisor/expected-wait")
    nobody = await control_center.get("/v1/customers/C-2/advisor/expected-wait")
    unknown = await control_center.get("/v1/customers/C-3/advisor/expected-wait")

    assert (told.status_code, told.json()["advisor"]) == (200, encode("adv", anna.id))
    assert nobody.json()["type"].endswith("no-advisor")
    assert unknown.status_code == 404


async def test_unknown_groups_advisors_and_markets_are_not_there(client: Client, database: Database) -> None:
    async with database.transaction() as session:
        anna = await an_advisor(session)
    asking = client.as_("supervisor")

    for path in (
        f"/v1/advisors/{encode('adv', new_id())}/expected-wait?market=DE",
        f"/v1/advisors/{encode('adv', anna.id)}/expected-wait?market=XX",
        f"/v1/desk-groups/{encode('grp', new_id())}/expected-wait?market=DE",
    ):
        assert (await asking.get(path)).status_code == 404
