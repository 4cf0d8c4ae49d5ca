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


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way: where it stands in the log, whom it concerns, and its frame for everybody."""

    xid: int
    id: int
    topics: Topics
    frame: Frame
    _envelope: bytes

    @property
    def position(self) -> tuple[int, int]:
        return self.xid, self.id

    def framed_for(self, cursor: Cursor) -> Frame:
        """The same event with another cursor: for a listener whose snapshot reached beyond it."""
        return Frame.of(_event(cursor, self._envelope))


def message(event: Logged, epoch: int) -> Message:
    data: Mapping[str, Any] = from_json(event.data)
    topics = audience(data, event.market_id, event.desk_group_id, event.advisor_id)
    envelope = _cloud_event(event, epoch)
    frame = Frame.of(_event(Cursor(epoch, event.xid, event.id), envelope))
    return Message(event.xid, event.id, topics, frame, envelope)


def cloud_event(event: Logged, epoch: int) -> dict[str, Any]:
    """The event as its listeners read it."""
    made: dict[str, Any] = from_json(_cloud_event(event, epoch))
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


def _cloud_event(event: Logged, epoch: int) -> bytes:
    """The data is not parsed and written again: it goes out as the database keeps it."""
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
