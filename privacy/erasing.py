"""Leave nothing to be found of a customer, in one transaction.

What the customer is known by goes: the row, phones, relationships, answers kept for repeats, what the switch said.
What the company must still be able to count stays without them: contacts and promises lose customer, numbers and
words. Events, decisions and the audit hold ids alone, and the id leads nowhere any more. A promise that is open is
cancelled first, in the ledger as `erased`; chats and mails end, and their threads go with every word; while
somebody speaks with them it has to wait.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from contacts import arrivals, notes, wishes, writing
from contacts.exchange import Exchange
from customers import events, relationships
from kit.database import Session
from kit.errors import Conflict
from kit.ids import encode
from privacy import queries

REASON = "erased"


class CallUnderWay(Conflict):
    """Told with the state of the contact or of the callback."""

    word, title = "call-under-way", "Somebody is speaking with this customer; try again when it is over."


async def erase(session: Session, exchange: Exchange, customer_id: UUID, now: datetime) -> bool:
    """Whether there was anything to erase: a second time there is not. Raises `CallUnderWay`."""
    customer = await queries.lock_customer(session, customer_id)
    if customer is None:
        return False
    state = await queries.under_way(session, customer_id)
    if state is not None:
        raise CallUnderWay(retry_after_s=60, present_state=state)
    scene = await arrivals.scene_for(session, exchange, now)
    await writing.end_all(scene, customer_id, REASON)
    for callback_id in await queries.open_promises(session, customer_id):
        await wishes.cancel(scene, customer["external_ref"], callback_id, REASON)
    if await queries.has_advisor(session, customer_id):
        await relationships.end(session, customer["external_ref"], now, REASON)
    await notes.withdraw(session, customer_id, now)
    await session.flush()
    await queries.erase(session, customer_id, encode("cus", customer_id))
    session.announce(events.customer("customer.erased", customer_id, customer["market_id"], now))
    return True
