"""Measures what is due and keeps it for all replicas. Each kind is measured by one replica at a time.

Taking a kind, measuring and keeping are three steps of their own: a writing transaction that waited for a long
statement would hold back everybody's stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import asyncpg

from kit import invariants
from kit.database import Database, ReadSession
from kit.errors import Unavailable
from kit.logs import facts, logger
from reporting import measure_queries as queries
from reporting.measures import FIGURES, SETTLING, Figure, Kind, kinds

Figures: TypeAlias = dict[str, list[list[Any]]]
"""By figure: pairs of the labels' values and the value."""

PATIENCE = timedelta(seconds=20)
"""For one statement; below what silences a loop's heartbeat."""


class Measuring:
    """One per process."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now
        self._kinds = kinds()

    async def run_once(self) -> list[str]:
        """Measure what is due, of those that read histories at most one; returns what was measured."""
        async with self._database.reading() as session:
            due_at = await queries.due_at(session)
        now = self._now()
        due = [kind for kind in self._kinds if kind.name not in due_at or due_at[kind.name] <= now]
        slow = [kind for kind in due if kind.is_slow]
        quick = [kind for kind in due if not kind.is_slow]
        return [kind.name for kind in [*quick, *slow[:1]] if await self._measure(kind)]

    async def _measure(self, kind: Kind) -> bool:
        now = self._now()
        async with self._database.transaction() as session:
            before = await queries.claim(session, kind.name, now, now + kind.pause)
        if before is None:
            return False
        until = now - SETTLING if kind.grow else None
        try:
            figures = await self._figures(kind, now, before["counted_until"], until)
        except (Unavailable, asyncpg.PostgresError) as error:
            logger("reporting").error("measuring.failed", kind=kind.name, **facts(error))
            return False
        if kind.grow:
            figures = _added(before["figures"], figures)
        async with self._database.transaction() as session:
            await queries.keep(session, kind.name, now, figures, until, before["counted_until"])
        return True

    async def _figures(self, kind: Kind, now: datetime, since: datetime | None, until: datetime | None) -> Figures:
        async with self._database.report(PATIENCE) as session:
            rows = [row for sql in kind.statements for row in await session.fetch(sql, now)]
            if since is not None and until is not None and since < until:
                rows += [row for sql in kind.grow for row in await session.fetch(sql, since, until)]
            return _by_figure(rows) | await _broken(session, kind.invariants, now)


async def _broken(session: ReadSession, wanted: Sequence[str], now: datetime) -> Figures:
    if not wanted:
        return {}
    found = await invariants.violations(session, now, only=wanted)
    return {"invariant_violations": [[[one], len(found.get(one, ()))] for one in wanted]}


def _by_figure(rows: Iterable[Any]) -> Figures:
    figures: Figures = {}
    for row in rows:
        figures.setdefault(row["figure"], []).append([row["labels"], row["value"]])
    return figures


def _added(before: Figures, more: Figures) -> Figures:
    """Both together, from 0 on for every value that is known beforehand."""
    growing = {name: figure for name, figure in FIGURES.items() if figure.grows}
    return {name: _sum(figure, before.get(name, []), more.get(name, [])) for name, figure in growing.items()}


def _sum(figure: Figure, *parts: list[list[Any]]) -> list[list[Any]]:
    total = dict.fromkeys(figure.values, 0.0)
    for labels, value in (pair for part in parts for pair in part):
        total[labels[0]] = total.get(labels[0], 0.0) + value
    return [[[label], value] for label, value in total.items()]
