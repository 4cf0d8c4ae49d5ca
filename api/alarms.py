"""Alarms: counted in this process, whoever raises them, a request, a call or a loop.

Those of requests that were refused are announced in a transaction of their own, as the request's is undone.
Somebody who tries a thousand times a minute writes one event a minute, and counts a thousand.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from kit.announcements import NewEvent
from kit.clock import Clock
from kit.database import Database, Session
from kit.errors import Fault
from kit.metrics import Metrics

QUIET = timedelta(minutes=1)
MOST = 1000
"""Subjects remembered at once."""


class Alarms:
    """Those of one process; made when it starts, as it hears of those that its transactions raise."""

    def __init__(self, database: Database, clock: Clock, metrics: Metrics) -> None:
        self._database, self._clock = database, clock
        self._sounded: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._counter = metrics.counter(
            "durchwahl_alarms",
            "What was refused or put off, by a request, a call or a loop, and somebody should look into.",
            ("type",),
        )
        database.on_commit(self._raised)

    async def sound(self, error: BaseException) -> bool:
        """Announce what the error raises an alarm about, unless it has just been; whether it was announced."""
        alarm = error.alarm if isinstance(error, Fault) else None
        if alarm is None:
            return False
        self._counter.labels(alarm.type).inc()
        if not self._is_news(alarm):
            return False
        async with self._database.transaction() as session:
            session.announce(alarm)
        return True

    def _raised(self, session: Session) -> None:
        """By a transaction that stands."""
        for kind, times in session.alarms.items():
            self._counter.labels(kind).inc(times)

    def _is_news(self, alarm: NewEvent) -> bool:
        key, now = (alarm.type, alarm.subject), self._clock.now()
        last = self._sounded.pop(key, None)
        is_news = last is None or now - last >= QUIET
        self._sounded[key] = now if is_news or last is None else last
        if len(self._sounded) > MOST:
            self._sounded.popitem(last=False)
        return is_news
