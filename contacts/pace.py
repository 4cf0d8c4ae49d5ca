"""How long conversations take lately, per market: the ground of every expected wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from contacts import queries
from kit.database import ReadSession

FRESH = timedelta(seconds=60)
PRIOR_S, PRIOR_WEIGHT = 240.0, 20
"""Before anything is known: four minutes, with the weight of twenty conversations."""


class Pace:
    """Remembers the mean for a minute, so that telling a wait costs no statement of its own."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[datetime, float]] = {}

    async def handle_s(self, session: ReadSession, market_id: str, now: datetime) -> float:
        """Mean seconds from answer to the end of wrap-up over the market's last 200 conversations."""
        known = self._known.get(market_id)
        if known is None or not known[0] <= now < known[0] + FRESH:
            total_s, count = await queries.handled_lately(session, market_id, now)
            mean = (total_s + PRIOR_S * PRIOR_WEIGHT) / (count + PRIOR_WEIGHT)
            known = self._known[market_id] = (now, mean)
        return known[1]
