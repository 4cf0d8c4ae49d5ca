"""Who is who, kept in memory by each replica and never stale.

Markets, groups, advisors with their skills, working times and absences change seldom and are read by every call.
Each replica holds them as one frozen `Directory`. Triggers count every change in `directory_version` within the
changing transaction; the statement that reads a call's situation returns the count, and a replica that sees a newer
one reads the directory again before it decides. So an absence entered at 8:00 holds for the call at 8:01, on every
replica, without a message having to arrive. What changes with every call (presence, relationships) is not in here.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from advisors.working_time import WorkingTime
from contacts import directory_queries as queries
from kit.database import ReadSession, Row
from kit.intervals import Interval
from kit.local_time import zone
from kit.piecewise import piecewise
from kit.week import Week
from markets.hours import Closed, HolidayCalendar, Hours
from markets.policy import Policy
from routing.policy import RoutingPolicy
from routing.problem import Need
from telephony.verbs import Target


class Ahead:
    """An answer about the time ahead (when does it close, when is she back), remembered until that time has come.

    An answer that is `now` itself ("at work") or None is asked for again after a moment.
    """

    __slots__ = ("_answer", "_ask", "_asked_at", "_until")

    def __init__(self, ask: Callable[[datetime], datetime | None]) -> None:
        self._ask = ask
        self._answer: datetime | None = None
        self._asked_at = self._until = datetime.min.replace(tzinfo=UTC)

    def __call__(self, now: datetime) -> datetime | None:
        if not self._asked_at <= now < self._until:
            self._answer, self._asked_at = self._ask(now), now
            lies_ahead = self._answer is not None and self._answer > now
            self._until = self._answer if lies_ahead and self._answer else now + AT_MOST
        return now if self._answer == self._asked_at else self._answer


@dataclass(frozen=True, slots=True)
class MarketEntry:
    """A market as routing needs it; `policies` ascend by the instant from which they are in force."""

    id: str
    region: str
    languages: tuple[str, ...]
    hours: Hours
    policies: tuple[tuple[datetime, int, Policy], ...]
    general_group_id: UUID | None
    closes_at: Ahead

    def policy(self, now: datetime) -> Policy:
        """The rules in force at `now`."""
        return self._in_force(now)[1]

    def routing(self, now: datetime) -> RoutingPolicy:
        """The part of the rules that the core reads, under the name that its decisions carry."""
        version, policy = self._in_force(now)
        return _named(policy, f"{self.id}/{version}")

    def policy_name(self, now: datetime) -> str:
        """For example `DE/7`; `DE/0` where nothing has been decided and the defaults hold."""
        return f"{self.id}/{self._in_force(now)[0]}"

    def callable_countries(self, now: datetime) -> tuple[str, ...]:
        """Countries whose numbers we let ourselves be made to dial."""
        return self.policy(now).dialling.countries or (self.region,)

    def _in_force(self, now: datetime) -> tuple[int, Policy]:
        for valid_from, version, policy in reversed(self.policies):
            if valid_from <= now:
                return version, policy
        return 0, DEFAULT_POLICY


DEFAULT_POLICY = Policy()
AT_MOST = timedelta(seconds=10)


@lru_cache(maxsize=256)
def _named(policy: Policy, name: str) -> RoutingPolicy:
    return policy.routing_as(name)


@dataclass(frozen=True, slots=True)
class GroupEntry:
    id: UUID
    name: str
    members: tuple[UUID, ...]
    neighbours: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class AdvisorEntry:
    """An advisor's profile; `levels(now)` leaves out certificates that have ended."""

    id: UUID
    name: str
    group_id: UUID | None
    languages: frozenset[str]
    markets: frozenset[str]
    skills: tuple[tuple[str, int, datetime | None], ...]
    working: WorkingTime
    returns_at: Ahead
    capacities: Mapping[str, int]
    """By channel: how many contacts at once."""
    target: Target

    def levels(self, now: datetime) -> dict[str, int]:
        return {skill: level for skill, level, until in self.skills if until is None or now < until}

    def absent_until(self, now: datetime) -> datetime | None:
        """The end of the absence that covers `now`, None without one."""
        return max((gone.ends_at for gone in self.working.absences if now in gone), default=None)


