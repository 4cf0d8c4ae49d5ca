"""A log of four short days in which three agents are hardly enough, small enough to be replayed in a test."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

from tests.simulation.builders import NOT_SERVED, SERVED_AT_ONCE, a_file, a_row

FIRST_DAY = date(1999, 1, 4)
"""A Monday."""
DAYS = 4
AGENTS = ("agent-01", "agent-02", "agent-03")
CUSTOMERS = 12
OPENS_S, CLOSES_S = 8 * 3600, 9 * 3600 + 1800


def a_small_log(folder: Path, seed: int = 7) -> Path:
    """Calls come every 70 s in the mean and take 150 s; every other one is a customer's."""
    dice = Random(seed)
    rows = [row for day in range(DAYS) for row in _day(FIRST_DAY + timedelta(days=day), dice)]
    return a_file(folder, rows)


def _day(day: date, dice: Random) -> list[str]:
    """First come, first served by three agents; whoever would wait for over 90 s hangs up after that."""
    free_at = dict.fromkeys(AGENTS, OPENS_S)
    rows, arrives_s = [], OPENS_S + 5
    while arrives_s < CLOSES_S:
        customer = dice.randrange(1, CUSTOMERS + 1) if dice.random() < 0.5 else 0
        agent = min(AGENTS, key=lambda one: (free_at[one], one))
        waits_s, service_s = max(0, free_at[agent] - arrives_s), round(dice.uniform(60, 240))
        if waits_s > 90:
            rows.append(_row(day, arrives_s, 90, customer))
        else:
            free_at[agent] = arrives_s + waits_s + service_s + 5
            rows.append(_row(day, arrives_s, waits_s, customer, agent, service_s))
        arrives_s += max(1, round(dice.expovariate(1 / 70)))
    return rows


def _row(day: date, at_s: int, waits_s: int, customer: int, agent: str = "", service_s: int = 0) -> str:
    fields: dict[str, object] = {
        "customer_id": customer,
        "call_id": at_s,
        "date": f"{day:%y%m%d}",
        "vru_entry": _clock(at_s - 5),
        "vru_exit": _clock(at_s),
        "vru_time": 5,
    }
    if waits_s:
        fields |= {"q_start": _clock(at_s), "q_exit": _clock(at_s + waits_s), "q_time": waits_s}
    if not agent:
        return a_row(SERVED_AT_ONCE, **{**NOT_SERVED, **fields, "outcome": "HANG"})
    begins_s = at_s + waits_s
    served = {"ser_start": _clock(begins_s), "ser_exit": _clock(begins_s + service_s), "ser_time": service_s}
    return a_row(SERVED_AT_ONCE, **{**fields, **served, "agent": agent})


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
