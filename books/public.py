"""Rows of the room as the outside sees them."""

from __future__ import annotations

from uuid import UUID

from books.schemas import BookMoveAnswer, BookOfAdvisor, BookRunAnswer
from books.skill_schemas import SkillsAnswer
from kit.database import Row
from kit.ids import encode

SAME = (
    "kind", "state", "since", "requested_by", "requested_at", "terms", "computed_at", "applied_at", "undo_until",
    "planned", "done", "skipped", "undone", "figures", "failure",
)  # fmt: skip
LOADS = (
    "customers_before", "customers_after", "load_before_s", "load_after_s", "cap_s", "target_s", "price",
)  # fmt: skip


def run(row: Row) -> BookRunAnswer:
    return BookRunAnswer(
        id=encode("run", row["id"]),
        market=row["market_id"],
        advisor=_advisor(row["advisor_id"]),
        **{name: row[name] for name in SAME},
    )


def move(row: Row) -> BookMoveAnswer:
    return BookMoveAnswer(
        customer=row["external_ref"],
        market=row["market_id"],
        from_advisor=_advisor(row["from_advisor"]),
        from_name=row["from_name"],
        to_advisor=encode("adv", row["to_advisor"]),
        to_name=row["to_name"],
        why=row["why"],
        expected_s=row["expected_seconds"],
        state=row["state"],
        reason=row["reason"],
        decision_id=encode("dec", row["decision_id"]),
    )


def of_advisor(row: Row) -> BookOfAdvisor:
    return BookOfAdvisor(
        advisor=encode("adv", row["advisor_id"]), name=row["name"], **{name: row[name] for name in LOADS}
    )


def skills(row: Row) -> SkillsAnswer:
    return SkillsAnswer(run=encode("run", row["run_id"]), made_at=row["made_at"], **row["report"])


def _advisor(identifier: UUID | None) -> str | None:
    return None if identifier is None else encode("adv", identifier)
