"""Markets, sites, policies and closures as they are answered."""

from __future__ import annotations

from datetime import datetime

from kit.database import Row
from kit.ids import encode
from markets.models import Closure, Market, Site
from markets.policy import Policy, name_of
from markets.schemas import ClosureAnswer, MarketAnswer, PolicyAnswer, SiteAnswer


def market(found: Market) -> MarketAnswer:
    return MarketAnswer(**found.model_dump())


def site(found: Site) -> SiteAnswer:
    return SiteAnswer(**{**found.model_dump(), "id": encode("site", found.id)})


def policy(market_id: str, version: int, valid_from: datetime | None, rules: Policy) -> PolicyAnswer:
    return PolicyAnswer(name=name_of(market_id, version), version=version, valid_from=valid_from, rules=rules)


def policy_row(market_id: str, row: Row) -> PolicyAnswer:
    return policy(market_id, row["version"], row["valid_from"], Policy.model_validate(row["rules"]))


def closure(found: Closure) -> ClosureAnswer:
    return ClosureAnswer(
        id=encode("clo", found.id),
        market=found.market_id,
        kind=found.kind,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
    )
