"""Where the link in a customer's letter leads: what they are asked about their promise, and their answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from api.dependencies import FromServices, Now, Write, keyless, public
from api.errors import problems
from api.exchange import exchange_of
from api.services import Services
from api.transactional import TransactionalRoute
from callbacks import links
from callbacks.question_schemas import AnswerIn, QuestionOut, shown
from callbacks.slots import WindowClosed
from contacts import arrivals, asking

router = APIRouter(prefix="/v1/callback-answers", tags=["Callbacks"], route_class=TransactionalRoute)

Token = Annotated[
    str, Path(min_length=1, max_length=80, description="From the letter; it opens this one question.")
]


@router.get("/{token}", summary="Read what a customer is asked", responses=problems(404))
@public("whoever has the letter has the link; it opens one question and names nobody but the advisor")
async def read(token: Token, session: Write, services: FromServices, now: Now) -> QuestionOut:
    scene = await arrivals.scene_for(session, exchange_of(services), now)
    question = await asking.question(scene, links.read(services.secret, token))
    return shown(question, _name_of(services, question["advisor_id"]))


@router.post("/{token}", summary="Answer what a customer is asked", responses=problems(404, 409))
@public("whoever has the letter has the link; it opens one question and names nobody but the advisor")
@keyless("a question is answered once")
async def answer(token: Token, given: AnswerIn, session: Write, services: FromServices, now: Now) -> QuestionOut:
    """`keep` the time, with somebody of the team; `move` to another window of the own advisor; `cancel`."""
    scene = await arrivals.scene_for(session, exchange_of(services), now)
    question_id = links.read(services.secret, token)
    await asking.answer(scene, question_id, given.answer, _instant(given.slot_starts_at))
    question = await asking.question(scene, question_id)
    return shown(question, _name_of(services, question["advisor_id"]))


def _instant(written: datetime | None) -> datetime | None:
    if written is None:
        return None
    if written.tzinfo is None:
        raise WindowClosed("no_time_zone", None)
    return written.astimezone(UTC)


def _name_of(services: Services, advisor_id: UUID) -> str | None:
    directory = exchange_of(services).directory.held
    entry = directory.advisors.get(advisor_id) if directory is not None else None
    return entry.name if entry is not None else None
