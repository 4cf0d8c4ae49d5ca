"""What the server refuses before the application sees it: requests that are none, endless heads, and dawdlers.

uvicorn reads HTTP with llhttp, which is strict where two readers might differ (a length beside chunks, folded
headers, bare line feeds): 400, and the connection ends. It has no time-out but for idle connections that have been
answered once, and no limit to a request's head; both are here. A reverse proxy in front should have shorter ones of
its own (nginx: `client_header_timeout`, `client_body_timeout`, `large_client_header_buffers`).
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Literal

from pydantic_core import to_json
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.errors import MEDIA_TYPE, TYPES

VERSIONS = ("1.0", "1.1")

LARGEST_HEAD = 64 * 1024
"""Bytes of a request's line and headers."""

HEAD_WITHIN_S = 10.0
"""From the opening of the connection, or the first byte of a further request, to the end of its head."""

BODY_PAUSE_S = 20.0
"""Between two pieces of a body; how long a whole one may take says `api/bodies.py`."""


class NotRead(Exception):
    """Raised in the parser's callbacks, so that it stops."""


class Doorstep(HttpToolsProtocol):
    """uvicorn's protocol with limits. A request that comes in one piece, as nearly all do, costs no timer, and its
    headers are not counted one by one: that would be 4 µs."""

    _part: Literal["head", "body"] | None = "head"
    """What of a request is being read; None between two of them."""
    _begun = False
    """Whether its first byte is there."""
    _unread = 0
    """Bytes that came since the last head was complete."""
    _large = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        still_head = self._part == "head" and self._deadline is not None
        if self._part != "body":
            self._unread += len(data)
        super().data_received(data)
        if self._part == "head" and self._unread > LARGEST_HEAD:
            self._large = True
            self.send_400_response("")
        if not (still_head and self._part == "head"):
            self._relax()
            self._watch()

    def on_message_begin(self) -> None:
        self._part, self._begun = "head", True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._large = self._unread > LARGEST_HEAD and self._head() > LARGEST_HEAD
        if self._large or self.parser.get_http_version() not in VERSIONS:
            raise NotRead
        self._part, self._begun, self._unread = "body", False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._part = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words are not ours
        if self._large:
            title = "The request's line and headers are larger than 64 KiB."
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head-too-large", title)
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, "bad-request", "The request can't be read.")

    def _head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _watch(self) -> None:
        if self._part is None or self.transport.is_closing() or self.transport.get_protocol() is not self:
            return
        patience = HEAD_WITHIN_S if self._part == "head" else BODY_PAUSE_S
        self._deadline = self.loop.call_later(patience, self._give_up)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        """Whoever has begun to speak is told; where it is us who don't read on, the wait begins anew."""
        self._deadline = None
        if self.transport.is_closing():
            return
        answering = self._part == "head" and self.cycle is not None and not self.cycle.response_complete
        if self.flow.read_paused or answering:
            self._watch()
        elif self._begun:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "too-slow", "The request took too long to arrive.")
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus, word: str, title: str) -> None:
        """Once, as there is no request that an answer could belong to afterwards."""
        if self.transport.is_closing():
            return
        body = to_json({"type": TYPES + word, "title": title, "status": int(status), "instance": "unread"})
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
            f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
