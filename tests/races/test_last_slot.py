"""Two customers of one advisor want the last room of a window at the same instant: one is promised it."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks.slots import SlotAlreadyTaken
from contacts import wishes
from contacts.situation import Scene
from kit.intervals import Interval
from tests.races.desks import OTHERS
from tests.races.replicas import Replicas, Work, in_scene
from tests.races.test_one_promise import open_promises
from tests.support.builders import PLENTY, a_policy

pytestmark = [pytest.mark.database, pytest.mark.timeout(600)]


def wishes_for(ref: str, window: Interval) -> Work:
    async def promise(scene: Scene) -> Any:
        return await wishes.promise(scene, ref, window.starts_at, None, None)

    return in_scene(promise)


async def first_window(scene: Scene) -> Any:
    return (await wishes.slots(scene, "K-0"))[0].slot


@pytest.mark.usefixtures("company")
async def test_last_room_of_a_window_is_promised_once(replicas: Replicas) -> None:
    one_room = {"expected_minutes": 15, "share": 0.5, "slot_minutes": 30}
    async with replicas.first.database.transaction() as session:
        await a_policy(session, version=2, valid_from=replicas.now, dialling=PLENTY, callback=one_room)
    for _ in range(OTHERS):
        await replicas.everybody_is_free()
        window = await replicas.do(in_scene(first_window))

        results = await replicas.race(wishes_for("K-0", window), wishes_for("K-1", window))

        refused = [one for one in results if isinstance(one, Exception)]
        assert [type(one) for one in refused] == [SlotAlreadyTaken]
        assert len(await open_promises(replicas)) == 1
        await replicas.check()
    assert replicas.seen == {}
