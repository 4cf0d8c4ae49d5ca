"""The stories of calls and promises once more, overheard.

After each step, for everybody who may listen, the old snapshot and the step's events make the new snapshot.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from advisors import presences
from advisors.models import Advisor
from contacts.answers import Answer
from desk_groups import service as desk_groups
from kit.clock import VirtualClock
from kit.database import Session
from telephony.inbound import Signal
from tests.contacts import test_calls, test_promises
from tests.support.builders import a_desk_group, an_advisor
from tests.support.replay import told
from tests.support.world import Call, World

pytestmark = pytest.mark.database

Story = Callable[[World], Awaitable[None]]


class OverheardCall(Call):
    async def repeat(self, signal: Signal) -> Answer:
        async with told(self.world.session):
            return await super().repeat(signal)

    async def poll(self) -> Answer:
        async with told(self.world.session):
            return await super().poll()


class Overheard(World):
    """Every verb is checked against what it announces."""

    async def call(self, caller: str | None, dialled: str | None, call_id: str | None = None) -> Call:
        async with told(self.session):
            call = await super().call(caller, dialled, call_id)
        return OverheardCall(self, call.call_id, call.answer)

    async def pass_time(self, seconds: float) -> None:
        async with told(self.session):
            await super().pass_time(seconds)

    async def choose(self, advisor: Advisor, state: str, reason: str | None = None) -> None:
        async with told(self.session):
            await super().choose(advisor, state, reason)

    async def hear_dial(self, *arguments: Any, **more: Any) -> None:
        async with told(self.session):
            await super().hear_dial(*arguments, **more)


def _stories() -> Iterator[Story]:
    """Those that need nothing but a world."""
    for module in (test_calls, test_promises):
        for name, story in vars(module).items():
            if name.startswith("test_") and list(inspect.signature(story).parameters) == ["world"]:
                yield story


STORIES = list(_stories())


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__.removeprefix("test_"))
async def test_every_step_is_told(story: Story, session: Session, clock: VirtualClock) -> None:
    await story(Overheard(session, clock))


def test_there_are_stories() -> None:
    assert len(STORIES) > 20


async def test_who_moves_to_another_group_is_seen_to_leave_and_to_come(session: Session, now: datetime) -> None:
    anna, other = await an_advisor(session), await a_desk_group(session)

    async with told(session) as heard:
        await desk_groups.seat(session, {anna.id: other.id}, now)
    async with told(session):
        await desk_groups.seat(session, {anna.id: None}, now)

    assert heard.types == ["presence.moved"]


async def test_a_heartbeat_is_not_told(session: Session, now: datetime) -> None:
    anna = await an_advisor(session)

    async with told(session) as heard:
        await presences.hear_of(session, anna.id, now)

    assert heard.types == []
