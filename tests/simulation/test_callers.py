"""The demo's telephones: who calls, and what phones do."""

from __future__ import annotations

from random import Random
from typing import Any, cast

import pytest

from simulation.callers import CLAIM_S, SHORT_TALK_S, Switchroom
from simulation.cast import Client
from simulation.numbers import film
from telephony.simulated import Caller, SimulatedSwitch

GENERAL = film(0)
KNOWN = [Client(f"K-{n}", phone=film(3000 + n), direct_dial=film(1 + n)) for n in range(5)]
NEWCOMER = film(4000)


class Switch:
    """Takes note of calls and dials instead of playing them."""

    def __init__(self, *dials: str) -> None:
        self.dials = [{"customer": {"number": number}} for number in dials]
        self.in_use: set[str] = set()
        self.calls: list[Caller] = []
        self.kept: list[tuple[str, float]] = []

    async def call(self, caller: Caller) -> None:
        self.calls.append(caller)

    async def claim(self, for_s: float) -> list[dict[str, Any]]:
        assert for_s == CLAIM_S
        return self.dials

    async def keep(self, dial: dict[str, Any], talks_s: float) -> None:
        self.kept.append((dial["customer"]["number"], talks_s))

    def is_in_use(self, phone: str) -> bool:
        return phone in self.in_use


@pytest.fixture
def room() -> Switchroom:
    async def no_sleep(seconds: float) -> None:
        assert seconds > 0

    return Switchroom(KNOWN, GENERAL, Random(7), no_sleep)


async def placed(room: Switchroom, switch: Switch, count: int = 200) -> list[Caller]:
    for _ in range(count):
        await room.place_once(cast(SimulatedSwitch, switch))
    await room.finish()
    return switch.calls


async def test_customers_dial_their_advisor_and_strangers_the_company(room: Switchroom) -> None:
    calls = await placed(room, Switch())

    numbers = {client.phone: client.direct_dial for client in KNOWN}
    assert {caller.number for caller in calls} == {*numbers, None}
    assert all(caller.dials == numbers.get(caller.number or "", GENERAL) for caller in calls)


async def test_nobody_calls_who_is_on_the_phone(room: Switchroom) -> None:
    switch = Switch()
    switch.in_use = {client.phone for client in KNOWN}

    assert {caller.number for caller in await placed(room, switch)} == {None}


async def test_whoever_tries_the_demo_is_not_kept_long(room: Switchroom) -> None:
    switch = Switch(NEWCOMER, KNOWN[0].phone)

    assert await room.dial_once(cast(SimulatedSwitch, switch)) == 2
    await room.finish()

    talks = dict(switch.kept)
    assert talks[NEWCOMER] == SHORT_TALK_S < talks[KNOWN[0].phone]


def test_newcomers_phone_is_always_answered(room: Switchroom) -> None:
    assert {room.phone({"type": "tel", "number": NEWCOMER}).does for _ in range(100)} == {"answers"}
    assert {room.phone({"type": "tel", "number": KNOWN[0].phone}).does for _ in range(300)} > {"answers"}
