"""Every statement on markets, sites, policies and closures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlmodel import col, select

from kit.database import ReadSession, Row, Session
from kit.ids import encode
from markets.models import Closure, Market, Site

POLICY_IN_FORCE = """
SELECT version, valid_from, rules FROM policies
WHERE market_id = $1 AND valid_from <= $2
ORDER BY valid_from DESC, version DESC
LIMIT 1
"""

POLICIES = """
SELECT version, valid_from, rules FROM policies
WHERE market_id = $1 AND ($2::integer IS NULL OR version < $2)
ORDER BY version DESC LIMIT $3
"""

POLICY = "SELECT version, valid_from, rules FROM policies WHERE market_id = $1 AND version = $2"

BEGINS_AT = "SELECT EXISTS (SELECT FROM policies WHERE market_id = $1 AND valid_from = $2)"

WITHDRAW = "DELETE FROM policies WHERE market_id = $1 AND version = $2 AND valid_from > $3 RETURNING version"

NEWEST_VERSION = "SELECT coalesce(max(version), 0) FROM policies WHERE market_id = $1"

LOCK_MARKET = "SELECT id FROM markets WHERE id = $1 FOR NO KEY UPDATE"

PHONE_REGIONS = "SELECT id, phone_region, time_zone, languages FROM markets"


async def policy_in_force(session: ReadSession, market_id: str, now: datetime) -> Row | None:
    return await session.fetch_row(POLICY_IN_FORCE, market_id, now)


async def policy(session: ReadSession, market_id: str, version: int) -> Row | None:
    return await session.fetch_row(POLICY, market_id, version)


async def begins_at(session: ReadSession, market_id: str, valid_from: datetime) -> bool:
    """Whether a version begins at that very instant."""
    return bool(await session.fetch_value(BEGINS_AT, market_id, valid_from))


async def withdraw(session: Session, market_id: str, version: int, now: datetime) -> bool:
    """False where it is in force already, or was."""
    return await session.fetch_value(WITHDRAW, market_id, version, now) is not None


async def policies(session: ReadSession, market_id: str, before: int | None, limit: int) -> Sequence[Row]:
    """Versions, the newest first; those before one."""
    return await session.fetch(POLICIES, market_id, before, limit)


async def newest_version(session: ReadSession, market_id: str) -> int:
    """Of all that have been declared, those to come included; 0 where none has."""
    return cast(int, await session.fetch_value(NEWEST_VERSION, market_id))


async def lock_market(session: ReadSession, market_id: str) -> bool:
    """Whoever adds a version waits for whoever is adding one; False when there is no such market."""
    return await session.fetch_value(LOCK_MARKET, market_id) is not None


async def at_the_edge(session: ReadSession) -> dict[str, Row]:
    """Market → what reading its customers' input takes: `phone_region`, `time_zone`, `languages`."""
    return {row["id"]: row for row in await session.fetch(PHONE_REGIONS)}


async def market(session: ReadSession, market_id: str) -> Market | None:
    return await session.orm.get(Market, market_id)


async def locked_market(session: Session, market_id: str) -> Market | None:
    """Nobody else changes it until the end of the transaction."""
    return await session.orm.get(Market, market_id, with_for_update={"key_share": True})


async def markets(session: ReadSession) -> Sequence[Market]:
    return (await session.orm.exec(select(Market).order_by(col(Market.id)))).all()


async def site(session: ReadSession, site_id: UUID) -> Site | None:
    return await session.orm.get(Site, site_id)


async def locked_site(session: Session, site_id: UUID) -> Site | None:
    return await session.orm.get(Site, site_id, with_for_update={"key_share": True})


async def site_named(session: ReadSession, name: str) -> Site | None:
    return (await session.orm.exec(select(Site).where(col(Site.name) == name))).first()


async def sites_by_name(session: ReadSession) -> dict[str, UUID]:
    """Site by its name and by its public id, as people name it in commands and files."""
    rows = await session.fetch("SELECT id, name FROM sites")
    by_id = {encode("site", row["id"]): row["id"] for row in rows}
    return {**{row["name"]: row["id"] for row in rows}, **by_id}


async def sites(session: ReadSession) -> Sequence[Site]:
    return (await session.orm.exec(select(Site).order_by(col(Site.name)))).all()


async def closure(session: ReadSession, closure_id: UUID) -> Closure | None:
    return await session.orm.get(Closure, closure_id)


async def locked_closure(session: Session, closure_id: UUID) -> Closure | None:
    return await session.orm.get(Closure, closure_id, with_for_update=True)


async def closures_ahead(session: ReadSession, market_id: str, now: datetime) -> Sequence[Closure]:
    """Those that hold now or will."""
    ahead = (col(Closure.ends_at) > now) | col(Closure.ends_at).is_(None)
    wanted = select(Closure).where(col(Closure.market_id) == market_id, ahead).order_by(col(Closure.starts_at))
    return (await session.orm.exec(wanted)).all()
