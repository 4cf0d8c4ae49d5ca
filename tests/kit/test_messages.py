"""The catalogue and the code that speaks: no message without a speaker, no speaker without a message."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from advisors.presence import PRESENCE, public_state
from kit.catalogue import PLACEHOLDER, Catalogue

ROOT = Path(__file__).parents[2]
OUTSIDE = {"tests", "bench", ".venv", ".tools", "node_modules"}
CATALOGUE = Catalogue.load(strict=True)
MESSAGES = CATALOGUE.messages["de"]

BY_CODE = ("because.", "change.", "presence.", "problem.", "reason.", "rule.", "state.", "time.")
"""Said for a code; that each code has its sentence is tested below, and the web side reads them too."""

NOT_SAID_YET = {
    "absence.absent_until",
    "call.connecting_colleague",
    "call.connecting_own",
    "call.connecting_someone",
    "call.new_advisor",
    "call.technical_problem",
    "callback.already_promised",
    "callback.already_promised_group",
    "callback.answered",
    "callback.cancelled",
    "callback.confirm_number",
    "callback.failed",
    "callback.handed_to_group",
    "callback.missed",
    "callback.moved",
    "callback.none_free",
    "callback.offer",
    "callback.offer_group",
    "callback.offer_group_last",
    "callback.offer_last",
    "callback.settled",
    "callback.slot_taken",
    "desk.callback",
    "desk.callback_for_colleague",
    "desk.caller_gone",
    "desk.for_colleague",
    "desk.nobody_answered",
    "desk.own_customer",
    "desk.unknown_caller",
    "menu.nothing_chosen",
    "waiting.hold",
    "waiting.hold_over",
    "waiting.still_nobody",
}
"""Written and translated ahead of the rooms that will say them. Take a key out when it is said."""


@cache
def sources() -> dict[Path, str]:
    found = (path for ending in ("*.py", "*.ts", "*.tsx") for path in ROOT.rglob(ending))
    return {path: path.read_text() for path in found if OUTSIDE.isdisjoint(path.relative_to(ROOT).parts)}


def said() -> Iterator[tuple[str, str]]:
    """The file, and the key or the beginning of a key, of every `.say(…)` in the code."""
    for path, source in sources().items():
        if path.suffix != ".py" or ".say(" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "say":
                yield from ((path.name, pattern) for pattern in patterns(node.args[0]))


def patterns(key: ast.expr) -> Iterator[str]:
    """Regular expressions of the keys that an expression may stand for; none where it can't be seen."""
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        yield re.escape(key.value)
    if isinstance(key, ast.JoinedStr):
        yield "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else r"[\w-]+" for p in key.values)
    if isinstance(key, ast.IfExp):
        yield from (*patterns(key.body), *patterns(key.orelse))


def has(pattern: str) -> bool:
    """Whether there is such a message, or a plural of it."""
    return any(re.fullmatch(f"(?:{pattern})(?:_other)?", key) for key in MESSAGES)


def test_every_message_that_is_said_is_there() -> None:
    assert [(file, pattern) for file, pattern in said() if "\\." in pattern and not has(pattern)] == []


def test_every_message_is_said() -> None:
    everything = "\n".join(sources().values())
    families = {pattern for _, pattern in said() if r"[\w-]+" in pattern}

    silent = {
        key
        for key in MESSAGES
        if not key.startswith(BY_CODE)
        and re.sub("_(one|other)$", "", key) not in everything
        and not any(re.fullmatch(family, key) for family in families)
    }

    assert silent - NOT_SAID_YET == set()


def test_what_is_not_said_yet_is_a_message() -> None:
    assert set(MESSAGES) >= NOT_SAID_YET


# Codes of the core

SPEAKERS = {"Reason", "_wait_for_own", "_to_callback"}
ABSENCES = ("absent", "no_answer", "offline", "break", "meeting", "training")
ALSO_AWAY = ("in_contact", "wrap_up", "busy", "not_qualified")
FOR_CUSTOMERS = {"balanced", "hours_overlap"}
"""Reasons of an activation, which a customer reads: under `because.`"""


def functions_of_the_core() -> Iterator[tuple[ast.AST, set[str]]]:
    """Every function and statement of `routing`, with the names that it calls."""
    for path, source in sources().items():
        if path.parent.name == "routing":
            for node in ast.parse(source).body:
                calls = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
                yield node, {name.id for name in calls if isinstance(name, ast.Name)}


def codes(*speakers: str) -> set[str]:
    """The texts that look like codes wherever one of these is called."""
    return {
        text.value
        for node, calls in functions_of_the_core()
        if calls & set(speakers)
        for text in ast.walk(node)
        if isinstance(text, ast.Constant)
        and isinstance(text.value, str)
        and re.fullmatch(r"[a-z]+(_[a-z]+)+", text.value)
    }


def first_words(speaker: str) -> set[str]:
    """The codes with which a speaker is called: `Veto("…")`, `Change("…" if … else "…")`."""
    return {
        text.value
        for node, _ in functions_of_the_core()
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == speaker
        for text in ast.walk(call.args[0])
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }


def test_every_reason_of_the_core_has_a_sentence() -> None:
    arguments = {"needs_left", "for_s"}
    reasons = codes(*SPEAKERS) - FOR_CUSTOMERS - arguments

    assert len(reasons) > 10
    assert sorted(code for code in reasons if f"reason.{code}" not in MESSAGES) == []
    assert all(f"because.{code}" in MESSAGES for code in FOR_CUSTOMERS)


@pytest.mark.parametrize("absence", [*ABSENCES, *ALSO_AWAY])
def test_every_way_of_being_away_has_a_sentence(absence: str) -> None:
    assert f"reason.own_advisor_{absence}" in MESSAGES


def test_every_veto_has_a_sentence_with_what_the_veto_tells() -> None:
    rules = first_words("Veto")

    assert len(rules) >= 9
    assert {key.removeprefix("rule.") for key in MESSAGES if key.startswith("rule.")} == rules
    assert set(PLACEHOLDER.findall(MESSAGES["rule.has_the_skill"])) == {"advisor", "skill", "needs", "has"}


def test_every_change_has_a_sentence() -> None:
    changes = first_words("Change")

    assert len(changes) >= 7
    assert sorted(code for code in changes if f"change.{code}" not in MESSAGES) == []


def test_every_presence_has_a_name_for_staff_and_words_for_customers() -> None:
    for state in PRESENCE.states:
        assert f"state.{state}" in MESSAGES
        assert f"presence.{public_state(state)}" in MESSAGES
