"""Exports and erasures as they are asked for and answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field

from kit.database import Row
from kit.ids import encode
from kit.wire import Command, Shown

Reason = Literal["customer_request", "consent_withdrawn", "no_longer_needed", "unlawful", "legal_duty"]
REASONS: tuple[str, ...] = get_args(Reason)
State = Literal["requested", "declined", "done"]


class Kept(BaseModel):
    purpose: str
    kept: str = Field(description="For how long.")
    rows: list[dict[str, Any]]


class ExportAnswer(BaseModel):
    person: str = Field(description="`cus_…`, `adv_…` or `acc_…`.")
    exported_at: datetime
    data: dict[str, Kept] = Field(description="By table: every column that concerns the person.")


class ErasureCommand(Command):
    reason: Reason


class ErasureAnswer(Shown):
    id: str
    customer: str = Field(description="The id by which events, decisions and the audit know the customer.")
    market: str
    reason: Reason
    state: State
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None


class Erasures(Shown):
    items: list[ErasureAnswer]
    next: str | None = None


def erasure(row: Row) -> ErasureAnswer:
    return ErasureAnswer(
        id=encode("era", row["id"]),
        customer=encode("cus", row["customer_id"]),
        market=row["market_id"],
        reason=row["reason"],
        state=row["state"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
    )
