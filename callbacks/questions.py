"""What a customer is asked before their promise changes: another window, a colleague at the same time, or neither.

A promise has one open question at most. It ends with its answer, with its time, or with the promise: whatever
changes a promise ends the question in the same statement's transaction (`service.py`), so none outlives its window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from callbacks import queries, question_queries
from callbacks.public import callback_changed
from callbacks.rooms import Slot
from kit.database import Row, Session
from kit.errors import Conflict

Answer = Literal["keep", "move", "cancel"]
By = Literal["link", "call"]


class QuestionOver(Conflict):
    """It was answered, its time is up, or there is nothing to ask any more; `present_state` says which."""

    word, title = "question-over", "That question has been settled already."


async def ask(
    session: Session, row: Row, answer_until: datetime, choices: Sequence[Slot], question_id: UUID, now: datetime
) -> Row:
    """Ask the customer of this locked promise; until there is an answer the promise stands."""
    await question_queries.ask(session, question_id, row, answer_until, choices, now)
    saved = await queries.save(session, row, question_id=question_id)
    session.announce(callback_changed("callback.asked", saved, now))
    return saved


async def locked(session: Session, question_id: UUID) -> tuple[Row, Row] | None:
    """The question and its promise, which is locked: as long as it is, the question stays what it is."""
    seen = await question_queries.with_promise(session, question_id)
    promise = await queries.lock(session, seen["callback_id"]) if seen is not None else None
    question = await question_queries.with_promise(session, question_id)
    return (question, promise) if question is not None and promise is not None else None


async def answered(
    session: Session, row: Mapping[str, Any], answer: Answer, by: By, now: datetime
) -> Mapping[str, Any]:
    """The open question ends with this answer; what the answer says is done with the row returned."""
    return await _end(session, row, "answered", now, answer, by)


async def unanswered(session: Session, row: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """Its time is up; what follows is said in the same transaction, with the row returned."""
    return await _end(session, row, "unanswered", now)


async def withdraw(session: Session, row: Row, now: datetime) -> Row:
    """The promise can be kept as it was."""
    await question_queries.end(session, row["question_id"], row["market_id"], "void", now)
    saved = await queries.save(session, row, question_id=None)
    session.announce(callback_changed("callback.stands", saved, now))
    return saved


async def _end(
    session: Session,
    row: Mapping[str, Any],
    state: str,
    now: datetime,
    answer: str | None = None,
    by: By | None = None,
) -> Mapping[str, Any]:
    await question_queries.end(session, row["question_id"], row["market_id"], state, now, answer, by)
    return await queries.save(session, row, question_id=None)
