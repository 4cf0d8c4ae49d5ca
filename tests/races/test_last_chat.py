"""The last place for a chat (record 38), the same customer twice, a ring and a chat in the same moment."""

from __future__ import annotations

from typing import Any

import pytest

from contacts import chats
from contacts.chats import ChatUnderWay
from contacts.situation import Scene
from tests.races.desks import MARKET_NUMBER, OTHERS, Desk
from tests.races.replicas import Replicas, Work, in_scene, receives

pytestmark = [pytest.mark.database, pytest.mark.timeout(600)]


def opens_chat(ref: str) -> Work:
    async def work(scene: Scene) -> Any:
        return await chats.open_chat(scene, ref, "Guten Tag")

    return in_scene(work)


async def with_places(replicas: Replicas, desk: Desk, places: int) -> None:
    async with replicas.first.database.transaction() as session:
        await session.execute("UPDATE advisors SET chat_capacity = $2 WHERE id = $1", desk.anna.id, places)


async def test_two_customers_want_the_last_place_for_a_chat(replicas: Replicas, company: Desk) -> None:
    await with_places(replicas, company, 1)
    for _ in range(OTHERS):
        await replicas.everybody_is_free()

        chats_begun = await replicas.race(opens_chat("K-0"), opens_chat("K-1"))

        assert sorted(chat["state"] for chat in chats_begun) == ["choosing", "offered"]
        assert [row["slot"] for row in await replicas.look("SELECT slot FROM channel_slots")] == [1]
        await replicas.check()
    assert replicas.seen == {}
    assert replicas.came_too_late > 0  # or there was no race


async def test_customer_with_two_pages_gets_one_chat(replicas: Replicas, company: Desk) -> None:
    for _ in range(OTHERS):
        await replicas.everybody_is_free()

        results = await replicas.race(opens_chat("K-0"), opens_chat("K-0"))

        assert sum(isinstance(result, ChatUnderWay) for result in results) == 1
        assert len(await replicas.look("SELECT slot FROM channel_slots")) == 1
        await replicas.check()
    assert replicas.seen == {}


async def test_ring_and_chat_in_the_same_moment(replicas: Replicas, company: Desk) -> None:
    """The chat comes first and both are offered, or the ring does and the chat is explained."""
    seen = set()
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        call = receives(replicas.new_call_id(), company.phones[0], MARKET_NUMBER)

        _, chat = await replicas.race(call, opens_chat("K-1"))

        seen.add(chat["state"])
        assert await replicas.look("SELECT FROM offers WHERE state = 'open' AND channel = 'phone'") != []
        await replicas.check()
    assert replicas.seen == {}
    assert seen <= {"offered", "choosing"}
