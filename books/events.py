"""What the room announces: how far a run is; ids and counts alone."""

from __future__ import annotations

from datetime import datetime

from kit.announcements import NewEvent
from kit.database import Row
from kit.ids import encode


def changed(run: Row, now: datetime) -> NewEvent:
    """`book_run.changed`, from a row of `book_runs`: after each change of state and each batch."""
    identifier = encode("run", run["id"])
    state = {name: run[name] for name in ("kind", "state", "planned", "done", "skipped", "undone")}
    return NewEvent(
        "book_run.changed", now, identifier, {"book_run": {"id": identifier, **state}}, run["market_id"]
    )
