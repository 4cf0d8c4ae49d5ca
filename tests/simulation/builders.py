"""Small logs by hand: a row names only what matters, the rest is an ordinary call on a quiet morning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from simulation.call_log import JERUSALEM, Parser
from simulation.logged_call import FIELDS, LoggedCall, Outcome
from simulation.oddities import Oddities

HEADER = ",".join(FIELDS)
ZONE = ZoneInfo(JERUSALEM)
JANUARY = Path(__file__).parents[2] / "simulation" / "data" / "bank-calls-1999-01.csv.gz"

NOON = datetime(1999, 1, 5, 10, 0, tzinfo=UTC)
"""A Tuesday, noon in Jerusalem."""

SERVED_AT_ONCE: Mapping[str, object] = {
    "line": "AA0101",
    "call_id": 1,
    "customer_id": 0,
    "priority": 0,
    "type": "PS",
    "date": "990105",
    "vru_entry": "12:00:00",
    "vru_exit": "12:00:10",
    "vru_time": 10,
    "q_start": "0:00:00",
    "q_exit": "0:00:00",
    "q_time": 0,
    "outcome": "AGENT",
    "ser_start": "12:00:10",
    "ser_exit": "12:02:10",
    "ser_time": 120,
    "agent": "agent-01",
}
WAITED_THEN_SERVED: Mapping[str, object] = {
    **SERVED_AT_ONCE,
    "q_start": "12:00:10",
    "q_exit": "12:00:40",
    "q_time": 30,
    "ser_start": "12:00:40",
    "ser_exit": "12:02:40",
}
NOT_SERVED: Mapping[str, object] = {"ser_start": "0:00:00", "ser_exit": "0:00:00", "ser_time": 0, "agent": ""}
WAITED_THEN_HUNG_UP: Mapping[str, object] = {**WAITED_THEN_SERVED, **NOT_SERVED, "outcome": "HANG"}
HUNG_UP_AT_ONCE: Mapping[str, object] = {**SERVED_AT_ONCE, **NOT_SERVED, "outcome": "HANG"}


def a_row(like: Mapping[str, object] = SERVED_AT_ONCE, **fields: object) -> str:
    return ",".join(str({**like, **fields}[name]) for name in FIELDS)


def parsed(*rows: str, zone: ZoneInfo = ZONE) -> tuple[list[LoggedCall], Oddities]:
    """The calls of a log that has a header and these rows."""
    oddities = Oddities()
    return list(Parser(oddities, zone).parse([HEADER, *rows])), oddities


def the_call(row: str, zone: ZoneInfo = ZONE) -> LoggedCall:
    [call], _ = parsed(row, zone=zone)
    return call


def a_file(folder: Path, rows: Iterable[str], name: str = "log.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def a_call(
    after_s: float = 0,
    *,
    row: int = 2,
    outcome: Outcome = "answered",
    waited_s: int = 0,
    service_s: int | None = 120,
    agent: str | None = "agent-01",
    customer_id: int | None = None,
    priority: int = 0,
    skill: str = "PS",
    start: datetime = NOON,
) -> LoggedCall:
    """A call that arrives `after_s` seconds after `start`."""
    arrived_at = start + timedelta(seconds=after_s)
    served = outcome == "answered"
    return LoggedCall(
        row=row,
        arrived_at=arrived_at,
        customer_id=customer_id,
        priority=priority,
        skill=skill,
        outcome=outcome,
        waited_s=waited_s,
        service_s=service_s if served else None,
        served_at=arrived_at + timedelta(seconds=waited_s) if served else None,
        agent=agent if served else None,
    )
