"""What the pieces have found so far, kept in a file so that they add up; it can be stopped and resumed anywhere."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

WRONG = (
    "lost",
    "dialled_twice",
    "not_final",
    "double_booked",
    "events_missed",
    "acknowledged_lost",
    "violations",
)
"""What must stay at zero, whichever part counts it."""

COUNTED = ("kill_cycles", "races", "commit_cuts", "failovers")
KEYS = (
    "kill_cycles",
    "lost",
    "dialled_twice",
    "not_final",
    "races",
    "double_booked",
    "commit_cuts",
    "events_missed",
    "failovers",
    "acknowledged_lost",
    "violations",
)


@dataclass(frozen=True)
class Piece:
    """One run of a part: what it counted and, where something was wrong, what."""

    part: str
    seed: int
    counts: Mapping[str, int]
    seconds: float
    wrong: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.wrong) or any(self.counts.get(what) for what in WRONG)


class Kept:
    """The pieces of a campaign, oldest first."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.pieces: list[Piece] = []
        if path is not None and path.exists():
            self.pieces = [Piece(**one) for one in json.loads(path.read_text())]

    def add(self, piece: Piece) -> None:
        self.pieces.append(piece)
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".fresh")
            fresh.write_text(json.dumps([asdict(one) for one in self.pieces], indent=1) + "\n")
            os.replace(fresh, self._path)  # noqa: PTH105 - atomic, whatever kills us

    def done(self, part: str, unit: str) -> int:
        return sum(piece.counts.get(unit, 0) for piece in self.of(part))

    def of(self, part: str) -> list[Piece]:
        return [piece for piece in self.pieces if piece.part == part]

    def failures(self) -> Iterator[Piece]:
        return (piece for piece in self.pieces if piece.failed)

    def figures(self, units: Mapping[str, str]) -> dict[str, Any]:
        """The closing line. `units` names what each part counts: its bound is 3 ÷ that, if nothing was wrong."""
        totals = self._totals()
        more = {name: number for name, number in sorted(totals.items()) if name not in KEYS}
        return {
            **{key: totals[key] for key in KEYS},
            "bound_95": {unit: self._bound(part, unit) for part, unit in units.items() if self.done(part, unit)},
            "also": more,
            "seconds": round(sum(piece.seconds for piece in self.pieces)),
        }

    def _totals(self) -> Counter[str]:
        """Everything adds up but times in milliseconds, of which the longest is of interest."""
        totals: Counter[str] = Counter()
        for name, number in ((name, number) for piece in self.pieces for name, number in piece.counts.items()):
            totals[name] = max(totals[name], number) if name.endswith("_ms") else totals[name] + number
        return totals

    def _bound(self, part: str, unit: str) -> float | None:
        """Zero in n proves only less than 3/n, with a confidence of 95 %; nothing where it was not zero."""
        failed = any(piece.failed for piece in self.of(part))
        return None if failed else float(f"{min(1, 3 / self.done(part, unit)):.2g}")
