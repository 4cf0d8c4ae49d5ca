"""What the core answers: frozen, each plan with its reasons and, when asked for, its whole explanation.

Reasons, rules and terms are codes with arguments; `decisions/` makes sentences of them. Scores are costs:
the smallest wins. The explanation is built only when somebody reads it, because nine calls in ten wait
for the answer and not for the record of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from routing.problem import Id
from routing.rules import Args

NOTHING: Args = {}


class Reason(NamedTuple):
    """Why a plan is what it is: a stable code, and what a sentence about it needs."""

    code: str
    args: Args = NOTHING


class Candidate(NamedTuple):
    """Somebody who could have been chosen: weighted terms, and their sum."""

    advisor: Id
    terms: Mapping[str, float]
    score: float


class Removed(NamedTuple):
    """Somebody whom a rule removed."""

    advisor: Id
    rule: str
    args: Args


class Change(NamedTuple):
    """What would have changed the decision, for example `price_of` an advisor `below` a number."""

    condition: str
    advisor: Id | None
    args: Args = NOTHING


@dataclass(frozen=True, slots=True)
class Explanation:
    """The record of a decision: who was looked at, who fell out and why, who came second."""

    candidates: tuple[Candidate, ...] = ()
    removed: tuple[Removed, ...] = ()
    removed_by: Mapping[str, int] = field(default_factory=dict)
    """How many each rule removed, also those whom `removed` doesn't list."""
    would_change: tuple[Change, ...] = ()

    @property
    def runner_up(self) -> Id | None:
        return self.candidates[1].advisor if len(self.candidates) > 1 else None

    def record(self, name: Callable[[Id], str]) -> dict[str, Any]:
        """The members of `GET /v1/decisions/{id}` that the core knows; `name` turns ids into public ones."""
        return {
            "candidates": [
                {"advisor": name(c.advisor), "terms": dict(c.terms), "score": c.score} for c in self.candidates
            ],
            "removed": [{"advisor": name(r.advisor), "rule": r.rule, "args": dict(r.args)} for r in self.removed],
            "removed_by": dict(self.removed_by),
            "runner_up": None if self.runner_up is None else name(self.runner_up),
            "would_change": [
                {"if": c.condition, **({} if c.advisor is None else {"advisor": name(c.advisor)}), **c.args}
                for c in self.would_change
            ],
        }


class Trail:
    """An explanation that is built when it is first read."""

    __slots__ = ("_build", "_built")

    def __init__(self, build: Callable[[], Explanation]) -> None:
        self._build = build
        self._built: Explanation | None = None

    def read(self) -> Explanation:
        if self._built is None:
            self._built = self._build()
        return self._built


@dataclass(frozen=True, slots=True)
class Decided:
    """What every plan has."""

    reasons: tuple[Reason, ...]
    trail: Trail = field(repr=False, compare=False)

    @property
    def explanation(self) -> Explanation:
        return self.trail.read()

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return self.explanation.candidates

    @property
    def removed(self) -> tuple[Removed, ...]:
        return self.explanation.removed

    @property
    def runner_up(self) -> Id | None:
        return self.explanation.runner_up

    @property
    def would_change(self) -> tuple[Change, ...]:
        return self.explanation.would_change


@dataclass(frozen=True, slots=True)
class Offer(Decided):
    """Put the contact to this advisor, and let it ring this long."""

    advisor: Id
    ring_s: int
    own: bool


@dataclass(frozen=True, slots=True)
class Explain(Decided):
    """Say why the own advisor can't answer, and let the caller choose."""

    absence: str
    """absent, offline, break, meeting, training, in_contact, wrap_up, no_answer, busy or not_qualified.

    Never the kind of an absence, which is the advisor's own business.
    """
    returns_at: datetime | None
    choices: tuple[str, ...]
    """Of colleague, callback, hold, in this order; with one there is nothing to ask."""
    expected_wait_s: Mapping[str, float | None]
    """For colleague and hold, as far as offered; `None` = not known."""


@dataclass(frozen=True, slots=True)
class Wait(Decided):
    """Let the contact wait, for its own advisor or for the groups let in by now."""

    whom: str
    """own or group"""
    groups: tuple[Id, ...]
    callback_offered: bool
    look_again_s: float
    """After this time the decision changes by itself: somebody is let in, the wait is over."""


@dataclass(frozen=True, slots=True)
class Closed(Decided):
    """Nobody answers now: say so, and from when on somebody will."""

    opens_at: datetime | None
    choices: tuple[str, ...]
    """callback or message, the better first"""


@dataclass(frozen=True, slots=True)
class ToCallbackOnly(Decided):
    """Nobody will answer in time, or the caller doesn't want to wait: a callback, else a message."""

    choices: tuple[str, ...]
    """callback or message, the better first"""


Plan = Offer | Explain | Wait | Closed | ToCallbackOnly
