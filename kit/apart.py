"""A warm process in which a function runs apart: its work stalls no event loop, and it can be ended in the middle.

The solver holds Python's lock while it works, so a thread would not help: 0.7 s of solving in one are 0.7 s in
which no call is answered. The process comes from a fork server, which has none of our threads, sockets and locks.

    async with Apart(imports=("routing.book",)) as apart:
        plan = await apart.run(solve, problem, limit_s=10)

One function runs at a time, others wait for their turn. What runs too long, or is no longer waited for, is killed,
and the next call finds a fresh process. Arrays go over the pipe as they lie in memory, without a copy of them being
pickled; threads wait for the pipe. Both ends are ours and the pipe is private, so pickle is safe here.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import pickle  # nosec B403
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from types import TracebackType
from typing import Any, Self, TypeVar

R = TypeVar("R")
NICE = 10  # where processors are short, calls go before solves
GONE = (EOFError, OSError)


class TooLong(Exception):
    """The function did not end in time; its process was killed."""


class Died(Exception):
    """The process ended without an answer."""


class Unsendable(Exception):
    """The function's result or exception can't be sent; its representation is told instead."""


class Apart:
    """Runs picklable functions in a process of its own. Starts with the context, ends with it."""

    def __init__(self, imports: Sequence[str] = ()) -> None:
        """`imports` are modules to have loaded before the first function comes."""
        self._imports = tuple(imports)
        self._turn = asyncio.Lock()
        self._threads = ThreadPoolExecutor(3, "apart")  # one may wait for the pipe while another ends the process
        self._changing, self._talking = threading.Lock(), threading.Lock()
        self._closed = False
        self._process: ForkServerProcess | None = None
        self._pipe: Connection | None = None

    async def __aenter__(self) -> Self:
        await self._in_thread(self._start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        await self._in_thread(self._stop)
        self._threads.shutdown(wait=False)

    @property
    def pid(self) -> int | None:
        """Of the process that is there now."""
        return self._process.pid if self._process else None

    async def run(self, function: Callable[..., R], *args: Any, limit_s: float) -> R:
        """What the function returns or raises. Raises `TooLong`, `Died`, `Unsendable`.

        Waiting for one's turn does not count. The function of a caller who is cancelled is killed.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(limit_s):
                    await self._in_thread(self._start)
                    good, value = await self._in_thread(self._ask, function, args)
            except BaseException as error:
                await asyncio.shield(self._in_thread(self._stop))
                self._in_thread(self._start)
                raise _as_told(error, limit_s) from error
        if not good:
            raise value
        result: R = value
        return result

    def _in_thread(self, function: Callable[..., R], *args: Any) -> asyncio.Future[R]:
        return asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    def _start(self) -> None:
        with self._changing:
            alive = self._process is not None and self._process.is_alive()
            if alive or self._closed:
                return
            self._end()
            context = get_context("forkserver")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, self._imports), daemon=True)
            self._process.start()
            theirs.close()

    def _stop(self) -> None:
        with self._changing:
            self._end()

    def _end(self) -> None:
        """Whoever waits for the pipe is woken by the process's end, and only then is the pipe closed."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        with self._talking:
            if self._pipe is not None:
                self._pipe.close()
        self._process = self._pipe = None

    def _ask(self, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bool, Any]:
        with self._talking:
            if self._pipe is None:
                raise EOFError
            send(self._pipe, (function, args))
            answer: tuple[bool, Any] = receive(self._pipe)
            return answer


def _as_told(error: BaseException, limit_s: float) -> BaseException:
    if isinstance(error, TimeoutError):
        return TooLong(f"no answer within {limit_s} s")
    return Died() if isinstance(error, GONE) else error


def send(pipe: Connection, what: object) -> None:
    """The object without its arrays, how many there are, and each of them as it lies in memory."""
    arrays: list[pickle.PickleBuffer] = []
    frame = pickle.dumps(what, protocol=5, buffer_callback=arrays.append)
    pipe.send_bytes(frame)
    raws = [array.raw() for array in arrays]
    pipe.send_bytes(pickle.dumps([raw.nbytes for raw in raws]))
    for raw in raws:
        if raw.nbytes:
            pipe.send_bytes(raw)


def receive(pipe: Connection) -> Any:
    frame = pipe.recv_bytes()
    arrays = [bytearray(size) for size in pickle.loads(pipe.recv_bytes())]  # noqa: S301 # nosec B301
    for array in arrays:
        if array:
            pipe.recv_bytes_into(array)
    return pickle.loads(frame, buffers=arrays)  # noqa: S301 # nosec B301


def _serve(pipe: Connection, imports: Sequence[str]) -> None:
    """In the process: answer until the other end is gone. The terminal's interrupt is for those who own us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    for module in imports:
        importlib.import_module(module)
    with contextlib.suppress(*GONE):
        while True:
            question = receive(pipe)
            _reply(pipe, _answer(*question))


def _answer(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return True, function(*args)
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))
        return False, error


def _reply(pipe: Connection, answer: tuple[bool, Any]) -> None:
    good, value = answer
    try:
        if not good:
            pickle.loads(pickle.dumps(value))  # noqa: S301 # nosec B301
        send(pipe, answer)
    except (pickle.PicklingError, TypeError, AttributeError):
        send(pipe, (False, Unsendable(repr(value))))
