"""Markets and their sites, rules and closures: what administrators do."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from kit.announcements import NewEvent
from kit.database import ReadSession, Session
from kit.errors import Conflict, Error, NotFound, Unprocessable
from kit.ids import IdMaker, encode
from markets import queries
from markets.hours import UnknownHolidays, public_holidays
from markets.models import Closure, Market, Policy, Site
from markets.policy import DEFAULT, name_of
from markets.policy import Policy as Rules
from markets.schemas import ClosureCommand, MarketCommand, PolicyCommand, SiteCommand

Found = TypeVar("Found")


class SiteNameTaken(Conflict):
    word, title = "site-name-taken", "There is a site of that name already."


class PolicyInForce(Conflict):
    word, title = "policy-in-force", "That policy is in force or was; declare the next one instead."


class PeriodRefused(Unprocessable):
    """Codes: `backwards`, `past`, `taken`."""

    word, title = "period-refused", "That period can't be meant."


async def put(session: Session, market_id: str, wanted: MarketCommand, now: datetime) -> tuple[Market, bool]:
    """Create or replace a market; True when it is new."""
    _check_holidays(wanted.holiday_country, wanted.holiday_subdivision, now)
    market = await queries.locked_market(session, market_id)
    created = market is None
    if market is None:
        market = Market(id=market_id, **wanted.model_dump())
    else:
        market.sqlmodel_update(wanted.model_dump())
    session.orm.add(market)
    _announce(session, "market.added" if created else "market.changed", market_id, now)
    return market, created


async def get(session: ReadSession, market_id: str) -> Market:
    market = await queries.market(session, market_id)
    if market is None:
        raise NotFound
    return market


async def site(session: ReadSession, site_id: UUID) -> Site:
    return _there(await queries.site(session, site_id))


async def locked_site(session: Session, site_id: UUID) -> Site:
    """Nobody else changes it until the end of the transaction. Raises `NotFound`."""
    return _there(await queries.locked_site(session, site_id))


async def newest_policy(session: Session, market_id: str) -> int:
    """The version that the next one follows, held until the end of the transaction. Raises `NotFound`."""
    if not await queries.lock_market(session, market_id):
        raise NotFound
    return await queries.newest_version(session, market_id)


async def closure(session: ReadSession, closure_id: UUID) -> Closure:
    return _there(await queries.closure(session, closure_id))


async def locked_closure(session: Session, closure_id: UUID) -> Closure:
    return _there(await queries.locked_closure(session, closure_id))


async def add_site(session: Session, wanted: SiteCommand, now: datetime, new_id: IdMaker) -> Site:
    _check_holidays(wanted.holiday_country, wanted.holiday_subdivision, now)
    if await queries.site_named(session, wanted.name):
        raise SiteNameTaken
    site = Site(id=new_id(now), **wanted.model_dump())
    session.orm.add(site)
    _announce_site(session, "site.added", site, now)
    return site


async def change_site(session: Session, site_id: UUID, wanted: SiteCommand, now: datetime) -> Site:
    _check_holidays(wanted.holiday_country, wanted.holiday_subdivision, now)
    site = await locked_site(session, site_id)
    other = await queries.site_named(session, wanted.name)
    if other is not None and other.id != site_id:
        raise SiteNameTaken
    session.orm.add(site.sqlmodel_update(wanted.model_dump()))
    _announce_site(session, "site.changed", site, now)
    return site


async def policy_in_force(session: ReadSession, market_id: str, now: datetime) -> tuple[int, Rules]:
    """The version that holds at `now`, and its rules; version 0 with the defaults where there is none."""
    row = await queries.policy_in_force(session, market_id, now)
    return (0, DEFAULT) if row is None else (row["version"], Rules.model_validate(row["rules"]))


async def declare(session: Session, market_id: str, wanted: PolicyCommand, now: datetime) -> Policy:
    """Add a version of the market's rules, in force from `valid_from` or at once. The past stays as it was."""
    if not await queries.lock_market(session, market_id):
        raise NotFound
    valid_from = await begins(session, market_id, wanted, now)
    version = await queries.newest_version(session, market_id) + 1
    rules = wanted.rules.model_dump(mode="json")
    policy = Policy(market_id=market_id, version=version, valid_from=valid_from, rules=rules)
    session.orm.add(policy)
    _announce(session, "policy.declared", market_id, now, policy=name_of(market_id, version))
    return policy


async def begins(session: ReadSession, market_id: str, wanted: PolicyCommand, now: datetime) -> datetime:
    """From when on it would hold. Raises `PeriodRefused`: in the past, or at the instant of another version to
    come, which has to be withdrawn first."""
    valid_from = wanted.valid_from or now
    if valid_from < now:
        raise PeriodRefused(Error("/valid_from", "past"))
    if valid_from > now and await queries.begins_at(session, market_id, valid_from):
        raise PeriodRefused(Error("/valid_from", "taken"))
    return valid_from


async def withdraw(session: Session, market_id: str, version: int, now: datetime) -> None:
    """Take back a version that is not in force yet. Raises `NotFound`, `PolicyInForce`."""
    if (
        not await queries.lock_market(session, market_id)
        or await queries.policy(session, market_id, version) is None
    ):
        raise NotFound
    if not await queries.withdraw(session, market_id, version, now):
        raise PolicyInForce
    _announce(session, "policy.withdrawn", market_id, now, policy=name_of(market_id, version))


async def close(
    session: Session, market_id: str, wanted: ClosureCommand, now: datetime, new_id: IdMaker
) -> Closure:
    """Close a market out of turn. An emergency holds for the very next call."""
    await get(session, market_id)
    starts_at = wanted.starts_at or now
    if wanted.ends_at is not None and wanted.ends_at <= starts_at:
        raise PeriodRefused(Error("/ends_at", "backwards"))
    if wanted.ends_at is not None and wanted.ends_at <= now:
        raise PeriodRefused(Error("/ends_at", "past"))
    closure = Closure(
        id=new_id(now), market_id=market_id, kind=wanted.kind, starts_at=starts_at, ends_at=wanted.ends_at
    )
    session.orm.add(closure)
    _announce(session, "market.closed", market_id, now, closure=encode("clo", closure.id), why=wanted.kind)
    return closure


async def lift(session: Session, closure_id: UUID, now: datetime) -> None:
    """End a closure that holds, or call off one to come; one that is over stays as it is."""
    closure = await locked_closure(session, closure_id)
    if closure.ends_at is not None and closure.ends_at <= now:
        return
    if closure.starts_at >= now:
        await session.orm.delete(closure)
    else:
        closure.ends_at = now
        session.orm.add(closure)
    _announce(session, "market.reopened", closure.market_id, now, closure=encode("clo", closure_id))


def _there(found: Found | None) -> Found:
    if found is None:
        raise NotFound
    return found


def _check_holidays(country: str | None, subdivision: str | None, now: datetime) -> None:
    if country is None:
        if subdivision is not None:
            raise UnknownHolidays(Error("/holiday_subdivision", "without_country"))
        return
    public_holidays(country, subdivision, now.year)


def _announce(session: Session, kind: str, market_id: str, now: datetime, **more: str) -> None:
    data = {"market": {"id": market_id}, **more}
    session.announce(NewEvent(kind, now, market_id, data, market_id=market_id))


def _announce_site(session: Session, kind: str, site: Site, now: datetime) -> None:
    identifier = encode("site", site.id)
    session.announce(NewEvent(kind, now, identifier, {"site": {"id": identifier}}))
