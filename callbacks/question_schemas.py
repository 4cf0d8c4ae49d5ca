"""Questions to customers on the wire: nothing in them says why they are asked."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from kit.wire import Command, Moment, Shown, WrittenTime


class WindowOut(Shown):
    starts_at: Moment
    ends_at: Moment


class QuestionOut(Shown):
    """`window` is the present one; `choices` are others of the own advisor."""

    state: Literal["open", "answered", "unanswered", "void"]
    answer: Literal["keep", "move", "cancel"] | None
    advisor: str | None
    window: WindowOut
    choices: list[WindowOut]
    answer_until: Moment


class AnswerIn(Command):
    answer: Literal["keep", "move", "cancel"]
    slot_starts_at: WrittenTime | None = Field(None, description="With an offset; for `move`.")


def shown(row: dict[str, Any], advisor_name: str | None) -> QuestionOut:
    """From `question_queries.with_promise`."""
    return QuestionOut(
        state=row["state"],
        answer=row["answer"],
        advisor=advisor_name,
        window=WindowOut(starts_at=row["window_starts_at"], ends_at=row["window_ends_at"]),
        choices=[WindowOut(starts_at=begin, ends_at=end) for begin, end in row["choices"]],
        answer_until=row["answer_until"],
    )
