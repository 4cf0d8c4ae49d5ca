"""The stream's doors: a ticket for people who are signed in, the socket, and the names that go with the ids."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from accounts.principal import Principal
from api.dependencies import Now, Read, Write, arrival, keyless, requires
from api.stream import listen
from api.transactional import TransactionalRoute
from realtime import directory, tickets

router = APIRouter(prefix="/v1", tags=["Stream"], route_class=TransactionalRoute)


class Ticket(BaseModel):
    ticket: str = Field(description="For the first frame on `GET /v1/stream`; opens it once.")
    expires_at: datetime


@router.post("/stream/tickets", status_code=201, summary="A ticket for the stream")
@arrival("each dashboard comes for a ticket before it comes to the stream")
@keyless("one ticket more does no harm, and an answer that is kept would keep a secret")
async def ticket(
    principal: Annotated[Principal, requires("advisor", "lead", "supervisor", "admin")], session: Write, now: Now
) -> Ticket:
    """Good for 30 s and one use; bound to this sign-in, and with it the stream ends."""
    made, expires_at = await tickets.issue(session, principal, now)
    return Ticket(ticket=made, expires_at=expires_at)


@router.get("/directory", summary="Names for ids")
async def names(
    _: Annotated[Principal, requires("advisor", "lead", "supervisor", "admin")], session: Read
) -> directory.Directory:
    """Advisors, desk groups and markets by id. Events carry ids only; this is where a desk looks up the names."""
    return await directory.read(session)


router.add_api_websocket_route("/stream", listen, name="stream")
