"""The life of a number: one owner at a time, and a rest before the next."""

from __future__ import annotations

from datetime import datetime, timedelta

from kit.states import machine

QUARANTINE = timedelta(days=90)
"""The least rest before somebody else has the number; a market may ask for more, never for less."""

NUMBER = machine(
    "direct dial number",
    {"free"},
    free="assigned",
    assigned="redirected",
    redirected="quarantined",
    quarantined="free",
)
"""`redirected`: the owner has gone, and known customers who dial it reach their present advisor."""


def quarantined_until(since: datetime, market_rule: timedelta = QUARANTINE) -> datetime:
    """When a number quarantined at `since` may be free again."""
    return since + max(QUARANTINE, market_rule)
