"""Who comes too often gets 429 with Retry-After and no effect; the switch is never held up by others."""

from __future__ import annotations

from typing import Any

import pytest

from api.limits import address
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from tests.api.test_bad_input import problem
from tests.api.test_sessions import PASSWORD
from tests.api.test_transactional import services_of
from tests.support.api import Client, make_app, make_client
from tests.support.builders import a_market

RATES = {
    "limit_people": "3/minute",
    "limit_machines": "3/minute",
    "limit_strangers": "3/minute",
    "limit_sign_ins": "2/minute",
}


@pytest.fixture
async def limited(database: Database, clock: VirtualClock, settings: Settings) -> Client:
    async with database.transaction() as session:
        await a_market(session)
    return await make_client(make_app(database, clock, settings.model_copy(update=RATES)))


def is_limited(answers: list[Any]) -> list[bool]:
    return [answer.status_code == 429 for answer in answers]


async def test_person_who_comes_too_often_waits_and_others_do_not(limited: Client, clock: VirtualClock) -> None:
    answers = [await limited.as_("admin").get("/v1/markets") for _ in range(4)]
    other = await limited.as_("supervisor").get("/v1/markets")
    clock.advance(60)
    later = await limited.as_("admin").get("/v1/markets")

    assert is_limited(answers) == [False, False, False, True]
    assert problem(answers[3])["type"].endswith("/too-many-requests")
    assert answers[3].headers["retry-after"] == "61"
    assert (other.status_code, later.status_code) == (200, 200)


async def test_what_is_refused_has_no_effect(limited: Client) -> None:
    for _ in range(3):
        await limited.as_("control_center").get("/v1/markets")

    refused = await limited.as_("control_center").put("/v1/customers/K-1", json={"market": "DE"})
    kept = await limited.as_("supervisor").get("/v1/customers/K-1")

    assert (refused.status_code, kept.status_code) == (429, 404)


async def test_switch_finds_its_way_while_everybody_else_is_refused(limited: Client) -> None:
    for who in ("control_center", "operator", "admin", None):
        for _ in range(10):
            await limited.as_(who).get("/v1/markets")

    body = {"from": "+493023125017", "to": "+493023125900"}
    switch = limited.as_("telephony")
    answers = [
        await switch.post("/v1/telephony/calls", json={**body, "call_id": f"pbx-{number}"}) for number in range(20)
    ]

    assert {answer.status_code for answer in answers} == {200}


async def test_switchs_key_is_limited_elsewhere_and_where_a_setting_says_so(
    database: Database, clock: VirtualClock, settings: Settings
) -> None:
    strict = settings.model_copy(update={**RATES, "limit_telephony": "5/minute"})
    client = (await make_client(make_app(database, clock, strict))).as_("telephony")

    elsewhere = [await client.get("/v1/markets") for _ in range(4)]
    its_own = [await client.get("/v1/telephony/calls/unknown") for _ in range(6)]

    assert [answer.status_code for answer in elsewhere] == [403, 403, 403, 429]
    assert is_limited(its_own) == [False] * 5 + [True]


async def test_guessing_tokens_ends_in_429_and_good_ones_from_there_are_taken(limited: Client) -> None:
    guesses = [await limited.with_token(f"dw_admin_{number:043}").get("/v1/markets") for number in range(4)]
    good = await limited.as_("admin").get("/v1/markets")

    assert [answer.status_code for answer in guesses] == [401, 401, 401, 429]
    assert good.status_code == 200


async def test_passwords_are_not_tried_at_will_from_one_address(limited: Client) -> None:
    answers = [
        await limited.post("/v1/sessions", json={"email": f"{number}@desk.example", "password": PASSWORD})
        for number in range(3)
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 429]


async def test_probes_are_never_refused_and_refusals_are_counted(limited: Client) -> None:
    for _ in range(10):
        await limited.get("/v1/markets")

    live = [(await limited.get("/livez")).status_code for _ in range(10)]
    figures = (await limited.get("/metrics")).text

    assert set(live) <= {200, 503}
    assert 'durchwahl_rate_limited_total{limit="strangers"} 7.0' in figures


async def test_no_more_names_are_kept_than_fit(limited: Client) -> None:
    limits = services_of(limited).limits
    counting = limits._countings["strangers"]
    counting._most = 5
    for number in range(20):
        limits.stranger({"client": (f"192.0.2.{number}", 1)}, services_of(limited).clock.now())

    assert len(counting) == 5


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (("192.0.2.7", 5), "192.0.2.7"),
        (("2001:db8::1", 5), "2001:db8::/64"),
        (("2001:db8::ffff:1", 6), "2001:db8::/64"),
        (("::ffff:192.0.2.7", 5), "192.0.2.7"),
        (("testclient", 5), "testclient"),
        (None, ""),
    ],
)
def test_household_has_one_address(client: tuple[str, int] | None, expected: str) -> None:
    assert address({"client": client}) == expected
