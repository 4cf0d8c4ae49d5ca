"""What callers were told of their wait, and how long it was: whether forecasts are honest.

Counted from the first range that a caller hears to the advisor's answer, and only for those who stay until then:
how long somebody would have waited who hangs up or takes a callback, nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

Range = tuple[int, int]


@dataclass
class ToldWaits:
    """The ranges that were told, by call, and those of them that came to an end."""

    _told: dict[str, tuple[datetime, Range]] = field(default_factory=dict)
    _widths_s: list[int] = field(default_factory=list)
    _within: int = 0

    def tell(self, call_id: str, at: datetime, expected_wait_s: Range | None) -> None:
        """The first range counts; later ones only say what has changed since."""
        if expected_wait_s is not None:
            self._told.setdefault(call_id, (at, expected_wait_s))

    def answered(self, call_id: str, at: datetime) -> None:
        """Nothing where nothing was told."""
        if call_id not in self._told:
            return
        told_at, (low, high) = self._told[call_id]
        self._within += low <= (at - told_at).total_seconds() <= high
        self._widths_s.append(high - low)

    def figures(self) -> dict[str, Any]:
        """Callers who were told a range, those who were answered afterwards, the share of these within it."""
        answered = len(self._widths_s)
        return {
            "told": len(self._told),
            "answered": answered,
            "share_within": round(self._within / answered, 4) if answered else 0.0,
            "median_width_s": median(self._widths_s) if answered else 0,
        }
