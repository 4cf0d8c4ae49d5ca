"""On whose account something is done: a person, a machine, a loop, the command line.

Whoever opens a transaction has been named by the door (the caller), by the loop or by the command; the transaction
takes the name along, and every row of the audit has it. What nobody was named for is `unknown`, which no test lets
pass. Names are ids and codes: `acc_01J…`, `key_01J…`, `loop:deadlines`, `cli`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import NamedTuple


class Actor(NamedTuple):
    """`request_id` is that of the HTTP request, where there is one."""

    who: str
    request_id: str | None = None


UNKNOWN = Actor("unknown")
STRANGER = "stranger"
"""Who has shown no credentials yet, at a door that is open to everybody."""

_acting: ContextVar[Actor] = ContextVar("actor", default=UNKNOWN)

current = _acting.get
become = _acting.set
"""From here on, in this task and those that it starts."""


@contextlib.contextmanager
def acting(who: str, request_id: str | None = None) -> Iterator[None]:
    """What is done inside is done by `who`."""
    before = _acting.get()
    _acting.set(Actor(who, request_id))
    try:
        yield
    finally:
        _acting.set(before)
