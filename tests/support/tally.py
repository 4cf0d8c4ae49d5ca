"""What a run of the doors has tried, counted where it is tried; `make doors` tells it at the end."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Tally:
    """`cases`: somebody at a door with something in their hands. `nasty` and `nasty_wrong` are counted by test."""

    routes: int = 0
    cases: int = 0
    denied_correctly: int = 0
    nasty: int = 0
    nasty_wrong: int = 0
    generated: int = 0
    server_errors: int = 0

    def tried(self, *, let_in: bool, meant: bool) -> bool:
        """Note a case; whether it went as it was meant."""
        self.cases += 1
        self.denied_correctly += not let_in and not meant
        return let_in == meant

    def answered(self, status: int) -> None:
        self.server_errors += status >= 500

    def figures(self) -> dict[str, Any]:
        return asdict(self)


TALLY = Tally()
"""Of this process; only a run without workers knows everything."""
