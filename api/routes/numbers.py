"""Number pools of markets."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query

from accounts.principal import Principal
from api.dependencies import Now, Read, Write, requires
from api.errors import problems
from api.rendering import Paging
from api.transactional import TransactionalRoute
from direct_dial import pools, queries
from direct_dial.schemas import AddedAnswer, Numbers, NumbersCommand, PoolAnswer, State
from kit.bulk import BREATH
from kit.fields import MarketId
from markets import service as markets

router = APIRouter(prefix="/v1/markets/{market_id}", tags=["Numbers"], route_class=TransactionalRoute)

Admin = Annotated[Principal, requires("admin")]
Reader = Annotated[Principal, requires("supervisor", "admin", "auditor")]
Named = Annotated[MarketId, Path(description="For example `DE`.")]


@router.post("/numbers", status_code=201, summary="Add numbers to the pool", responses=problems(409))
async def add(_: Admin, market_id: Named, wanted: NumbersCommand, session: Write, now: Now) -> AddedAnswer:
    """Up to a thousand; more come as a file to `/v1/imports/numbers`. Premium, shared-cost and emergency numbers
    are refused, and then none is added."""
    region = (await markets.get(session, market_id)).phone_region
    numbers = await _read(wanted.numbers, region)
    added = await pools.add(session, market_id, numbers, wanted.kind, now)
    return AddedAnswer(added=added, skipped=len(numbers) - added)


async def _read(written: Sequence[str], region: str) -> list[str]:
    """E.164, with a look at the event loop now and then: a thousand take a quarter of a second."""
    found: list[str] = []
    for place, text in enumerate(written):
        if place % BREATH == 0:
            await asyncio.sleep(0)
        found.append(pools.read(text, region, f"/numbers/{place}"))
    return found


@router.get("/numbers", summary="List numbers")
async def listed(
    _: Reader,
    market_id: Named,
    session: Read,
    page: Paging,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
) -> Numbers:
    """In the order of the numbers."""
    region = (await markets.get(session, market_id)).phone_region
    after = "" if page.after is None else str(page.after[0])
    rows = await queries.page(session, market_id, after, state, page.limit)
    items = [pools.answer(row, region) for row in rows]
    return Numbers(items=items, next=page.next_after(items, lambda one: [one.number]))


@router.get("/number-pool", summary="Count the pool")
async def pool(_: Reader, market_id: Named, session: Read) -> PoolAnswer:
    """How many direct dial numbers are left; those that rest come back at `next_rested_at`."""
    await markets.get(session, market_id)
    return PoolAnswer(**await queries.pool(session, market_id))
