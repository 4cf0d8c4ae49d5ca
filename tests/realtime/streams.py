"""A stream whose clock is moved by hand, and somebody who listens to it."""

from __future__ import annotations

from typing import Any

import pytest

from kit.clock import VirtualClock
from kit.database import Database
from realtime.listener import Listener
from realtime.stream import Stream
from tests.realtime.listening import Notes, a_listener
from tests.realtime.writing import until


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def stream(database: Database, clock: VirtualClock, seconds: Seconds) -> Stream:
    stream = Stream(database, clock, kept=20, monotonic=seconds)
    await stream.follow()
    return stream


def entered(stream: Stream, **more: Any) -> tuple[Listener, Notes]:
    """Somebody who listens without having signed in; the clock stands still, so nobody asks."""
    listener, notes = a_listener(**more)
    stream.hub.enter(listener)
    stream._sign_ins_at = float("inf")
    return listener, notes


async def heard(stream: Stream, notes: Notes, events: int) -> list[dict[str, Any]]:
    """What has been heard when so many events have come."""

    async def enough() -> bool:
        await stream.follow()
        return len(notes.of_type("event")) >= events

    await until(enough)
    return notes.heard
