"""`docs/events.yml` names every event that is announced, no other, and the states as they are."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import yaml  # type: ignore[import-untyped]

from advisors.presence import PRESENCE
from advisors.public import presence_state
from callbacks.public import callback_state
from callbacks.states import CALLBACK
from contacts.public import contact_state, note_state, offer_state
from contacts.states import CONTACT, NOTE, OFFER
from kit.states import Machine
from realtime.fold import NOUNS
from tests.house.repository import ROOT, rooms

DOCUMENT = yaml.safe_load((ROOT / "docs" / "events.yml").read_text())
EVENTS = DOCUMENT["x-events"]
SCHEMAS = DOCUMENT["components"]["schemas"]
BUILT = {
    "absence.": {"requested", "approved", "declined", "cancelled"},
    "offer.": OFFER.final,
    "callback.": CALLBACK.final,
    ".imported": {"customers"},
}
"""Types that are put together where they are announced: what stands in the code, and what may be put in."""

STATES = {
    "presence": (presence_state, PRESENCE),
    "contact": (contact_state, CONTACT),
    "offer": (offer_state, OFFER),
    "callback": (callback_state, CALLBACK),
    "note": (note_state, NOTE),
}


def literals() -> Iterator[str]:
    """Every text in the code of the rooms."""
    for room in rooms():
        if room.name in {"tests", "bench", "migrations", "simulation", "cli", "docs"}:
            continue
        for path in room.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def announced() -> set[str]:
    """What looks like a type of event in the code. Words of the catalogue and columns look alike: left out."""
    nouns = {kind.split(".")[0] for kind in EVENTS}
    sections = json.loads((ROOT / "locales" / "en.json").read_text())
    words = {f"{name}.{key}" for name, section in sections.items() if isinstance(section, dict) for key in section}
    found = {text for text in literals() if re.fullmatch(r"[a-z_]+\.[a-z_]+(?<!id)", text)}
    return {text for text in found - (words - EVENTS.keys()) if text.split(".")[0] in nouns}


def built() -> set[str]:
    return {
        f"{part}{name}" if part.endswith(".") else f"{name}{part}"
        for part, names in BUILT.items()
        for name in names
    }


def test_every_event_is_documented() -> None:
    assert announced() - EVENTS.keys() == set()


def test_no_event_is_documented_that_nobody_announces() -> None:
    assert EVENTS.keys() - announced() - built() == set()


@pytest.mark.parametrize("kind", EVENTS)
def test_each_is_described_by_a_sentence(kind: str) -> None:
    assert EVENTS[kind].endswith(".")


@pytest.mark.parametrize("noun", STATES)
def test_a_public_state_is_as_documented(noun: str) -> None:
    shown, machine = STATES[noun]
    state = shown(AnyRow())

    assert list(state) == SCHEMAS[noun]["required"]
    assert state.keys() == SCHEMAS[noun]["properties"].keys()
    assert set(SCHEMAS[noun]["properties"]["state"]["enum"]) == machine.states
    assert NOUNS[noun].key in state


@pytest.mark.parametrize("noun", sorted(set(STATES) - {"presence"}))
def test_a_thing_in_a_final_state_is_removed_by_the_fold(noun: str) -> None:
    machine: Machine = STATES[noun][1]

    assert NOUNS[noun].final == machine.final


class AnyRow:
    """A row in which every column holds something of its type."""

    def __getitem__(self, column: str) -> Any:
        if column == "id" or column.endswith("_id"):
            return UUID(int=1)
        if column.endswith("_at") or column == "since":
            return datetime(2026, 11, 23, tzinfo=UTC)
        return column
