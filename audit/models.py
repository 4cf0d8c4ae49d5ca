"""Rows of the audit, the seals that chain them, and what is kept of months that are gone.

`audit` is only ever inserted into and read. Its rows are written in the transaction of the change, by
`kit/announcements.py`; their hashes stand in `audit_seals`.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    Identity,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from kit.tables import Instant, Json, kept


@kept("proof", "audit", "pseudonymous", codes="actor request_id action subject market_id digest changed")
class Entry(SQLModel, table=True):
    """One change. `actor` and `subject` are ids, `changed` holds ids, codes and counts; nothing is personal.

    What was announced is not repeated: `event_id` and the `digest` of the event's data stand for it. `epoch` counts
    the lives of the database, as transaction numbers begin anew after a restore.
    """

    __tablename__ = "audit"
    __table_args__ = (
        PrimaryKeyConstraint("epoch", "xid", "id", "at"),
        Index("ix_audit_subject", "subject", "at"),
        Index("ix_audit_people", "actor", "at", postgresql_where=text("actor LIKE 'acc\\_%'")),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    epoch: int
    xid: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("own_xid()")})
    at: datetime = Field(sa_type=Instant)
    actor: str = Field(sa_type=Text)
    request_id: str | None = Field(default=None, sa_type=Text)
    action: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    market_id: str | None = Field(default=None, sa_type=Text)
    event_id: int | None = Field(default=None, sa_type=BigInteger)
    digest: bytes | None = Field(default=None, sa_type=LargeBinary)
    changed: dict[str, Any] | None = Field(default=None, sa_type=Json)


@kept("proof", "audit", codes="digests hash")
class Seal(SQLModel, table=True):
    """Some rows of one month, in order: their ids, a digest of each, and the hash that holds all before it.

    The last row is at (`epoch`, `xid`, `last_id`); the next seal goes on behind it.
    """

    __tablename__ = "audit_seals"

    n: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    month: date = Field(sa_type=Date)
    epoch: int
    xid: int = Field(sa_type=BigInteger)
    last_id: int = Field(sa_type=BigInteger)
    ids: list[int] = Field(sa_type=ARRAY(BigInteger))
    digests: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)
    sealed_at: datetime = Field(sa_type=Instant)


@kept("proof", "always", codes="hash")
class Anchor(SQLModel, table=True):
    """A month that has been dropped, and where the chain began after that: the last seal that went with it."""

    __tablename__ = "audit_anchors"

    month: date = Field(primary_key=True, sa_type=Date)
    n: int = Field(sa_type=BigInteger)
    epoch: int
    xid: int = Field(sa_type=BigInteger)
    last_id: int = Field(sa_type=BigInteger)
    hash: bytes = Field(sa_type=LargeBinary)
    dropped_at: datetime = Field(sa_type=Instant)
