"""The customer answers what they were asked about their promise: by the link in the letter, or by calling."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from callbacks import queries as callback_queries
from callbacks import question_queries, questions
from callbacks import service as callbacks
from callbacks.questions import Answer, By, QuestionOver
from callbacks.rooms import Slot
from callbacks.slots import WindowClosed, check
from contacts.promises import Contact, Found, advisor_calendar, placed, slot_policy
from contacts.situation import Scene
from kit.database import Row
from kit.errors import NotFound

AGREED = "customer_agreed"
"""Why the desk group keeps a promise whose customer would rather have the time than the person."""


async def question(scene: Scene, question_id: UUID) -> Row:
    """The question with the window it is about. Raises `NotFound`."""
    found = await question_queries.with_promise(scene.session, question_id)
    if found is None:
        raise NotFound
    return found


async def answer(
    scene: Scene, question_id: UUID, given: Answer, starts_at: datetime | None = None, by: By = "link"
) -> Row:
    """Do as the customer says; returns the promise as it is then. `starts_at` is the other window's, for `move`.

    Raises `NotFound`, `QuestionOver`, `WindowClosed`, `SlotAlreadyTaken`.
    """
    seen = await question(scene, question_id)
    for owner_id in sorted(i for i in (seen["advisor_id"], seen["desk_group_id"]) if i is not None):
        await callback_queries.hold_ledger(scene.session, owner_id)
    found = await questions.locked(scene.session, question_id)
    if found is None or found[0]["state"] != "open":
        raise QuestionOver(present_state=found[0]["state"] if found is not None else "void")
    promise = found[1]
    slot = await _other_window(scene, promise, starts_at) if given == "move" else None
    row = await questions.answered(scene.session, promise, given, by, scene.now)
    if slot is not None:
        return await callbacks.move(scene.session, row, slot, scene.now)
    if given == "cancel":
        return await callbacks.cancel(scene.session, row, "customer_wish", scene.now)
    return await callbacks.hand_to_group(scene.session, row, AGREED, scene.now)


async def _other_window(scene: Scene, promise: Mapping[str, Any], starts_at: datetime | None) -> Slot:
    """A window of the own advisor that can be kept. Raises `WindowClosed`, `SlotAlreadyTaken`."""
    market = scene.directory.markets[promise["market_id"]]
    policy = slot_policy(market, scene.now)
    if starts_at is None or promise["advisor_id"] not in scene.directory.advisors:
        raise WindowClosed("missing", None)
    slot = Slot(starts_at, starts_at + timedelta(minutes=policy.slot_minutes))
    check(slot, scene.now, await advisor_calendar(scene, market, promise["advisor_id"], promise["id"]), policy)
    return slot


async def pending(scene: Scene, contact: Mapping[str, Any]) -> Row | None:
    """What the caller is being asked, if anything."""
    if contact["customer_id"] is None:
        return None
    return await question_queries.open_of_customer(scene.session, contact["customer_id"], contact["market_id"])


async def keep_time(scene: Scene, row: Contact) -> Contact | None:
    """The caller answers what they are asked: the time stays, somebody of the team calls. None: nobody asked."""
    asked = await pending(scene, row)
    if asked is None:
        return None
    kept = await answer(scene, asked["id"], "keep", by="call")
    slot = Slot(kept["window_starts_at"], kept["window_ends_at"])
    found = Found(slot, kept["advisor_id"], kept["desk_group_id"], AGREED)
    return await placed(scene, row, kept["id"], found)
