"""Tickets that open a stream once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field, SQLModel

from kit.tables import Instant, kept


@kept("access", "minute", "pseudonymous", codes="ticket_hash principal sign_in_hash role")
class StreamTicket(SQLModel, table=True):
    """Single use, 30 s; only its hash is kept."""

    __tablename__ = "stream_tickets"

    ticket_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    principal: str = Field(sa_type=Text)
    sign_in_hash: bytes | None = Field(default=None, sa_type=LargeBinary)
    role: str = Field(sa_type=Text)
    advisor_id: UUID | None = None
    expires_at: datetime = Field(sa_type=Instant)
