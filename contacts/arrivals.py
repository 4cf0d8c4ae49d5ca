"""A call comes in: who calls, for whom, in which market; the row that will be stored for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contacts import queries
from contacts.directory import Directory, MarketEntry
from contacts.exchange import Exchange
from contacts.situation import Case, Scene
from kit.database import Session
from kit.errors import Unavailable
from kit.phone_numbers import region_of
from telephony.inbound import InboundCall

IDENTIFY_SLACK_S = 45
PRIORITIES = {"premium": 2, "business": 1}


class NoMarketYet(Unavailable):
    """The deployment has no market at all: nobody could say in which language to answer."""

    word, title = "no-market-yet", "No market has been set up yet."


def drafted(scene: Scene, call: InboundCall, situation: Mapping[str, Any]) -> Case:
    """The case of a new call: known caller, unknown caller, or one who must first say who they are."""
    market = market_of(scene.directory, call, situation)
    row = _empty_row(scene, call, market)
    known = situation["customer_id"] is not None
    row.update(identified(scene.directory, market, situation if known else None, situation["dialled_owner_id"]))
    case = Case(row, new=True, own_presence=situation if situation["advisor_id"] is not None else None)
    if not known and market.policy(scene.now).ask_customer_number:
        row.update(state="identifying", step="customer_number", deadline_at=None)
    return case


def market_of(directory: Directory, call: InboundCall, situation: Mapping[str, Any]) -> MarketEntry:
    """The known customer's market, else the dialled number's, else that of the number's country."""
    for market_id in (situation["market_id"], situation["dialled_market_id"]):
        if market_id in directory.markets:
            return directory.markets[market_id]
    market = directory.market_for(region_of(call.dialled))
    if market is None:
        raise NoMarketYet(retry_after_s=60)
    return market


def identified(
    directory: Directory, market: MarketEntry, customer: Mapping[str, Any] | None, owner_id: UUID | None
) -> dict[str, Any]:
    """The columns that say who calls and whose call it is: the relationship decides, not the number dialled."""
    related = customer["related_advisor_id"] if customer is not None else None
    return {
        "customer_id": customer["customer_id"] if customer is not None else None,
        "language": language_of(market, customer["languages"] if customer is not None else ()),
        "needs": directory.needs(customer["products"]) if customer is not None else {},
        "priority": PRIORITIES.get(customer["tier"], 0) if customer is not None else 0,
        "own_advisor_id": related or owner_id,
        "own_by": "relationship" if related else "number" if owner_id else None,
    }


def language_of(market: MarketEntry, spoken: Sequence[str]) -> str:
    """The first of the customer's languages that the market speaks, else the market's first."""
    return next((language for language in spoken if language in market.languages), market.languages[0])


def _empty_row(scene: Scene, call: InboundCall, market: MarketEntry) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(queries.COLUMNS)
    now = scene.now
    row.update(
        id=scene.exchange.new_id(now),
        market_id=market.id,
        channel="phone",
        direction="in",
        switch_call_id=call.call_id,
        state="received",
        since=now,
        received_at=now,
        age_at=now,
        caller_number=call.caller,
        dialled_number=call.dialled,
        priority=0,
        needs={},
        choices_asked=0,
        tried=[],
        last_signal_at=now,
    )
    return row


async def identify(scene: Scene, row: Mapping[str, Any], digits: str | None) -> dict[str, Any] | None:
    """Who calls, by the customer number typed; nothing typed: the one of this number with the most recent contact.

    None where the number typed is nobody's. The market stays the call's: a row doesn't move between markets.
    """
    session = scene.session
    if digits:
        customer = await queries.customer(session, digits)
    else:
        number = row["caller_number"]
        customer = await queries.most_recent_of_number(session, number) if number else None
    if customer is not None and customer["market_id"] != row["market_id"]:
        customer = None
    if digits and customer is None:
        return None
    owner_id = await queries.dialled_owner(session, row["dialled_number"])
    return identified(scene.directory, scene.market(row), customer, owner_id)


async def scene_for(session: Session, exchange: Exchange, now: datetime, version: int | None = None) -> Scene:
    """The stage for decisions: the newest directory, one instant."""
    return Scene(session, exchange, await exchange.directory.current(session, version), now)
