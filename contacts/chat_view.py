"""A chat as its customer sees it: who is there, why the own advisor is not, what may be chosen.

What the switch would say aloud is written here, from the same catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from contacts.answers import Speaker
from contacts.situation import Scene
from correspondence.schemas import Text
from kit.ids import encode
from kit.wire import Command, Shown

State = Literal["asking", "connected", "choosing", "waiting", "message", "promised", "ended"]

STATES: Mapping[str, State] = {
    "received": "asking",
    "identifying": "asking",
    "offered": "asking",
    "choosing": "choosing",
    "waiting": "waiting",
    "connected": "connected",
    "promised": "promised",
}


class ChatIn(Command):
    text: Text


class ChoiceIn(Command):
    choice: Literal["colleague", "callback", "hold", "message"]


class ChatOut(Shown):
    """`asking`: somebody is being asked to take it; `message`: it is answered later, as a mail is."""

    id: str
    state: State
    advisor: str | None = Field(description="The first name of whoever is in the chat, or asked to be.")
    words: str | None = Field(description="Why the own advisor can't answer and when they are back, to be shown.")
    returns_at: datetime | None
    choices: list[str] = Field(description="What may be chosen now, of `colleague`, `callback`, `hold`, `message`.")
    callback: str | None = Field(description="`cb_…`, where the chat ended with a promise.")


def chat(scene: Scene, row: Mapping[str, Any]) -> ChatOut:
    state = _state(row)
    menu = (row["menu"] or {}) if state == "choosing" else {}
    words, returns_at = _words(scene, row, menu) if menu else (None, None)
    return ChatOut(
        id=encode("con", row["id"]),
        state=state,
        advisor=first_names(scene).get(row["advisor_id"]) if state in ("asking", "connected") else None,
        words=words,
        returns_at=returns_at,
        choices=_choices(state, menu),
        callback=None if row["callback_id"] is None else encode("cb", row["callback_id"]),
    )


def _state(row: Mapping[str, Any]) -> State:
    state = STATES.get(row["state"], "ended")
    return "message" if row["channel"] == "email" and state in ("asking", "waiting") else state


def _choices(state: State, menu: Mapping[str, Any]) -> list[str]:
    return ["callback", "message"] if state == "waiting" else list(menu.get("choices", ()))


def _words(scene: Scene, row: Mapping[str, Any], menu: Mapping[str, Any]) -> tuple[str, datetime | None]:
    speaker = Speaker(scene, row)
    if row["step"] in ("closed", "full"):
        return " ".join(speaker.closed(menu)), None
    absence = speaker.absence(menu)
    return absence.words, absence.returns_at


def first_names(scene: Scene) -> Mapping[UUID, str]:
    """How customers are told of advisors."""
    return {entry.id: entry.name.split(" ")[0] for entry in scene.directory.advisors.values()}
