"""Messages of the outbox, in any state."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from advisors.models import Advisor
from contacts.models import ContactNote
from customers.models import Customer
from kit.database import Session
from notifications.models import Message
from notifications.states import MOST_ATTEMPTS
from tests.support.builders.ground import MONDAY_MORNING, insert, new_id, ordinals


async def a_message(
    session: Session,
    recipient: Customer | Advisor,
    *,
    template: str = "book_changed",
    state: str = "waiting",
    once: str | None = None,
    due_at: datetime = MONDAY_MORNING,
    attempts: int = 0,
    **more: Any,
) -> Message:
    """A message as if it had been queued; one that has ended did so when it was due."""
    customer = recipient if isinstance(recipient, Customer) else None
    args = {"comes": 2, "goes": 1, "starts_at": MONDAY_MORNING.isoformat()}
    told: dict[str, Any] = {"args": args, "language": "de", "error": None, "dropped_for": None, **more}
    message = Message(
        id=new_id(due_at),
        market_id=customer.market_id if customer else None,
        customer_id=customer.id if customer else None,
        advisor_id=None if customer else recipient.id,
        template=template,
        once=once or f"test:{next(ordinals)}",
        state=state,
        due_at=due_at,
        attempts=attempts,
        most_attempts=max(attempts, MOST_ATTEMPTS),
        created_at=due_at,
        ended_at=None if state in {"waiting", "sending"} else due_at,
        **told,
    )
    return await insert(session, message)


async def a_note(session: Session, contact_id: UUID, **more: Any) -> ContactNote:
    """Of a contact in `DE`, unread."""
    row = ContactNote(id=new_id(), market_id="DE", contact_id=contact_id, written_at=MONDAY_MORNING, **more)
    return await insert(session, row)
