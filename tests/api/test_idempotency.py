"""One effect per key (I25): repeated, raced, changed, failed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from accounts.queries import claim_key
from kit.clock import VirtualClock
from tests.api.test_bad_input import problem
from tests.api.test_transactional import services_of, toys_in
from tests.api.toys import gate
from tests.support.api import Client, Response


async def sent(client: Client, key: str, path: str = "/v1/toys", **wish: object) -> Response:
    return await client.post(path, json={"name": "ball", **wish}, headers={"Idempotency-Key": key})


def clock_of(client: Client) -> VirtualClock:
    clock = services_of(client).clock
    assert isinstance(clock, VirtualClock)
    return clock


async def test_repeat_gets_the_same_answer_byte_for_byte_and_has_no_second_effect(toy_client: Client) -> None:
    caller = toy_client.as_("control_center")

    first = await sent(caller, "k")
    second = await sent(caller, "k")

    assert (second.status_code, second.content) == (first.status_code, first.content) == (201, first.content)
    assert second.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert second.headers["content-type"] == first.headers["content-type"]
    assert await toys_in(toy_client) == 1


async def test_repeat_may_order_its_members_otherwise(toy_client: Client) -> None:
    caller = toy_client.as_("control_center")
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}

    await caller.post("/v1/toys", content=b'{"name": "ball", "weight": 2}', headers=headers)
    repeat = await caller.post("/v1/toys", content=b'{ "weight":2,"name":"ball" }', headers=headers)

    assert repeat.headers["idempotent-replayed"] == "true"


async def test_another_payload_under_the_same_key_is_422(toy_client: Client) -> None:
    caller = toy_client.as_("control_center")
    await sent(caller, "k")

    others = [
        await sent(caller, "k", weight=1),
        await sent(caller, "k", "/v1/toys/refused"),
        await sent(caller, "k", "/v1/toys?dry=1"),
    ]

    assert [other.status_code for other in others] == [422] * 3
    assert problem(others[0])["type"].endswith("/idempotency-key-reused")
    assert await toys_in(toy_client) == 1


async def test_keys_of_others_are_others(toy_client: Client) -> None:
    other = await toy_client.as_("admin").post(
        "/v1/machine-keys", json={"name": "second", "scopes": ["control_center"]}
    )
    await sent(toy_client.as_("control_center"), "k")

    answer = await sent(toy_client.with_token(other.json()["secret"]), "k", weight=1)

    assert answer.status_code == 201
    assert await toys_in(toy_client) == 2


async def test_while_the_first_works_the_second_is_409_and_afterwards_gets_the_answer(toy_client: Client) -> None:
    caller, slow = toy_client.as_("control_center"), "/v1/toys/slow"
    first = asyncio.create_task(sent(caller, "k", slow))
    await gate(services_of(toy_client)).come.wait()

    during = await sent(caller, "k", slow)
    gate(services_of(toy_client)).open.set()
    answered = await first
    after = await sent(caller, "k", slow)

    assert (during.status_code, during.headers["retry-after"]) == (409, "1")
    assert problem(during)["type"].endswith("/request-in-flight")
    assert (answered.status_code, after.content) == (200, answered.content)
    assert await toys_in(toy_client) == 1


async def test_of_fifty_at_once_one_has_the_effect(toy_client: Client) -> None:
    caller = toy_client.as_("control_center")

    answers = await asyncio.gather(*(sent(caller, "k") for _ in range(50)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await toys_in(toy_client) == 1


async def test_refusals_and_failures_are_not_kept(toy_client: Client) -> None:
    caller = toy_client.as_("control_center")
    for path, status in (("/v1/toys/refused", 409), ("/v1/toys/broken", 500), ("/v1/toys/answers-503", 503)):
        assert (await sent(caller, "k", path)).status_code == status

    answer = await sent(caller, "k")

    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers


async def test_commit_that_fails_keeps_no_answer(toy_client: Client) -> None:
    caller = toy_client.as_("control_center")
    broken = await sent(caller, "k", name="fails at commit")

    again = await sent(caller, "k", name="fails at commit")

    assert (broken.status_code, again.status_code) == (500, 500)
    assert "idempotent-replayed" not in again.headers


async def test_after_a_day_the_key_is_free_again(toy_client: Client) -> None:
    caller = toy_client.as_("control_center")
    await sent(caller, "k")

    clock_of(toy_client).advance(timedelta(hours=24).total_seconds())
    later = await sent(caller, "k", weight=3)

    assert later.status_code == 201
    assert await toys_in(toy_client) == 2


async def test_kept_answer_names_its_subjects_so_that_an_erasure_finds_it(toy_client: Client) -> None:
    await sent(toy_client.as_("control_center"), "k")

    async with services_of(toy_client).database.reading() as session:
        found = await session.fetch(
            "SELECT key, status, fingerprint FROM stored_answers WHERE subjects @> ARRAY['cus_of_the_toy']"
        )

    assert [(row["key"], row["status"], len(row["fingerprint"])) for row in found] == [("k", 201, 32)]


async def test_switch_sends_no_key(toy_client: Client) -> None:
    answer = await toy_client.as_("telephony").post(
        "/v1/toys/calls", json={"call_id": "pbx-1"}, headers={"Idempotency-Key": None}
    )

    assert answer.status_code == 200


async def test_who_may_not_do_it_gets_no_kept_answer_either(toy_client: Client) -> None:
    await sent(toy_client.as_("control_center"), "k")

    stranger = await sent(toy_client, "k")
    another = await sent(toy_client.as_("telephony"), "k")

    assert (stranger.status_code, another.status_code) == (401, 403)


async def test_answer_given_meanwhile_by_another_replica_is_found(
    toy_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim looks before the other's commit is visible and takes the lock after it: the insert notices."""
    caller = toy_client.as_("control_center")
    await sent(caller, "k")
    looks: list[int] = []

    async def blind_at_first(*arguments: Any) -> Mapping[str, Any]:
        looks.append(1)
        row = await claim_key(*arguments)
        return {**row, "fingerprint": None} if len(looks) == 1 else row

    monkeypatch.setattr("accounts.queries.claim_key", blind_at_first)
    answer = await sent(caller, "k")

    assert (answer.headers["idempotent-replayed"], len(looks)) == ("true", 2)
    assert await toys_in(toy_client) == 1
