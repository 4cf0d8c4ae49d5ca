"""Why it was decided so."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from accounts.principal import Principal
from api.dependencies import Read, requires
from api.transactional import TransactionalRoute
from decisions import service
from decisions.schemas import DecisionAnswer
from kit.ids import decode

router = APIRouter(prefix="/v1/decisions", tags=["Decisions"], route_class=TransactionalRoute)

Reader = Annotated[Principal, requires("lead", "supervisor", "admin", "auditor", "control_center")]


@router.get("/{decision_id}", summary="Read a decision")
async def get(_: Reader, decision_id: str, session: Read) -> DecisionAnswer:
    """Who was considered, the rule that removed each other, score terms, runner-up, what would have changed it."""
    return await service.get(session, decode("dec", decision_id))
