"""What the switch tells us, after the edge: numbers normalised, odd input refused or made harmless."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

SignalType = Literal["ringing", "answered", "no_answer", "busy", "failed", "digits", "hangup", "alive"]
Leg = Literal["caller", "advisor"]


@dataclass(frozen=True, slots=True)
class InboundCall:
    """A call that asks for a way. `caller` is None for withheld, internal and alphanumeric callers."""

    call_id: str
    caller: str | None
    dialled: str | None


@dataclass(frozen=True, slots=True)
class Signal:
    """Something happened to a call. `identity` makes a repeat harmless; `ordinal` orders digits."""

    identity: str
    type: SignalType
    leg: Leg
    offer_id: UUID | None = None
    token: UUID | None = None
    digits: str | None = None
    cause: str | None = None
    at: datetime | None = None
    ordinal: int | None = None