@dataclass(frozen=True, slots=True)
class Directory:
    """One consistent reading of everything that changes seldom."""

    version: int
    markets: Mapping[str, MarketEntry] = field(default_factory=dict)
    groups: Mapping[UUID, GroupEntry] = field(default_factory=dict)
    advisors: Mapping[UUID, AdvisorEntry] = field(default_factory=dict)
    products: Mapping[str, Need] = field(default_factory=dict)

    def needs(self, products: Sequence[str]) -> dict[str, int]:
        """The skills, with levels, that a customer with these products needs; the highest level counts."""
        needed: dict[str, int] = {}
        for product in products:
            need = self.products.get(product)
            if need is not None:
                needed[need.skill] = max(need.level, needed.get(need.skill, 0))
        return needed

    def market_for(self, region: str | None) -> MarketEntry | None:
        """The market of a number that is in no pool: the region's, else the first one."""
        for market in self.markets.values():
            if market.region == region:
                return market
        return next(iter(self.markets.values()), None)


class DirectoryCache:
    """Holds the newest `Directory` this process has read."""

    def __init__(self) -> None:
        self._held: Directory | None = None
        self._reading = asyncio.Lock()

    async def current(self, session: ReadSession, version: int | None = None) -> Directory:
        """The directory as of `version`, or as of now where none is given; read again only when it has changed."""
        wanted = version if version is not None else await queries.version(session)
        if self._held is None or self._held.version != wanted:
            async with self._reading:
                if self._held is None or self._held.version != wanted:
                    self._held = await load(session, wanted)
                return self._held
        return self._held

    @property
    def held(self) -> Directory | None:
        """What was read last, without asking whether it is still the newest."""
        return self._held


async def load(session: ReadSession, version: int) -> Directory:
    """Read everything; about 40 ms for 3,000 advisors."""
    general = await queries.general_groups(session)
    policies = _policies(await queries.policies(session))
    closures = _grouped(await queries.closures(session), "market_id")
    return Directory(
        version=version,
        markets={
            row["id"]: _market(row, policies.get(row["id"], ()), closures[row["id"]], general.get(row["id"]))
            for row in await queries.markets(session)
        },
        groups={row["id"]: _group(row) for row in await queries.groups(session)},
        advisors=await _advisors(session),
        products={row["id"]: Need(row["skill"], row["level"]) for row in await queries.products(session)},
    )


async def _advisors(session: ReadSession) -> dict[UUID, AdvisorEntry]:
    skills = _grouped(await queries.skills(session), "advisor_id")
    absences = _grouped(await queries.absences(session), "advisor_id")
    rows = await queries.advisors(session)
    return {row["id"]: _advisor(row, skills[row["id"]], absences[row["id"]]) async for row in piecewise(rows)}


def _grouped(rows: Sequence[Row], key: str) -> defaultdict[Any, list[Row]]:
    grouped: defaultdict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[key]].append(row)
    return grouped


def _policies(rows: Sequence[Row]) -> dict[str, tuple[tuple[datetime, int, Policy], ...]]:
    found: dict[str, list[tuple[datetime, int, Policy]]] = {}
    for row in rows:
        policy = Policy.model_validate(row["rules"])
        found.setdefault(row["market_id"], []).append((row["valid_from"], row["version"], policy))
    return {market: tuple(versions) for market, versions in found.items()}


def _market(
    row: Row,
    policies: tuple[tuple[datetime, int, Policy], ...],
    closures: Sequence[Row],
    general_group_id: UUID | None,
) -> MarketEntry:
    hours = Hours(
        week=Week.parse(row["opening_hours"]),
        zone=zone(row["time_zone"]),
        holidays=HolidayCalendar(row["holiday_country"], row["holiday_subdivision"]),
        closures=[Closed(c["starts_at"], c["ends_at"], c["kind"]) for c in closures],
    )
    return MarketEntry(
        row["id"],
        row["phone_region"],
        tuple(row["languages"]),
        hours,
        policies,
        general_group_id,
        Ahead(hours.closes_at),
    )


def _group(row: Row) -> GroupEntry:
    return GroupEntry(row["id"], row["name"], tuple(row["members"]), tuple(row["neighbours"]))


def _advisor(row: Row, skills: Sequence[Row], absences: Sequence[Row]) -> AdvisorEntry:
    working = WorkingTime(
        week=Week.read(row["working_pattern"]),
        zone=zone(row["time_zone"]),
        holidays=HolidayCalendar(row["holiday_country"], row["holiday_subdivision"]),
        absences=[Interval(a["starts_at"], a["ends_at"]) for a in absences],
        leaving_at=row["leaving_at"],
    )
    return AdvisorEntry(
        id=row["id"],
        name=row["name"],
        group_id=row["desk_group_id"],
        languages=frozenset(row["languages"]),
        markets=frozenset(row["markets"]),
        skills=tuple((s["skill"], s["level"], s["valid_until"]) for s in skills),
        working=working,
        returns_at=Ahead(working.returns_at),
        capacities={channel: row[f"{channel}_capacity"] for channel in ("phone", "chat", "email")},
        target=Target(row["sip_uri"], row["sip_endpoint"]),
    )
