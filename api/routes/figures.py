"""Figures for a wallboard, about all and never about one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from accounts.principal import Principal
from accounts.roles import DESK
from api.dependencies import Now, Report, requires
from api.transactional import TransactionalRoute
from kit.wire import Moment
from reporting import figures
from reporting.figures import Calls, Promises

router = APIRouter(prefix="/v1", tags=["Figures"], route_class=TransactionalRoute)


class FiguresOut(BaseModel):
    since: Moment
    calls: Calls
    callbacks: Promises


@router.get("/figures", summary="Read the figures of the day")
async def read(
    _: Annotated[Principal, requires(*DESK, "admin")],
    session: Report,
    now: Now,
    since: Annotated[Moment, Query(description="From when on, usually midnight; at most seven days ago.")],
) -> FiguresOut:
    """Calls that have come in, who answered them, and which promises were kept."""
    found = await figures.since(session, since, now)
    return FiguresOut(since=found.since, calls=found.calls, callbacks=found.callbacks)
