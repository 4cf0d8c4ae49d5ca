"""A decision on the wire."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from kit.fields import Code
from kit.wire import Moment, Shown


class CandidateAnswer(Shown):
    """Somebody who could have been chosen. Terms are costs: the smallest sum wins."""

    advisor: Code
    terms: dict[str, float]
    score: float


class RemovedAnswer(Shown):
    """Somebody whom a rule removed."""

    advisor: Code
    rule: str = Field(examples=["has_the_skill"])
    args: dict[str, Any]


class PresentAnswer(Shown):
    """Whom customers had whom a plan for the book moves: the rule by which that advisor may not have them any more,
    or, where they could have stayed, the terms that staying would have had; the move itself costs on top."""

    advisor: Code
    customers: int
    rule: str | None = Field(examples=["not_leaving"])
    args: dict[str, Any]
    terms: dict[str, float]
    score: float | None


class DecisionAnswer(Shown):
    """Who was chosen, who was not, and what would have changed it."""

    id: Code
    kind: Literal["activation", "route", "match", "callback", "rebalance"]
    at: Moment
    subject: str
    market: str
    chosen: Code | None
    policy: str | None = Field(examples=["DE/7"])
    because: list[dict[str, Any]] = Field(
        description="Reasons, each with its code and what a sentence about it needs.",
        examples=[[{"code": "speaks_de", "language": "de"}]],
    )
    candidates: list[CandidateAnswer] = Field(description="The best few, the one chosen first.")
    removed: list[RemovedAnswer] = Field(description="Everybody removed, where the company is small.")
    removed_by: dict[str, int] = Field(description="How many each rule removed.")
    runner_up: Code | None
    present: list[PresentAnswer] = Field([], description="With a plan that moves customers: from whom they come.")
    would_change: list[dict[str, Any]]
    solver: dict[str, Any] | None = None
