"""What others call: export by reference, and erasing again what a backup has brought back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from contacts.exchange import Exchange
from kit.database import ReadSession, Row, Session
from kit.errors import NotFound
from kit.ids import encode
from privacy import queries
from privacy.erasing import erase
from privacy.exporting import export
from privacy.paths import ACCOUNT, ADVISOR, CUSTOMER


async def export_customer(session: ReadSession, external_ref: str, now: datetime) -> dict[str, Any]:
    """Raises `NotFound`."""
    customer = await queries.customer(session, external_ref)
    if customer is None:
        raise NotFound
    return await export(session, CUSTOMER, customer["id"], encode("cus", customer["id"]), now)


async def export_advisor(session: ReadSession, external_ref: str, now: datetime) -> dict[str, Any]:
    """By the advisor's reference in the company. Raises `NotFound`."""
    advisor_id = await queries.advisor_id_of(session, external_ref)
    if advisor_id is None:
        raise NotFound
    return await export(session, ADVISOR, advisor_id, encode("adv", advisor_id), now)


async def export_own(
    session: ReadSession, account_id: UUID, advisor_id: UUID | None, now: datetime
) -> dict[str, Any]:
    """What is kept of somebody who is signed in: as an account and, where they are one, as an advisor."""
    own = await export(session, ACCOUNT, account_id, encode("acc", account_id), now)
    if advisor_id is not None:
        desk = await export(session, ADVISOR, advisor_id, encode("adv", advisor_id), now)
        own["data"] = {**desk["data"], **own["data"]}
    return own


async def done(session: ReadSession) -> Sequence[Row]:
    """All erasures that were carried out: what `erase_again` wants to know of the database that is replaced."""
    return await queries.done(session)


async def erase_again(session: Session, exchange: Exchange, now: datetime, also: Sequence[Row] = ()) -> list[UUID]:
    """Erase whom a restore has brought back; returns their ids. To be called before the restored database is used.

    A backup knows of no erasure that came after it: hand in as `also` what `done` told of the database whose place
    it takes, or of the newest backup. A second time there is nothing left to do.
    """
    if also:
        await queries.remember(session, to_json(also).decode())
    back = await queries.erased_and_back(session)
    for customer_id in back:
        await erase(session, exchange, customer_id, now)
    return back
