"""The day's callbacks get exact times within their windows: a desk group at once, and again when one changes.

A loop looks for groups with promises of the next day that have no time yet. One replica plans a group, under a lock
that is tried and never waited for; the solver works in a process apart, outside of any transaction, and what has
changed meanwhile is left to the next round. Nothing moves out of its window here, and nobody hears of it: the
time is for calendars and for the order in which due promises are offered. Calls of one length need no solver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from typing import Any, Protocol, TypeVar
from uuid import UUID

from callbacks import plan_queries as queries
from contacts.arrivals import scene_for
from contacts.exchange import Exchange
from contacts.keeping import member_may_keep
from contacts.situation import Scene
from kit.apart import Died, TooLong
from kit.database import Database, Row, Session
from kit.ids import encode
from routing.slot_lengths import Free, LongPromise, Places, place_greedily, place_units, solve

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
LIMIT_S = 10.0

T = TypeVar("T")


class Elsewhere(Protocol):
    """Runs heavy work where it holds up nobody. Raises `TooLong`, `Died`, and what the work raises."""

    async def run(self, work: Callable[..., T], /, *arguments: Any, limit_s: float) -> T: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """Promises and free time of a group in whole minutes from `origin`; `rows` are the promises as read."""

    origin: datetime
    rows: Sequence[Row]
    promises: Sequence[LongPromise]
    free: Free


async def run_once(database: Database, exchange: Exchange, apart: Elsewhere, now: datetime, most: int = 50) -> int:
    """How many promises have got a time."""
    async with database.reading() as session:
        groups = await queries.to_plan(session, now, now + DAY, most)
    return sum([await _plan(database, exchange, apart, group_id, now) for group_id in groups])


async def _plan(database: Database, exchange: Exchange, apart: Elsewhere, group_id: UUID, now: datetime) -> int:
    problem = await database.run(partial(read, exchange, group_id, now))
    if problem is None:
        return 0
    places = await placed(apart, problem)
    return await database.run(partial(write, group_id, problem, places, now))


async def read(exchange: Exchange, group_id: UUID, now: datetime, session: Session) -> Problem | None:
    """The group's promises of the next day and its free time; None while another replica plans it."""
    if not await queries.take_group(session, group_id):
        return None
    scene = await scene_for(session, exchange, now)
    origin = now.replace(second=0, microsecond=0)
    rows = [row for row in await queries.of_day(session, group_id, now, now + DAY) if _known(scene, row)]
    promises = [_promise(scene, row, origin) for row in rows]
    keepers = {advisor for promise in promises for advisor in promise.by}
    free = {advisor: _free(scene, advisor, origin) for advisor in sorted(keepers)}
    return Problem(origin, rows, promises, free)


async def placed(apart: Elsewhere, problem: Problem) -> Places:
    """Without a solver where all calls are of one length; by greed where the solver dies or takes too long."""
    lengths = {promise.minutes for promise in problem.promises}
    if len(lengths) <= 1:
        return place_units(problem.promises, problem.free, max(lengths, default=1))
    try:
        return await apart.run(solve, problem.promises, problem.free, limit_s=LIMIT_S)
    except (TooLong, Died):
        return place_greedily(problem.promises, problem.free)


async def write(group_id: UUID, problem: Problem, places: Places, now: datetime, session: Session) -> int:
    """Those that still stand as they were read; what fits nowhere is called from the beginning of its window on."""
    if not await queries.take_group(session, group_id):
        return 0
    times = {
        row["id"]: problem.origin + MINUTE * places[row["id"]].starts if row["id"] in places else None
        for row in problem.rows
    }
    done = [
        await queries.put_time(session, row, times[row["id"]] or row["window_starts_at"]) for row in problem.rows
    ]
    if any(done):
        session.audit("callbacks.planned", now, encode("grp", group_id), promises=sum(done))
    return sum(done)


def _known(scene: Scene, row: Mapping[str, Any]) -> bool:
    return row["market_id"] in scene.directory.markets


def _promise(scene: Scene, row: Row, origin: datetime) -> LongPromise:
    rules = scene.directory.markets[row["market_id"]].policy(scene.now).callback
    minutes = ceil((row["expected_minutes"] or rules.expected_minutes) / rules.share)
    window = _minutes(row["window_starts_at"], origin), _minutes(row["window_ends_at"], origin)
    return LongPromise(row["id"], minutes, (window,), _keepers(scene, row))


def _keepers(scene: Scene, row: Row) -> tuple[UUID, ...]:
    directory = scene.directory
    if row["owner_state"] == "own":
        return (row["advisor_id"],) if row["advisor_id"] in directory.advisors else ()
    group = directory.groups.get(row["desk_group_id"])
    members = group.members if group is not None else ()
    return tuple(i for i in members if member_may_keep(directory.advisors[i], row))


def _free(scene: Scene, advisor_id: UUID, origin: datetime) -> list[tuple[int, int]]:
    spans = scene.directory.advisors[advisor_id].working.intervals(origin, origin + 2 * DAY)
    return [(ceil((span.starts_at - origin) / MINUTE), _minutes(span.ends_at, origin)) for span in spans]


def _minutes(at: datetime, origin: datetime) -> int:
    return int((at - origin) / MINUTE)
