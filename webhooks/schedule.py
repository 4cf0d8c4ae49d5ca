"""When a delivery is tried again, and what an answer means. Pure.

    after the 1st attempt   5 s     after the 6th   10 h
    after the 2nd           5 min   after the 7th   14 h
    after the 3rd           30 min  after the 8th   16 h
    after the 4th           2 h     after the 9th   24 h
    after the 5th           5 h     after the 10th  dead

Each pause is shortened by up to a fifth, so that what failed together does not come back together. The whole takes
at most three days, counted from when the event was written down for the subscriber; what had to wait behind another
event of its subject gets one attempt even then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=16),
    timedelta(hours=24),
)
MOST_TRIES = len(PAUSES) + 1
JITTER = 0.2
GIVE_UP_AFTER = timedelta(days=3)
LONGEST_WISH = timedelta(hours=1)
"""How long a receiver may put us off by `Retry-After`."""

LEASE = timedelta(seconds=40)
"""How long the note of an attempt may take: four times what a receiver may."""

Verdict = Literal["delivered", "again", "gone"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said: its status and, in seconds, how long it asks us to wait. Its words are not kept."""

    status: int
    retry_after_s: int | None = None


def verdict(status: int) -> Verdict:
    """2xx took it, 410 wants nothing any more, everything else may pass: also 4xx, which a deployment mends."""
    if 200 <= status < 300:
        return "delivered"
    return "gone" if status == 410 else "again"


def reason(status: int) -> str:
    """Why it was not taken, as a code."""
    if 300 <= status < 400:
        return "redirect"
    return "gone" if status == 410 else f"status_{status}"


def pause_after(tries: int, chance: float, wish_s: int | None = None) -> timedelta:
    """Before the next attempt when `tries` (1 or more) have failed; `chance` is drawn from [0, 1)."""
    usual = PAUSES[min(tries, len(PAUSES)) - 1] * (1 - JITTER * chance)
    return max(usual, min(timedelta(seconds=wish_s or 0), LONGEST_WISH))


def next_attempt(
    tries: int, now: datetime, give_up_at: datetime, chance: float, wish_s: int | None = None
) -> datetime | None:
    """None where there is none: every try is used up, or it would come after three days."""
    if tries >= MOST_TRIES:
        return None
    at = now + pause_after(tries, chance, wish_s)
    return at if at <= give_up_at else None
