"""What goes over the socket, as bytes that are made once and written to every listener.

An event is a CloudEvent 1.0; `sequence` (an extension of CloudEvents) orders the events of one thing as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode

from advisors.public import instant
from realtime.cursor import Cursor
from realtime.log import Logged
from realtime.topics import Topics, audience

SOURCE = "/durchwahl"


@dataclass(frozen=True, slots=True)
class Frame:
    """A text message; `wire` is the same as an unmasked, uncompressed WebSocket frame."""

    payload: bytes
    wire: bytes

    @classmethod
    def of(cls, payload: bytes) -> Frame:
        return cls(payload, WebSocketFrame(Opcode.TEXT, payload).serialize(mask=False))


class Message:
    """An event on its way: where it stands in the log, whom it concerns, and its frame for everybody.

    What it takes to tell somebody is made when there is somebody to tell: a replica that only routes calls reads
    the log for its waiting requests, and need not frame 3,000 events a second for nobody.
    """

    __slots__ = ("_envelope", "_epoch", "_event", "_frame", "_topics")

    def __init__(self, event: Logged, epoch: int) -> None:
        self._event, self._epoch = event, epoch
        self._topics: Topics | None = None
        self._frame: Frame | None = None
        self._envelope: bytes | None = None

    @property
    def xid(self) -> int:
        return self._event.xid

    @property
    def id(self) -> int:
        return self._event.id

    @property
    def position(self) -> tuple[int, int]:
        return self._event.xid, self._event.id

    @property
    def topics(self) -> Topics:
        if self._topics is None:
            event = self._event
            data: Mapping[str, Any] = from_json(event.data)
            self._topics = audience(data, event.market_id, event.desk_group_id, event.advisor_id)
        return self._topics

    @property
    def frame(self) -> Frame:
        if self._frame is None:
            self._frame = self.framed_for(Cursor(self._epoch, self._event.xid, self._event.id))
        return self._frame

    def framed_for(self, cursor: Cursor) -> Frame:
        """The same event with another cursor: for a listener whose snapshot reached beyond it."""
        if self._envelope is None:
            self._envelope = written(self._event, self._epoch)
        return Frame.of(_event(cursor, self._envelope))


def cloud_event(event: Logged, epoch: int) -> dict[str, Any]:
    """The event as its listeners read it."""
    made: dict[str, Any] = from_json(written(event, epoch))
    return made


def snapshot(cursor: Cursor, topics: Topics, data: Mapping[str, Any]) -> Frame:
    """`topics` tells what `me` stands for, so that the listener can tell what belongs to it."""
    return _framed(type="snapshot", cursor=str(cursor), topics=sorted(topics), data=data)


def resumed(cursor: Cursor, topics: Topics) -> Frame:
    return _framed(type="resumed", cursor=str(cursor), topics=sorted(topics))


def resync() -> Frame:
    return _framed(type="resync")


def heartbeat(now: datetime) -> Frame:
    return _framed(type="heartbeat", at=instant(now))


def _framed(**members: Any) -> Frame:
    return Frame.of(to_json(members))


def _event(cursor: Cursor, envelope: bytes) -> bytes:
    return b'{"type":"event","cursor":"%b","event":%b}' % (str(cursor).encode(), envelope)


def written(event: Logged, epoch: int) -> bytes:
    """The same in JSON. The data is not parsed and written again: it goes out as the database keeps it."""
    head = {
        "specversion": "1.0",
        "id": f"{epoch}-{event.id}",
        "source": SOURCE,
        "type": event.type,
        "subject": event.subject,
        "time": instant(event.at),
        "sequence": f"{event.id:019d}",
        "datacontenttype": "application/json",
    }
    return to_json(head)[:-1] + b',"data":' + event.data + b"}"
