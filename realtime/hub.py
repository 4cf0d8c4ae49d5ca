"""Everybody who listens in this process, and the latest events, so that most who come back need no database.

Nothing here waits, so nothing can come between a snapshot and the first event after it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from realtime import envelope
from realtime.cursor import Cursor
from realtime.envelope import Frame, Message
from realtime.listener import Listener
from realtime.topics import Topics, Viewer

KEPT = 5_000
"""Events kept for those who come back: some 8 MB, a hundred seconds at 50 events/s."""


class Hub:
    """Fans each event out once to whom it concerns."""

    def __init__(self, kept: int = KEPT) -> None:
        self.listeners: set[Listener] = set()
        self.position: Cursor | None = None
        """Up to where events have been handed out; None before the first look at the log."""
        self.sent = self.too_slow = self.resyncs = 0
        """Frames handed out, listeners ended because they did not keep up, and those told to begin anew."""
        self._since: Cursor | None = None
        self._kept: deque[Message] = deque()
        self._most = kept
        self._by_topic: defaultdict[str, set[Listener]] = defaultdict(set)

    def begin(self, position: Cursor) -> None:
        """Events will follow from here on; whoever listened already has a hole and is told so."""
        self.position = self._since = position
        self._kept.clear()
        for listener in list(self.listeners):
            if listener.topics:
                self.mute(listener)
                self.resync(listener)

    def resync(self, listener: Listener) -> None:
        """Tell somebody that there is a hole, and to subscribe again."""
        self.resyncs += 1
        self.send(listener, [envelope.resync()])

    def unsent(self) -> int:
        """Bytes that lie here because those who listen have not taken them yet."""
        return sum(listener.outlet.unsent() for listener in self.listeners)

    def streams_of(self, sign_in: bytes) -> int:
        """Streams that one sign-in has open here."""
        return sum(listener.viewer.sign_in == sign_in for listener in self.listeners)

    def enter(self, listener: Listener) -> None:
        self.listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        self.mute(listener)
        self.listeners.discard(listener)

    def mute(self, listener: Listener) -> None:
        """No events until it subscribes again."""
        for topic in listener.topics:
            self._by_topic[topic].discard(listener)
            if not self._by_topic[topic]:
                del self._by_topic[topic]
        listener.topics = frozenset()

    def reaches(self, cursor: Cursor) -> bool:
        """Whether everything after the cursor is kept here or still to come."""
        since = self._since
        return since is not None and since.epoch == cursor.epoch and since.position <= cursor.position

    def knows(self, cursor: Cursor) -> bool:
        """Whether the cursor also lies in what has been handed out already: then it needs no further proof."""
        return self.position is not None and self.reaches(cursor) and cursor.position <= self.position.position

    def tell(self, listener: Listener, topics: Topics, cursor: Cursor, opening: Sequence[Frame]) -> bool:
        """Send `opening`, then all that follows the cursor, for good. False where that would leave a hole."""
        if not self.reaches(cursor):
            return False
        self.mute(listener)
        listener.begin(topics, cursor)
        for topic in topics:
            self._by_topic[topic].add(listener)
        missed = [listener.frame(message) for message in self._after(cursor) if topics & message.topics]
        self.send(listener, [*opening, *(frame for frame in missed if frame is not None)], large=True)
        return True

    def send(self, listener: Listener, frames: Sequence[Frame], *, large: bool = False) -> None:
        """`large`: a snapshot or a long past. Who does not keep up is ended and told to come back."""
        if listener.send(frames, large=large):
            self.sent += len(frames)
        else:
            self.too_slow += 1
            self.leave(listener)

    def deliver(self, messages: Sequence[Message], position: Cursor) -> None:
        """Hand out what the log has brought; `position` is that of the last event read."""
        self.position = position
        outgoing: dict[Listener, list[Frame]] = {}
        for message in messages if self._by_topic else ():
            for listener in self._concerned(message.topics):
                frame = listener.frame(message)
                if frame is not None:
                    outgoing.setdefault(listener, []).append(frame)
        for listener, frames in outgoing.items():
            self.send(listener, frames)
        self._keep(messages)

    def broadcast(self, frame: Frame) -> None:
        for listener in list(self.listeners):
            self.send(listener, [frame])

    def recheck(self, asked: Iterable[Listener], viewers: Mapping[bytes, Viewer]) -> int:
        """Of those `asked` about, end the streams of who has signed out or whose rights have changed."""
        ended = [one for one in asked if viewers.get(one.viewer.sign_in) != one.viewer]
        for listener in ended:
            self.leave(listener)
            listener.outlet.close(1008, "signed out, or rights have changed")
        return len(ended)

    def close(self, code: int, reason: str) -> None:
        """End all streams, for example with 1012 when the process leaves."""
        for listener in list(self.listeners):
            self.leave(listener)
            listener.outlet.close(code, reason)

    def _concerned(self, topics: Iterable[str]) -> set[Listener]:
        found = [listeners for topic in topics if (listeners := self._by_topic.get(topic))]
        return found[0] if len(found) == 1 else set().union(*found)

    def _after(self, cursor: Cursor) -> Iterator[Message]:
        return (message for message in self._kept if message.position > cursor.position)

    def _keep(self, messages: Sequence[Message]) -> None:
        self._kept.extend(messages)
        while len(self._kept) > self._most and self._since is not None:
            self._since = self._since.at(self._kept.popleft().position)
