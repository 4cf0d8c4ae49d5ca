"""The request and the decision: two persons, one reason, one transaction that erases."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from contacts.exchange import Exchange
from kit.database import Row, Session
from kit.errors import Conflict, NotFound
from kit.ids import IdMaker, encode
from privacy import queries
from privacy.erasing import erase


class SamePerson(Conflict):
    word, title = "same-person", "Somebody else has to decide on what you asked for."


class AlreadyDecided(Conflict):
    """Told with the state that it came to."""

    word, title = "already-decided", "This has been decided."


async def request(session: Session, external_ref: str, reason: str, by: str, now: datetime, new_id: IdMaker) -> Row:
    """Ask for an erasure; where one is asked for already, that one. Raises `NotFound`."""
    customer = await queries.customer(session, external_ref)
    if customer is None:
        raise NotFound
    identifier = new_id(now)
    row = await queries.request(session, identifier, customer, reason, by, now)
    if row["id"] == identifier:
        _note(session, "erasure.requested", row, now)
    return row


async def approve(session: Session, exchange: Exchange, erasure_id: UUID, by: str, now: datetime) -> Row:
    """Erase; a second time the same again. Raises `NotFound`, `SamePerson`, `AlreadyDecided`, `CallUnderWay`."""
    row = await _open(session, erasure_id, by, "done")
    if row["state"] == "done":
        return row
    decided = await queries.decide(session, erasure_id, "done", by, now)
    await erase(session, exchange, row["customer_id"], now)
    _note(session, "erasure.approved", decided, now)
    return decided


async def decline(session: Session, erasure_id: UUID, by: str, now: datetime) -> Row:
    """Leave everything as it is. Raises `NotFound`, `SamePerson`, `AlreadyDecided`."""
    row = await _open(session, erasure_id, by, "declined")
    if row["state"] == "declined":
        return row
    decided = await queries.decide(session, erasure_id, "declined", by, now)
    _note(session, "erasure.declined", decided, now)
    return decided


async def _open(session: Session, erasure_id: UUID, by: str, wanted: str) -> Row:
    row = await queries.erasure(session, erasure_id)
    if row is None:
        raise NotFound
    if row["state"] not in ("requested", wanted):
        raise AlreadyDecided(present_state=row["state"])
    if row["requested_by"] == by:
        raise SamePerson
    return row


def _note(session: Session, action: str, row: Row, now: datetime) -> None:
    customer = encode("cus", row["customer_id"])
    session.audit(action, now, encode("era", row["id"]), row["market_id"], customer=customer, reason=row["reason"])
