"""The life of a message, as a table, and what follows an attempt that did not go well.

`waiting → sending` is an intent, committed before anything leaves. Whoever sends has it until the lease is over; a
note that never came is an attempt that failed, and the message is sent again under the same Message-ID. `failed` is
left by hand alone; `sent` and `dropped` are final.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from kit.states import machine

MESSAGE = machine(
    "message",
    {"waiting"},
    waiting="sending",
    sending="sending sent waiting failed dropped",
    failed="waiting",
)
"""`sending → sending`: the note was lost and another attempt has begun; `sending → waiting`: later again."""

LEASE = timedelta(seconds=60)
"""How long a note may take: six times what a courier may."""

PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""After the first failed attempt, the second, and so on: a mail server that is away over a weekend is outlasted."""

MOST_ATTEMPTS = len(PAUSES) + 1

DROPPED_FOR = frozenset({"no_recipient", "no_address", "bad_address", "opted_out", "out_of_date", "switched_off"})
"""Why there is nobody to write to: they are gone, have no address or one that is none, do not want to be written
to; what was to be said is true no longer; or this installation sends no mail at all."""


def after_failure(attempts: int, most: int) -> Literal["waiting", "failed"]:
    """What follows the `attempts`-th attempt (counted from 1) that failed for the time being."""
    return "waiting" if attempts < most else "failed"


def pause_after(attempts: int) -> timedelta:
    """Before the next attempt, when `attempts` of them (1 or more) have failed."""
    return PAUSES[min(attempts, len(PAUSES)) - 1]
