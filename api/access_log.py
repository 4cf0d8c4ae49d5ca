"""One JSON line per request: route template, method, status, duration, request id, and the id of who asked (a key
or an account). Nobody's data, so no URL. And one for each decision that was committed, in a request or in a loop.

Lines are gathered for 200 ms and written at once: a write per request costs as much as the rest of the edge.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TextIO

from pydantic_core import to_json

from kit.database import Session

GATHER_S = 0.2


class AccessLog:
    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._lines: list[bytes] = []

    def write(
        self,
        now: datetime,
        request_id: str,
        route: str,
        method: str,
        status: int,
        seconds: float,
        actor: str | None = None,
    ) -> None:
        line = {
            **_head(now, "request"),
            "request_id": request_id,
            "route": route,
            "method": method,
            "status": status,
            "ms": round(seconds * 1000, 2),
        }
        if actor is not None:
            line["actor"] = actor
        self._gather(line)

    def committed(self, now: datetime, session: Session) -> None:
        """What is logged of a transaction that stands, on whose account, and by which request if by any."""
        who = session.actor
        for event, ids in session.lines:
            request_id = session.requests.get(ids.get("subject", ""), who.request_id)
            by = {} if request_id is None else {"request_id": request_id}
            self._gather({**_head(now, event), **ids, **by, "actor": who.who})

    def _gather(self, line: Mapping[str, Any]) -> None:
        if not self._lines:
            asyncio.get_running_loop().call_later(GATHER_S, self.flush)
        self._lines.append(to_json(line))

    def flush(self) -> None:
        """Write what has been gathered; also when the application stops."""
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        stream = self._stream or sys.stderr
        stream.write(b"\n".join(lines).decode() + "\n")
        stream.flush()


def _head(now: datetime, event: str) -> dict[str, Any]:
    return {"timestamp": now, "level": "info", "event": event}
