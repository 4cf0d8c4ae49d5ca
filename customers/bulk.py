"""Customers from a file, and advisors for many customers at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from customers import events, relationships, service
from customers.books import Books, Edge, edges, known_products
from customers.needs import ProductEntry
from customers.relationships import Wish
from customers.schemas import ActivationRow, CustomerRow
from kit.bulk import BATCH, Done
from kit.database import ReadSession, Session
from kit.errors import Error, Fault, NotFound
from kit.ids import IdMaker, decode, encode
from kit.records import Columns


class Customers:
    """Creates and replaces customers by reference, as `PUT /v1/customers/{external_ref}` does."""

    name = "customers"
    columns = Columns(
        names=frozenset(CustomerRow.model_fields),
        lists=frozenset({"phones", "languages", "products"}),
        documents=frozenset({"calling_hours"}),
        numbers=frozenset({"expected_seconds"}),
    )
    batch = BATCH

    def __init__(self) -> None:
        self._markets: Mapping[str, Edge] = {}
        self._products: Mapping[str, ProductEntry] = {}

    async def prepare(self, session: ReadSession, /) -> None:
        self._markets = await edges(session)
        self._products = await known_products(session)

    def read(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return service.prepared(CustomerRow.model_validate(value), self._markets, self._products)

    def key(self, record: Mapping[str, Any]) -> str:
        return str(record["external_ref"])

    async def write(
        self, session: Session, records: Sequence[Mapping[str, Any]], now: datetime, new_id: IdMaker, /
    ) -> list[Done | Fault]:
        written = await service.put_many(session, records, now, new_id)
        counts = Counter(one.outcome for one in written if not isinstance(one, Fault))
        if counts["created"] or counts["updated"]:
            session.announce(events.imported(self.name, counts["created"], counts["updated"], now))
        return [one if isinstance(one, Fault) else Done(one.outcome) for one in written]


class Activations:
    """Gives customers an advisor; those who have one keep them (`skipped`).

    Batches are small: the books that a batch gives to are locked until its commit, and single activations wait.
    """

    name = "activations"
    columns = Columns(names=frozenset({"external_ref", "channel", "on_behalf_by"}))
    batch = 100

    def __init__(self, books: Books) -> None:
        self._books = books

    async def prepare(self, session: ReadSession, /) -> None:
        """Nothing is needed to read a wish."""

    def read(self, value: Mapping[str, Any]) -> Wish:
        row = ActivationRow.model_validate(value)
        try:
            behalf = None if row.on_behalf_by is None else decode("adv", row.on_behalf_by)
        except NotFound:
            raise relationships.UnknownAdvisor(Error("/on_behalf_by", "unknown_advisor")) from None
        return Wish(row.external_ref, row.channel, tuple(row.wishes.languages), behalf)

    def key(self, record: Wish) -> str:
        return record.external_ref

    async def write(
        self, session: Session, records: Sequence[Wish], now: datetime, new_id: IdMaker, /
    ) -> list[Done | Fault]:
        outcomes = await relationships.activate_many(session, self._books, records, now, new_id)
        return [one if isinstance(one, Fault) else _done(one) for one in outcomes]


def _done(activated: relationships.Activated) -> Done:
    more = {
        "relationship_id": encode("rel", activated.relationship_id),
        "advisor": encode("adv", activated.advisor_id),
    }
    return Done("created" if activated.created else "skipped", more)
