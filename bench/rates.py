"""What counting a request costs: ours, and that of the library whose notation we use.

python -m bench.rates
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

import limits
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from accounts.principal import machine
from api.limits import Limits
from kit.ids import new_id
from kit.metrics import Metrics
from kit.settings import Settings

TIMES = 20_000
ROUNDS = 7
BUDGET_US = 5.0
NEVER = "100000000/minute"


def microseconds(work: Callable[[], object]) -> float:
    """For one, in the best of some rounds: what others do on the machine meanwhile is not ours."""

    def once() -> float:
        began = time.perf_counter()
        for _ in range(TIMES):
            work()
        return (time.perf_counter() - began) / TIMES * 1e6

    return round(min(once() for _ in range(ROUNDS)), 2)


def main() -> None:
    now = datetime.now(UTC)
    ours = Limits(Settings(limit_machines=NEVER, limit_strangers=NEVER, _env_file=None), Metrics())
    key = machine(new_id(now), frozenset({"control_center"}))
    rate, library = limits.parse(NEVER), FixedWindowRateLimiter(MemoryStorage())
    figures = {
        "known_us": microseconds(lambda: ours.known(key, now)),
        "switch_us": microseconds(lambda: ours.known(key, now, at_the_switchs=True)),
        "stranger_us": microseconds(lambda: ours.stranger({"client": ("192.0.2.7", 1)}, now)),
        "library_us": microseconds(lambda: library.hit(rate, key.name_for_keys)),
        "budget_us": BUDGET_US,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
