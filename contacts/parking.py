"""News that comes before its time: kept under its call's id, and applied as soon as its predecessor has been.

An event of the switch is noted once, by its identity; it has one effect, now or when its time has come: `done`,
`late` (it no longer means anything), or it stays `parked`, up to `PARKED`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from contacts import switch_queries
from kit.database import Session
from telephony.inbound import Signal

PARKED = timedelta(seconds=60)

Apply = Callable[[Signal], Awaitable[str]]
"""Takes an event in and says what effect it had."""


async def note(session: Session, call_id: str, signal: Signal, now: datetime) -> bool:
    """Keep the event, parked at first; False for one that was heard before."""
    return await switch_queries.hear(session, call_id, signal.identity, signal.type, now, _written(signal))


async def take_in(session: Session, call_id: str, signal: Signal, now: datetime, apply: Apply) -> None:
    """Apply an event that was noted, and whatever has waited for it."""
    if await _applied(session, call_id, signal, apply):
        await settle(session, call_id, now, apply)


async def settle(session: Session, call_id: str, now: datetime, apply: Apply) -> None:
    """Apply what came too early, until nothing more fits."""
    while True:
        for kept in await switch_queries.parked(session, call_id, now - PARKED):
            if await _applied(session, call_id, _read(kept), apply):
                break
        else:
            return


async def _applied(session: Session, call_id: str, signal: Signal, apply: Apply) -> bool:
    effect = await apply(signal)
    if effect == "parked":
        return False
    await switch_queries.note_effect(session, call_id, signal.identity, effect)
    return True


def _written(signal: Signal) -> str:
    return to_json(asdict(signal)).decode()


def _read(kept: Mapping[str, Any]) -> Signal:
    """A parked event as it was heard."""
    told = dict(kept["signal"])
    for key in ("offer_id", "token"):
        told[key] = UUID(told[key]) if told[key] is not None else None
    told["at"] = datetime.fromisoformat(told["at"]) if told["at"] is not None else None
    return Signal(**told)
