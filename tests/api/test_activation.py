"""Activation through the HTTP doors: who becomes whose advisor, why, and how it changes and ends."""

from __future__ import annotations

from datetime import timedelta

from api.services import Services
from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import encode
from tests.api.test_customers import CRAFTSMAN
from tests.support.api import Client
from tests.support.builders import (
    a_customer,
    a_desk_group,
    a_market,
    a_number,
    an_absence,
    an_advisor,
    numbers,
)


async def test_activation_answers_with_the_advisor_the_number_and_why(
    control_center: Client, database: Database
) -> None:
    async with database.transaction() as session:
        group = await a_desk_group(session, name="Nord")
        advisor = await an_advisor(session, name="Anna Ahorn", group=group, languages=("de", "en"))
        await a_number(session, number="+493023125900")
        await a_customer(session, external_ref="K-2", calling_hours={"mon": [["09:00", "12:00"]]})

    first = await control_center.post("/v1/customers/K-2/advisor", json={"channel": "portal"})
    again = await control_center.post("/v1/customers/K-2/advisor", json={})
    read = await control_center.get("/v1/customers/K-2/advisor")

    assert (first.status_code, again.status_code, read.status_code) == (201, 200, 200)
    assert first.json() == again.json() == read.json()
    card = first.json()
    assert card["direct_dial"] == "+493023125900"
    assert card["direct_dial_display"] == "030 23125-900"
    assert card["advisor"] == {
        "id": encode("adv", advisor.id),
        "name": "Anna Ahorn",
        "photo_url": None,
        "languages": ["de", "en"],
        "desk_group": {"id": encode("grp", group.id), "name": "Nord"},
        "email": advisor.email,
    }
    assert card["presence"] == {
        "state": "available",
        "words": "ist gerade frei",
        "returns_at": None,
        "best_times": [["mon", "09:00", "12:00"]],
    }
    assert card["because"] == ["speaks_de", "skill_hosting_3", "hours_overlap", "balanced"]
    assert card["since"] == "2026-11-23T09:00:00Z"


async def test_activation_may_bring_a_new_customer_along(control_center: Client, database: Database) -> None:
    async with database.transaction() as session:
        await an_advisor(session, languages=("de", "en"))
        await a_number(session, number="+493023125900")

    activated = await control_center.post("/v1/customers/K-1/advisor", json={"customer": CRAFTSMAN})

    assert (activated.status_code, activated.json()["direct_dial"]) == (201, "+493023125900")
    assert (await control_center.get("/v1/customers/K-1")).json()["tier"] == "business"


async def test_customer_brought_along_stays_out_when_nobody_can_take_them(control_center: Client) -> None:
    refused = await control_center.post("/v1/customers/K-1/advisor", json={"customer": CRAFTSMAN})

    assert (refused.status_code, refused.json()["type"].rsplit("/")[-1]) == (409, "no-advisor-fits")
    assert (await control_center.get("/v1/customers/K-1")).status_code == 404


async def test_advisor_who_asks_for_a_customer_does_not_say_who_that_is(client: Client, database: Database) -> None:
    async with database.transaction() as session:
        await a_market(session)
        await a_customer(session, external_ref="K-2")

    refused = await client.as_("advisor").post("/v1/customers/K-2/advisor", json={"customer": {"market": "DE"}})

    assert (refused.status_code, refused.json()["type"].rsplit("/")[-1]) == (403, "forbidden")


async def test_decision_of_an_activation_can_be_read(
    control_center: Client, client: Client, database: Database
) -> None:
    async with database.transaction() as session:
        await an_advisor(session)
        await numbers(session, 1)
        await a_customer(session, external_ref="K-2")
    card = (await control_center.post("/v1/customers/K-2/advisor", json={})).json()

    read = await client.as_("auditor").get(f"/v1/decisions/{card['decision_id']}")

    assert read.status_code == 200
    decision = read.json()
    assert decision["kind"] == "activation"
    assert decision["chosen"] == card["advisor"]["id"] == decision["candidates"][0]["advisor"]
    assert {"misfit", "price"} <= decision["candidates"][0]["terms"].keys()
    assert (decision["runner_up"], decision["solver"]) == (None, None)
    assert (await client.as_("auditor").get("/v1/decisions/dec_1")).status_code == 404


