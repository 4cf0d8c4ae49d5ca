"""Simulated advisors: what they do about their status, seen through the stream and done through the desk."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, cast
from uuid import UUID

import pytest

from realtime.fold import View
from simulation.cast import Player
from simulation.colleagues import AWAY_SHARE, Colleagues
from simulation.desk_client import DeskClient

PLAYERS = [
    Player(UUID(int=n), f"agent-{n}", f"Person {n}", f"PJSIP/{n}", UUID(int=100 + n), away=False)
    for n in range(1, 11)
]
ANNA = PLAYERS[0]


class Desks:
    """Takes note of who did what."""

    def __init__(self) -> None:
        self.done: list[tuple[UUID, str, str, Any]] = []

    async def ask(self, account: UUID, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        self.done.append((account, method, path, body))
        return True


class Play:
    """Ten colleagues at one desk group, all in the status that a test gives them; sleeping takes no time."""

    def __init__(self) -> None:
        self.desks = Desks()
        self.view = View.of(["all"], {})
        for player in PLAYERS:
            self.put(player, "available")
        desks = cast(DeskClient, self.desks)
        self.colleagues = Colleagues(desks, PLAYERS, lambda: self.view, Random(7), self._sleep)

    async def _sleep(self, seconds: float) -> None:
        assert seconds > 0

    def put(self, player: Player, state: str, since: str = "09:00") -> dict[str, Any]:
        presence = {"advisor": player.code, "state": state, "since": since, "group": "grp"}
        self.view.data["presences"][player.code] = presence
        return presence

    async def hear(self, presence: Mapping[str, Any]) -> None:
        self.colleagues.hear("presence", dict(presence))
        await self.colleagues.finish()


@pytest.fixture
def play() -> Play:
    return Play()


@pytest.mark.parametrize("state", ["offline", "break", "meeting", "training", "not_responding"])
async def test_who_is_away_comes_back(play: Play, state: str) -> None:
    await play.hear(play.put(ANNA, state))

    assert play.desks.done == [(ANNA.account_id, "PUT", "/v1/desk/presence", {"state": "available"})]


async def test_wrap_up_ends_with_what_it_was_about(play: Play) -> None:
    play.view.data["contacts"]["con"] = {"id": "con", "advisor": ANNA.code, "state": "wrapping"}

    await play.hear(play.put(ANNA, "wrap_up"))

    ((account, method, path, body),) = play.desks.done
    assert (account, method, path) == (ANNA.account_id, "POST", "/v1/contacts/con/wrap-up")
    assert body["disposition"]


@pytest.mark.parametrize("state", ["available", "offered", "in_contact"])
async def test_who_works_is_left_alone(play: Play, state: str) -> None:
    await play.hear(play.put(ANNA, state))

    assert play.desks.done == []


async def test_status_that_has_changed_meanwhile_is_not_undone(play: Play) -> None:
    heard = play.put(ANNA, "break", since="09:00")
    play.put(ANNA, "in_contact", since="09:05")

    await play.hear(heard)

    assert play.desks.done == []


async def test_same_news_twice_is_acted_on_once(play: Play) -> None:
    presence = play.put(ANNA, "break")

    await play.hear(presence)
    await play.hear(presence)

    assert len(play.desks.done) == 1


async def test_breaks_leave_enough_colleagues(play: Play) -> None:
    for _ in range(20):
        if (code := await play.colleagues.pause_once()) is not None:
            play.put(next(player for player in PLAYERS if player.code == code), "break")

    gone = [one for one in play.view.data["presences"].values() if one["state"] != "available"]
    assert 0 < len(gone) <= AWAY_SHARE * len(PLAYERS) + 1


async def test_heart_beats_for_whoever_is_there(play: Play) -> None:
    for player in PLAYERS[1:]:
        play.put(player, "offline")

    await play.colleagues.heartbeat_once()

    assert play.desks.done == [(ANNA.account_id, "POST", "/v1/desk/heartbeat", None)]
