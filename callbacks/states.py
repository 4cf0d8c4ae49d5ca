"""The life of a promise, as tables, and what follows an attempt that reached nobody.

Promises: every callback ends exactly once, in `done`, `failed`, `settled`, `cancelled` or `merged`; until then
something is due. While the customer's phone is being dialled nothing but the switch's answer moves it on.
"""

from __future__ import annotations

from typing import Literal

from kit.states import machine

MAX_RETRIES = 3
"""Retries after the first attempt; then the customer is told that we could not reach them."""

CALLBACK = machine(
    "callback",
    {"requested"},
    requested="scheduled",
    scheduled="scheduled due settled cancelled merged",
    due="offered scheduled settled cancelled merged",
    offered="dialling due settled cancelled",
    dialling="done missed",
    missed="scheduled failed settled cancelled",
)
"""`scheduled → scheduled` is a move, with consent or within the window; `missed → scheduled` is a retry."""

OWNER = machine("callback owner", {"own"}, own="handed_to_group")
"""Who keeps the promise. Handing over needs a reason and is not undone: the customer was told."""

QUESTION = machine("callback question", {"open"}, open="answered unanswered void")
"""`void`: there is nothing to ask any more, as the promise has ended or can be kept as it was."""


def after_missed(attempts: int) -> Literal["scheduled", "failed"]:
    """What follows the `attempts`-th attempt (counted from 1) that reached nobody."""
    return "scheduled" if attempts <= MAX_RETRIES else "failed"
