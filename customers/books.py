"""The books as this process sees them: read rarely, moved on by its own decisions, guarded where they are stored.

Profiles (skills, languages, markets, patterns, absences, products, policies) are read again when the directory's
version has changed; every activation reads that version, so it never decides on a stale profile. Loads are read
again every two seconds: what other replicas gave meanwhile only makes a choice a little less balanced, never a book
too full, because the claim on the book's row decides.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from customers import book_queries, queries
from customers.needs import ProductEntry
from kit.database import ReadSession, Row
from kit.local_time import rotated, zone
from kit.piecewise import piecewise
from kit.week import Week
from markets import queries as markets
from markets.policy import DEFAULT, Policy, name_of
from routing.activation import ETA, SOLVED_ETA, Book
from routing.policy import Need
from routing.problem import BookAdvisor
from routing.skill_ends import SkillEnd

REFRESH = timedelta(seconds=2)
REBUILD = timedelta(minutes=5)
"""Absences begin and certificates end by themselves; a certificate's end is met exactly, the rest within this."""

LONG_ABSENCE = timedelta(days=28)
"""Whoever is away for longer than this from now gets no new customers: their first call would find nobody."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What reading a market's customers takes."""

    region: str
    zone: str
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Everybody:
    """Every advisor who has not left, also those who take nobody new, and what reading a customer takes."""

    version: int
    advisors: tuple[BookAdvisor, ...]
    closed: Mapping[UUID, str]
    """Advisors who take nobody new, and the rule that says why; those who leave aren't among them."""
    products: Mapping[str, ProductEntry]
    markets: Mapping[str, Edge]
    rows: Sequence[Row]
    certificates: tuple[SkillEnd, ...]
    """Skills that are certified until some instant, in no order."""

    @property
    def skills_until(self) -> datetime | None:
        """When the next certificate ends."""
        return min((certificate.ends_at for certificate in self.certificates), default=None)


@dataclass(frozen=True)
class Shelf:
    """One reading of all that an activation needs beside the customer."""

    version: int
    book: Book
    inside: frozenset[UUID]
    """The advisors in the book."""
    left_out: Mapping[str, int]
    """Rule → how many advisors it keeps out of the book as a whole."""
    terms: Mapping[UUID, tuple[int, int, bool]]
    """Advisor → cap, target, open for new customers, as they were read."""
    groups: Mapping[UUID, frozenset[UUID]]
    """Desk group → its members in the book."""
    products: Mapping[str, ProductEntry]
    markets: Mapping[str, Edge]
    policies: Mapping[str, Sequence[tuple[datetime, int, Policy]]]
    stale_at: datetime

    def policy(self, market_id: str, now: datetime) -> tuple[str, Policy]:
        """The rules in force and their name, `DE/7`."""
        for valid_from, version, rules in reversed(self.policies.get(market_id, ())):
            if valid_from <= now:
                return name_of(market_id, version), rules
        return name_of(market_id, 0), DEFAULT


class Books:
    """The shelf of one process, kept fresh by whoever uses it."""

    def __init__(self) -> None:
        self._shelf: Shelf | None = None
        self._loads_read_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def current(self, session: ReadSession, now: datetime, version: int | None = None) -> Shelf:
        """The shelf with profiles of this version of the directory (asked for where not given)."""
        if version is None:
            version = await session.fetch_value("SELECT version FROM directory_version")
        async with self._reading:
            shelf = self._shelf
            if shelf is None or shelf.version != version or now >= shelf.stale_at:
                return await self._rebuild(session, now)
            if self._loads_read_at is None or now - self._loads_read_at >= REFRESH:
                return await self._refresh(session, shelf, now)
            return shelf

    def forget(self) -> None:
        """Read everything again the next time."""
        self._shelf = None

    async def _rebuild(self, session: ReadSession, now: datetime) -> Shelf:
        self._shelf = await _read(session, now)
        self._loads_read_at = now
        return self._shelf

    async def _refresh(self, session: ReadSession, shelf: Shelf, now: datetime) -> Shelf:
        rows = await book_queries.loads(session)
        terms = {row["advisor_id"]: _terms(row) for row in rows}
        if any(terms.get(advisor) != held for advisor, held in shelf.terms.items()):
            return await self._rebuild(session, now)
        for row in rows:
            if row["advisor_id"] in shelf.inside:
                shelf.book.correct(row["advisor_id"], row["load_s"])
        self._loads_read_at = now
        return shelf


