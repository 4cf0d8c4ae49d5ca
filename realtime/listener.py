"""One open stream: who listens, to what, and how far their snapshot has brought them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from realtime.cursor import Cursor
from realtime.envelope import Frame, Message
from realtime.topics import Topics, Viewer

MOST_UNSENT = 1 << 20  # bytes; at 50 events/s half a minute of not reading


class Outlet(Protocol):
    """Where frames go out. Nothing here waits: what can't be written yet is kept, and counted."""

    def send(self, frames: Sequence[Frame]) -> None: ...

    def unsent(self) -> int:
        """Bytes that are kept because the other side does not take them."""
        ...

    def close(self, code: int, reason: str) -> None:
        """End the stream; later frames are dropped. A second time does nothing."""
        ...


class Listener:
    """`topics` is empty until something has been subscribed to."""

    def __init__(self, viewer: Viewer, outlet: Outlet) -> None:
        self.viewer = viewer
        self.outlet = outlet
        self.topics: Topics = frozenset()
        self._behind: Cursor | None = None
        self._allowed = MOST_UNSENT

    def begin(self, topics: Topics, cursor: Cursor) -> None:
        """From now on, what the cursor does not know yet."""
        self.topics = topics
        self._behind = cursor

    def frame(self, message: Message) -> Frame | None:
        """What to send of an event on one's topics: nothing if it is known, the common frame as soon as that will
        do, else one whose cursor still says what the snapshot held."""
        if self._behind is None:
            return message.frame
        if self._behind.knows(message.xid, message.id):
            return None
        cursor = self._behind.at(message.position)
        self._behind = cursor if cursor.seen else None
        return message.frame if self._behind is None else message.framed_for(cursor)

    def send(self, frames: Sequence[Frame], *, large: bool = False) -> bool:
        """False, and the stream is ended (1013), when the listener does not keep up.

        `large`: a snapshot or a long past, which may lie there for a while before it is taken.
        """
        if self.outlet.unsent() > self._allowed:
            self.outlet.close(1013, "too slow; subscribe again")
            return False
        if large:
            self._allowed = MOST_UNSENT + sum(len(frame.wire) for frame in frames)
        self.outlet.send(frames)
        return True
