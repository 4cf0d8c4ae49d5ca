"""Somebody who listens without a socket, and folds what they hear as a browser would."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from realtime.envelope import Frame
from realtime.fold import View
from realtime.listener import Listener
from realtime.topics import Viewer


class Notes:
    """An outlet that notes what is sent; `stuck` is what it claims not to have got rid of."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.frames: list[Frame] = []
        self.stuck = 0
        self.closed: tuple[int, str] | None = None

    def send(self, frames: Sequence[Frame]) -> None:
        self.frames += frames
        self.heard += [json.loads(frame.payload) for frame in frames]

    def unsent(self) -> int:
        return self.stuck

    def close(self, code: int, reason: str) -> None:
        self.closed = self.closed or (code, reason)

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["type"] == kind]

    def cursor(self) -> str:
        """The last one heard."""
        last: str = next(message["cursor"] for message in reversed(self.heard) if "cursor" in message)
        return last

    def events(self) -> list[str]:
        return [message["event"]["id"] for message in self.of_type("event")]


def a_viewer(role: str = "supervisor", **more: Any) -> Viewer:
    return Viewer(more.pop("sign_in", b"sign-in"), role, **more)


def a_listener(**more: Any) -> tuple[Listener, Notes]:
    notes = Notes()
    return Listener(a_viewer(**more), notes), notes


def seen(heard: Iterable[dict[str, Any]], view: View | None = None) -> View:
    """What a browser shows after these messages. A resync without a snapshot after it is a failure of the test."""
    for message in heard:
        if message["type"] == "snapshot":
            view = View.of(message["topics"], message["data"])
        elif message["type"] == "event":
            assert view is not None
            view.apply(message["event"])
        else:
            assert message["type"] in {"resumed", "heartbeat"}, message
    assert view is not None
    return view
