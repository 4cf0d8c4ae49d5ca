"""Decisions are kept as they were made, ids and codes only, and read by whoever has to answer for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from decisions import queries
from decisions.schemas import DecisionAnswer
from kit.database import ReadSession, Row, Session
from kit.errors import NotFound
from kit.ids import encode
from routing.plan import Explanation, Reason

EMPTY: Mapping[str, Any] = {
    "because": [],
    "candidates": [],
    "removed": [],
    "removed_by": {},
    "runner_up": None,
    "present": [],
    "would_change": [],
    "solver": None,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """`subject` is the encoded id of what was decided about; `data` holds the members that the core knows."""

    id: UUID
    at: datetime
    market_id: str
    kind: str
    subject: str
    chosen: UUID | None
    policy: str
    data: Mapping[str, Any]


def data_of(reasons: Sequence[Reason], explanation: Explanation) -> dict[str, Any]:
    """What is kept of a choice of the core."""
    record = explanation.record(lambda advisor: encode("adv", advisor))
    return {"because": [{"code": reason.code, **reason.args} for reason in reasons], **record}


async def keep(session: Session, decisions: Sequence[Decision]) -> None:
    """Write all in one statement; what they are about announces itself."""
    if decisions:
        await queries.insert(session, [_row(decision) for decision in decisions])
    for decision in decisions:
        tell(session, decision.id, decision.kind, decision.subject)


def tell(session: Session, decision_id: UUID, kind: str, subject: str) -> None:
    """A line in the log, by which a request or a loop leads to its decision."""
    session.log("decided", decision=encode("dec", decision_id), kind=kind, subject=subject)


async def get(session: ReadSession, decision_id: UUID) -> DecisionAnswer:
    row = await queries.one(session, decision_id)
    if row is None:
        raise NotFound
    return _answer(row)


def _row(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "at": decision.at,
        "market_id": decision.market_id,
        "kind": decision.kind,
        "subject": decision.subject,
        "chosen": decision.chosen,
        "policy": decision.policy,
        "data": decision.data,
    }


def _answer(row: Row) -> DecisionAnswer:
    members = {name: row["data"].get(name, default) for name, default in EMPTY.items()}
    return DecisionAnswer(
        id=encode("dec", row["id"]),
        kind=row["kind"],
        at=row["at"],
        subject=row["subject"],
        market=row["market_id"],
        chosen=None if row["chosen"] is None else encode("adv", row["chosen"]),
        policy=row["policy"],
        **members,
    )
