"""A desk of two for the races, and what is asked about it afterwards."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from advisors.models import Advisor
from contacts import desk
from kit.database import Session
from tests.races.replicas import Replica, Replicas, Work, receives
from tests.support.builders import (
    PLENTY,
    a_customer,
    a_desk_group,
    a_number,
    a_policy,
    a_private_number,
    an_advisor,
)

RACES = int(os.environ.get("DURCHWAHL_RACES", "500"))
OTHERS = max(20, RACES // 10)
"""Races of each other kind."""
MARKET_NUMBER = "+493023125900"


@dataclass(frozen=True)
class Desk:
    anna: Advisor
    ben: Advisor
    phones: tuple[str, str]
    """Of two customers of Anna's."""


async def found(replicas: Replicas) -> Desk:
    async with replicas.first.database.transaction() as session:
        await a_policy(session, ask_customer_number=False, dialling=PLENTY)
        group = await a_desk_group(session, general_for="DE")
        anna = await an_advisor(session, name="Anna", group=group)
        ben = await an_advisor(session, name="Ben", group=group)
        await a_number(session, number=MARKET_NUMBER, kind="general")
        phones = a_private_number(), a_private_number()
        for n, phone in enumerate(phones):
            await a_customer(session, advisor=anna, phones=(phone,), external_ref=f"K-{n}")
    return Desk(anna, ben, phones)


async def offered_to(replicas: Replicas) -> list[UUID]:
    rows = await replicas.look("SELECT advisor_id FROM offers WHERE state = 'open' ORDER BY advisor_id")
    return [row["advisor_id"] for row in rows]


async def state_of(replicas: Replicas, call_id: str) -> str:
    (row,) = await replicas.look("SELECT state FROM contacts WHERE switch_call_id = $1", call_id)
    return str(row["state"])


async def presence(replicas: Replicas, advisor: Advisor) -> str:
    (row,) = await replicas.look("SELECT state FROM presences WHERE advisor_id = $1", advisor.id)
    return str(row["state"])


async def open_offer(replicas: Replicas) -> UUID:
    (row,) = await replicas.look("SELECT id FROM offers WHERE state = 'open'")
    return row["id"]  # type: ignore[no-any-return]


async def set_free(replicas: Replicas, advisor: Advisor) -> None:
    """As if the advisor had become free a moment ago, and nobody had looked yet."""
    async with replicas.first.database.transaction() as session:
        await session.execute("UPDATE presences SET state = 'available' WHERE advisor_id = $1", advisor.id)


def chooses(advisor: Advisor, state: str) -> Work:
    async def work(replica: Replica, session: Session) -> Any:
        return await desk.choose(session, replica.exchange, advisor.id, state, replica.clock.now())

    return work


async def two_calls(replicas: Replicas, callers: tuple[str | None, str | None]) -> list[str]:
    ids = [replicas.new_call_id() for _ in callers]
    await replicas.race(*(receives(i, caller, MARKET_NUMBER) for i, caller in zip(ids, callers, strict=True)))
    return ids