async def test_absence_is_told_without_its_kind(
    control_center: Client, database: Database, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        advisor = await an_advisor(session)
        await an_absence(
            session,
            advisor,
            kind="sick",
            starts_at=clock.now() - timedelta(days=1),
            ends_at=clock.now() + timedelta(days=2),
        )
        await a_customer(session, external_ref="K-2", advisor=advisor)

    card = await control_center.get("/v1/customers/K-2/advisor")

    presence = card.json()["presence"]
    assert presence["state"] == "absent"
    assert presence["words"] == "ist ab Mittwoch, 25. November, 10 Uhr wieder da"
    assert presence["returns_at"] == "2026-11-25T09:00:00Z"
    assert "sick" not in card.text


async def test_presence_is_told_in_words_for_customers(control_center: Client, database: Database) -> None:
    told = {
        "available": "available",
        "offered": "talking",
        "in_contact": "talking",
        "wrap_up": "soon_free",
        "break": "not_at_desk",
        "meeting": "not_at_desk",
        "training": "not_at_desk",
        "not_responding": "not_at_desk",
        "offline": "not_there",
    }
    async with database.transaction() as session:
        for state in told:
            advisor = await an_advisor(session, state=state)
            await a_customer(session, external_ref=state, advisor=advisor, languages=("en",))

    for state, public in told.items():
        presence = (await control_center.get(f"/v1/customers/{state}/advisor")).json()["presence"]

        assert presence["state"] == public
        assert presence["words"]
        assert state == "available" or state not in presence["words"]


async def test_desk_without_a_sign_of_life_is_not_available(
    control_center: Client, database: Database, clock: VirtualClock
) -> None:
    async with database.transaction() as session:
        advisor = await an_advisor(session, lease_until=clock.now())
        await a_customer(session, external_ref="K-2", advisor=advisor)

    assert (await control_center.get("/v1/customers/K-2/advisor")).json()["presence"]["state"] == "not_there"


async def test_nobody_fits_names_the_rule(control_center: Client, database: Database) -> None:
    async with database.transaction() as session:
        await an_advisor(session, skills={"dns": 5})
        await a_customer(session, external_ref="K-2")

    answer = await control_center.post("/v1/customers/K-2/advisor", json={})

    assert answer.status_code == 409
    problem = answer.json()
    assert problem["type"].endswith("/no-advisor-fits")
    assert (problem["bottleneck"], problem["removed_by"]) == ("has_the_skill", {"has_the_skill": 1})


async def test_empty_pool_is_a_clear_conflict(control_center: Client, database: Database) -> None:
    async with database.transaction() as session:
        await an_advisor(session)
        await a_customer(session, external_ref="K-2")

    answer = await control_center.post("/v1/customers/K-2/advisor", json={})

    assert (answer.status_code, answer.json()["type"].rsplit("/")[-1]) == (409, "number-pool-empty")
    assert (await control_center.get("/v1/customers/K-2/advisor")).status_code == 404


async def test_repeat_with_the_same_key_has_one_effect(control_center: Client, database: Database) -> None:
    async with database.transaction() as session:
        await an_advisor(session)
        await numbers(session, 1)
        await a_customer(session, external_ref="K-2")
    key = {"Idempotency-Key": "activation-of-K-2"}

    first = await control_center.post("/v1/customers/K-2/advisor", json={}, headers=key)
    repeat = await control_center.post("/v1/customers/K-2/advisor", json={}, headers=key)

    assert (first.status_code, repeat.status_code) == (201, 201)
    assert repeat.content == first.content
    assert repeat.headers["idempotent-replayed"] == "true"


async def test_wish_for_a_language_is_kept(control_center: Client, database: Database) -> None:
    async with database.transaction() as session:
        await an_advisor(session, languages=("de",))
        english = await an_advisor(session, languages=("en",), load_s=100_000)
        await numbers(session, 2)
        await a_customer(session, external_ref="K-2", languages=("de",))

    answer = await control_center.post("/v1/customers/K-2/advisor", json={"wishes": {"languages": ["en-GB"]}})

    assert answer.json()["advisor"]["id"] == encode("adv", english.id)
    assert "speaks_en" in answer.json()["because"]


async def test_advisor_asks_on_the_customers_behalf(client: Client, services: Services) -> None:
    async with services.database.transaction() as session:
        advisor = await an_advisor(session)
        await numbers(session, 1)
        await a_customer(session, external_ref="K-2")
    command = {"channel": "phone", "on_behalf_by": encode("adv", advisor.id)}

    answer = await client.as_("advisor").post("/v1/customers/K-2/advisor", json=command)

    assert answer.status_code == 201
    async with services.database.reading() as session:
        assert await session.fetch_value("SELECT on_behalf_by FROM relationships") == advisor.id


async def test_asking_for_an_unknown_advisor_is_refused(control_center: Client, database: Database) -> None:
    async with database.transaction() as session:
        await an_advisor(session)
        await numbers(session, 1)
        await a_customer(session, external_ref="K-2")

    for behalf in ("adv_1", "adv_01J00000000000000000000000", "cus_01J00000000000000000000000"):
        answer = await control_center.post("/v1/customers/K-2/advisor", json={"on_behalf_by": behalf})

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/on_behalf_by"


async def test_change_once_in_thirty_days(control_center: Client, database: Database) -> None:
    async with database.transaction() as session:
        first = await an_advisor(session)
        await an_advisor(session)
        await numbers(session, 2)
        await a_customer(session, external_ref="K-2", advisor=first)

    changed = await control_center.post("/v1/customers/K-2/advisor/change", json={})
    again = await control_center.post("/v1/customers/K-2/advisor/change", json={})

    assert changed.status_code == 201
    assert changed.json()["advisor"]["id"] != encode("adv", first.id)
    assert again.status_code == 409
    assert again.json()["next_possible_at"] == "2026-12-23T09:00:00+00:00"


async def test_end_and_history(control_center: Client, database: Database) -> None:
    async with database.transaction() as session:
        advisor = await an_advisor(session)
        await a_customer(session, external_ref="K-2", advisor=advisor)

    ended = await control_center.delete("/v1/customers/K-2/advisor")
    again = await control_center.delete("/v1/customers/K-2/advisor")
    history = await control_center.get("/v1/customers/K-2/advisor/history")

    assert (ended.status_code, again.status_code) == (204, 404)
    (stretch,) = history.json()["items"]
    assert (stretch["ends_at"], stretch["ended_reason"]) == ("2026-11-23T09:00:00Z", "ended")


async def test_strangers_activate_nobody(control_center: Client) -> None:
    for who in (None, "telephony", "auditor", "operator"):
        answer = await control_center.as_(who).post("/v1/customers/K-2/advisor", json={})

        assert answer.status_code == (401 if who is None else 403)
