"""Answers to files: a line of NDJSON for each line that came, told while the rest is still coming.

Reading goes on whether or not the caller is reading: many clients send the whole file before they look at the
answer, and each would wait for the other. What is not fetched yet lies in a file of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile

from pydantic_core import to_json
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kit.bulk import Report
from kit.errors import Fault

IN_MEMORY = 1024 * 1024
PIECE = 64 * 1024


class LineReports(Response):
    """Streams reports; the last line counts the outcomes, or says why it was stopped: `{"stopped": "…"}`.

    What fails before the first batch is in is answered as a problem instead.
    """

    media_type = "application/x-ndjson"

    def __init__(self, batches: AsyncIterator[list[Report]], *, errors_only: bool = False) -> None:
        super().__init__(status_code=200)
        del self.headers["content-length"]
        self._batches = batches
        self._errors_only = errors_only
        self._counts: Counter[str] = Counter()
        self._news = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
            feeding = asyncio.create_task(self._feed(spool))
            try:
                await self._news.wait()
                if feeding.done() and feeding.exception() is not None:
                    await feeding
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await self._tell(spool, feeding, send)
            finally:
                feeding.cancel()
                with contextlib.suppress(asyncio.CancelledError, ClientDisconnect, Fault):
                    await feeding

    async def _feed(self, spool: SpooledTemporaryFile[bytes]) -> None:
        """Bring the lines in and write down what became of them."""
        begun = False
        try:
            async for reports in self._batches:
                begun = True
                self._keep(spool, b"".join(self._told(report) for report in reports))
            self._keep(spool, to_json({"done": True, **self._counts}) + b"\n")
        except Fault as fault:
            if not begun:
                raise
            self._keep(spool, to_json({"done": False, "stopped": fault.word, **self._counts}) + b"\n")
        finally:
            self._news.set()

    def _told(self, report: Report) -> bytes:
        self._counts[report.outcome] += 1
        return b"" if self._errors_only and report.outcome != "error" else report.written()

    def _keep(self, spool: SpooledTemporaryFile[bytes], told: bytes) -> None:
        spool.seek(0, 2)
        spool.write(told)
        self._news.set()

    async def _tell(self, spool: SpooledTemporaryFile[bytes], feeding: asyncio.Task[None], send: Send) -> None:
        place, over = 0, False
        while not over:
            await self._news.wait()
            over = feeding.done()
            self._news.clear()
            spool.seek(place)
            while piece := spool.read(PIECE):
                place += len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                spool.seek(place)
            if not over and feeding.done():
                self._news.set()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
