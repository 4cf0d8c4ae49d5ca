"""How much time a customer takes in a month: a prior, and what their contacts say against it.

    expected = (k · prior + Σ attention[channel] · handled[channel]) ÷ (k + months)

with k = 3 months: the posterior mean of a gamma prior on a Poisson flow of work (Gelman et al., Bayesian Data
Analysis, 3rd ed., ch. 2.6), so a new customer is what the products usually cost, and after half a year two thirds
are their own. `handled` are the seconds of the last six months from the answer to the end of the wrap-up. A chat
takes a third of the attention, as three go side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from customers.needs import MOST_SECONDS

PRIOR_MONTHS = 3.0
WINDOW_MONTHS = 6.0
MONTH = timedelta(days=365.25 / 12)
WINDOW = WINDOW_MONTHS * MONTH
ATTENTION: Mapping[str, float] = {"phone": 1.0, "chat": 1 / 3, "email": 1.0}

TELLING = 0.1
"""A booked weight is left as it is until the estimate is further away than this share of it."""


def expected_seconds(prior_s: int, months: float, handled_s: Mapping[str, float]) -> int:
    """Seconds a month, 1 or more. `months` is how long the customer could be heard from, at most the window."""
    heard = min(max(months, 0.0), WINDOW_MONTHS)
    own = sum(ATTENTION.get(channel, 1.0) * seconds for channel, seconds in handled_s.items())
    estimate = (PRIOR_MONTHS * prior_s + own) / (PRIOR_MONTHS + heard)
    return min(max(1, round(estimate)), MOST_SECONDS)


def months_between(since: datetime, now: datetime) -> float:
    return (now - since) / MONTH


def differs(booked_s: int, expected_s: int) -> bool:
    """Whether the estimate is so far from what was booked that the book should know."""
    return abs(expected_s - booked_s) > TELLING * booked_s
