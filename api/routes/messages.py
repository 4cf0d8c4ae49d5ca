"""The outbox: what is on its way to customers and advisors, and what could not be delivered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from accounts.principal import Principal
from api.dependencies import Now, Read, Write, requires
from api.errors import problems
from api.rendering import Paging
from api.transactional import TransactionalRoute
from kit.ids import decode
from notifications import queries, schemas, service
from notifications.schemas import MessageAnswer, Messages, State

router = APIRouter(prefix="/v1/messages", tags=["Messages"], route_class=TransactionalRoute)

Reader = Annotated[Principal, requires("supervisor", "admin", "auditor")]
Recipient = Annotated[
    str | None,
    Query(
        pattern=r"^(cus|adv)_[0-7][0-9A-HJKMNP-TV-Z]{25}$", description="`cus_…` or `adv_…`: only those to them."
    ),
]


@router.get("", summary="List messages")
async def listed(
    _: Reader,
    session: Read,
    page: Paging,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    recipient: Recipient = None,
) -> Messages:
    """The newest first. What a letter says and where it went is not kept."""
    customer, advisor = (
        decode(kind, recipient) if recipient and recipient.startswith(kind) else None for kind in ("cus", "adv")
    )
    rows = await queries.listed(session, state, customer, advisor, page.after_id(), page.limit)
    return Messages(items=[schemas.shown(row) for row in rows], next=page.next_after(rows, lambda row: [row["id"]]))


@router.post("/{message_id}/retry", summary="Send a message again", responses=problems(404, 409))
async def retry(
    _: Annotated[Principal, requires("admin")], message_id: str, session: Write, now: Now
) -> MessageAnswer:
    """One that failed is due now, with as many attempts as a new one. 409 in every other state: what was sent is
    not sent twice, and what was dropped had nobody to go to."""
    return schemas.shown(await service.send_again(session, decode("msg", message_id), now))
