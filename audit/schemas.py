"""The audit as it is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class EntryAnswer(BaseModel):
    at: datetime
    actor: str = Field(description="`acc_…`, `key_…`, `loop:…`, `cli`, or `stranger` at a door open to everybody.")
    request_id: str | None = Field(description="The `X-Request-Id` of the request that did it.")
    action: str = Field(description="For example `contact.offered`.")
    subject: str = Field(description="The id of what was changed.")
    market: str | None
    changed: dict[str, Any] | None = Field(
        description="Ids and codes after the change; null where its event has been dropped."
    )


class Entries(BaseModel):
    items: list[EntryAnswer]
    next: str | None = None
