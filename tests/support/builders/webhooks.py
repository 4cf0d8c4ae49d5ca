"""Deliveries to subscribers, as they are found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from kit.database import Session
from tests.support.builders.ground import MONDAY_MORNING, insert, new_id
from webhooks.models import Delivery


async def a_delivery(session: Session, webhook_id: UUID, **more: Any) -> Delivery:
    """Of no event; dead ones have a reason."""
    row = Delivery(
        id=new_id(),
        webhook_id=webhook_id,
        epoch=1,
        type=more.pop("type", "customer.changed"),
        subject=more.pop("subject", "cus_1"),
        position=0,
        give_up_at=MONDAY_MORNING + timedelta(days=3),
        created_at=MONDAY_MORNING,
        reason=more.pop("reason", "status_500" if more.get("state") == "dead" else None),
        **more,
    )
    return await insert(session, row)
