"""Customers as the control center tells of them: put as a whole, by its own reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from customers import events, needs, phones, queries
from customers.books import Edge, Shelf
from customers.needs import ProductEntry
from customers.schemas import CustomerCommand, CustomerRow, ProductCommand
from kit.database import ReadSession, Row, Session
from kit.errors import Conflict, Error, Fault, NotFound, Unprocessable
from kit.ids import IdMaker
from kit.local_time import mask_to_bytes
from kit.week import Week

Outcome = Literal["created", "updated", "skipped"]


class UnknownMarket(Unprocessable):
    word, title = "unknown-market", "There is no market of that id."


class UnknownProduct(Unprocessable):
    word, title = "unknown-product", "There is no product of that id."


class MarketFixed(Conflict):
    """History, numbers and books belong to a market; who moves is a new customer there."""

    word, title = "market-fixed", "A customer stays in the market they began in."


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one customer; `skipped` had nothing new."""

    id: UUID
    outcome: Outcome


async def put(
    session: Session, shelf: Shelf, external_ref: str, wanted: CustomerCommand, now: datetime, new_id: IdMaker
) -> Written:
    """Create or replace one customer. Raises 422 for what can't be read, `MarketFixed`."""
    row = prepared(CustomerRow(external_ref=external_ref, **_given(wanted)), shelf.markets, shelf.products)
    (written,) = await put_many(session, [row], now, new_id)
    if isinstance(written, Fault):
        raise written
    if written.outcome != "skipped":
        kind = "customer.added" if written.outcome == "created" else "customer.changed"
        session.announce(events.customer(kind, written.id, wanted.market, now))
    return written


def _given(wanted: CustomerCommand) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in CustomerCommand.model_fields}


def prepared(
    wanted: CustomerRow, markets: Mapping[str, Edge], products: Mapping[str, ProductEntry]
) -> dict[str, Any]:
    """The row as it is stored, but for its id. Raises what is wrong with it as a 422."""
    edge = markets.get(wanted.market)
    if edge is None:
        raise UnknownMarket(Error("/market", "unknown_market"))
    unknown = [place for place, product in enumerate(wanted.products) if product not in products]
    if unknown:
        raise UnknownProduct(*(Error(f"/products/{place}", "unknown_product") for place in unknown))
    own = sorted(set(wanted.products))
    prior = needs.expected_seconds(own, wanted.tier, products)
    return {
        "market_id": wanted.market,
        "external_ref": wanted.external_ref,
        "name": wanted.name,
        "email": wanted.email,
        "languages": list(dict.fromkeys(wanted.languages)),
        "tier": wanted.tier,
        "products": own,
        "time_zone": wanted.time_zone,
        "calling_hours": _hours(wanted.calling_hours),
        "expected_seconds": wanted.expected_seconds or prior,
        "phones": phones.read(wanted.phones, edge.region),
    }


def _hours(week: dict[str, list[list[str]]] | None) -> str | None:
    """The mask of hours in hexadecimal; a week without any hour says nothing."""
    mask = 0 if week is None else Week.parse(week).mask()
    return mask_to_bytes(mask).hex() if mask else None


async def put_many(
    session: Session, rows: Sequence[Mapping[str, Any]], now: datetime, new_id: IdMaker
) -> list[Written | Fault]:
    """Write prepared rows, no reference twice, with two statements. Announces nothing."""
    with_ids = [{"id": new_id(now), **row} for row in rows]
    found = await queries.put(session, with_ids, now)
    return [_written(found[row["external_ref"]]) for row in rows]


def _written(row: Mapping[str, Any]) -> Written | Fault:
    if row["moved"]:
        return MarketFixed(Error("/market", "market_fixed"))
    if row["created"]:
        return Written(row["id"], "created")
    return Written(row["id"], "updated" if row["changed"] else "skipped")


async def get(session: ReadSession, external_ref: str) -> Row:
    """Every column, and `phones`. Raises `NotFound`."""
    row = await queries.customer(session, external_ref)
    if row is None:
        raise NotFound
    return row


async def held(session: Session, external_ref: str) -> Row | None:
    """The customer, if there is one; nobody else compares or changes it until the end of the transaction."""
    await queries.hold(session, f"customer/{external_ref}")
    await queries.lock_customers(session, [external_ref])
    return await queries.customer(session, external_ref)


async def product(session: ReadSession, product_id: str) -> Row:
    row = await queries.product(session, product_id)
    if row is None:
        raise NotFound
    return row


async def held_product(session: Session, product_id: str) -> Row | None:
    """The product, if there is one; nobody else puts it until the end of the transaction."""
    await queries.hold(session, f"product/{product_id}")
    return await queries.product(session, product_id)


async def put_product(session: Session, product_id: str, wanted: ProductCommand, now: datetime) -> bool:
    """Create or replace a product; True when it is new. Customers keep the expected seconds that they have."""
    created = await queries.put_product(
        session, product_id, wanted.name, wanted.skill, wanted.level, wanted.expected_seconds
    )
    session.announce(events.product(product_id, created, now))
    return created