async def everybody(session: ReadSession, now: datetime) -> Everybody:
    """Read all advisors; some 60 ms for 3,000 of them."""
    version: int = await session.fetch_value("SELECT version FROM directory_version")
    rows = await book_queries.book_advisors(session, now, now + LONG_ABSENCE)
    held = await book_queries.skills(session, now)
    skills = _levels(held)
    return Everybody(
        version=version,
        advisors=tuple([_advisor(row, skills.get(row["id"], {}), now) async for row in piecewise(rows)]),
        closed={row["id"]: rule for row in rows if (rule := _left_out(row))},
        products=await known_products(session),
        markets=await edges(session),
        rows=rows,
        certificates=_certificates(held),
    )


async def _read(session: ReadSession, now: datetime) -> Shelf:
    found = await everybody(session, now)
    considered = [advisor for advisor in found.advisors if advisor.id not in found.closed]
    return Shelf(
        version=found.version,
        book=Book(considered, SOLVED_ETA if any(advisor.price is not None for advisor in considered) else ETA),
        inside=frozenset(advisor.id for advisor in considered),
        left_out=Counter(found.closed.values()),
        terms={row["id"]: _terms(row) for row in found.rows},
        groups=_groups(considered),
        products=found.products,
        markets=found.markets,
        policies=_policies(await book_queries.policies(session)),
        stale_at=min(found.skills_until or now + REBUILD, now + REBUILD),
    )


async def known_products(session: ReadSession) -> dict[str, ProductEntry]:
    return {
        row["id"]: ProductEntry(Need(row["skill"], row["level"]), row["expected_seconds"])
        for row in await queries.products(session)
    }


async def edges(session: ReadSession) -> dict[str, Edge]:
    """Market → what reading its customers takes."""
    return {
        market: Edge(row["phone_region"], row["time_zone"], tuple(row["languages"]))
        for market, row in (await markets.at_the_edge(session)).items()
    }


def _left_out(row: Row) -> str | None:
    """The rule that keeps somebody out of the book as a whole, or None."""
    if not row["open_for_new"] and row["leaving_at"] is None:
        return "book_is_open"
    return "not_away_for_long" if row["away_long"] else None


def _terms(row: Row) -> tuple[int, int, bool]:
    return row["cap_s"], row["target_s"], row["open_for_new"]


def _levels(rows: Sequence[Row]) -> Mapping[UUID, Mapping[str, int]]:
    levels: defaultdict[UUID, dict[str, int]] = defaultdict(dict)
    for row in rows:
        levels[row["advisor_id"]][row["skill"]] = row["level"]
    return levels


def _certificates(rows: Sequence[Row]) -> tuple[SkillEnd, ...]:
    return tuple(
        SkillEnd(row["advisor_id"], row["skill"], row["valid_until"]) for row in rows if row["valid_until"]
    )


def _advisor(row: Row, skills: Mapping[str, int], now: datetime) -> BookAdvisor:
    return BookAdvisor(
        id=row["id"],
        group_id=row["desk_group_id"],
        markets=frozenset(row["markets"]),
        languages=frozenset(row["languages"]),
        skills=skills,
        hours=in_utc(Week.read(row["working_pattern"]).mask(), row["time_zone"], now),
        load_s=row["load_s"],
        cap_s=row["cap_s"],
        target_s=row["target_s"],
        leaving=row["leaving_at"] is not None,
        price=row["price"],
    )


def in_utc(mask: int, zone_name: str, now: datetime) -> int:
    """Hours of the week by a wall clock, as hours of the week in UTC at this time of the year."""
    offset = now.astimezone(zone(zone_name)).utcoffset() or timedelta(0)
    return rotated(mask, -round(offset / timedelta(hours=1)))


def _groups(advisors: Sequence[BookAdvisor]) -> dict[UUID, frozenset[UUID]]:
    members: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for advisor in advisors:
        if advisor.group_id is not None:
            members[advisor.group_id].add(advisor.id)
    return {group: frozenset(ids) for group, ids in members.items()}


def _policies(rows: Sequence[Row]) -> dict[str, list[tuple[datetime, int, Policy]]]:
    versions: dict[str, list[tuple[datetime, int, Policy]]] = {}
    for row in rows:
        rules = Policy.model_validate(row["rules"])
        versions.setdefault(row["market_id"], []).append((row["valid_from"], row["version"], rules))
    return versions
