"""Who is free, in columns: what each can do, and what each costs those who ask for the same.

Costs are the terms of `preferences.py` in whole millionths, vetoes the rules of `rules.py`, said again for
everybody at once; tests hold them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.policy import Need, RoutingPolicy
from routing.preferences import IDLE_SCALE_S, LEVELS, MILLION, SURPLUS, idle_since
from routing.problem import Id, Person

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Ask(NamedTuple):
    """What is demanded after this wait, and against what it is judged who fits best."""

    market: str
    languages: tuple[str, ...]
    needs: tuple[Need, ...]
    preferred: tuple[str, ...]
    asked_at_first: tuple[Need, ...]
    policy: RoutingPolicy

    @property
    def step(self) -> float:
        """From one ring to the next: more than all other terms together."""
        weights = self.policy.weights
        return 1 + weights.skill + weights.language + weights.familiarity + weights.idle

    def known(self, times: int) -> int:
        """The term for somebody who has served the customer so often."""
        return round(self.policy.weights.familiarity * (1 / (1 + times)) * MILLION)


class People:
    """n of them, sorted by desk group; those whom a rule keeps from every contact are left out."""

    def __init__(self, free: Sequence[Person], now: datetime) -> None:
        able = [p for p in free if p.state == "available" and not p.has_absence and p.free_for_channel]
        self.everybody = sorted(
            (p for p in able if not p.excluded), key=lambda p: (p.group_id is None, p.group_id, p.id)
        )
        self.place: dict[Id, int] = {p.id: n for n, p in enumerate(self.everybody)}
        idle_s = [(now - idle_since(p)).total_seconds() for p in self.everybody]
        self._idle = 1 / (1 + np.maximum(0.0, np.array(idle_s, np.float64)) / IDLE_SCALE_S)
        self.groups: dict[Id, int] = {}
        begins: list[int] = []
        for n, person in enumerate(self.everybody):
            if person.group_id is not None and person.group_id not in self.groups:
                self.groups[person.group_id] = len(begins)
                begins.append(n)
        grouped = sum(person.group_id is not None for person in self.everybody)
        self.bounds = np.array([*begins, grouped], np.int64)
        """Where each group begins; the last is where those without a group do."""
        self._levels: dict[str, Ints] = {}
        self._having: dict[tuple[str, str], Flags] = {}
        self._costs: dict[tuple[object, ...], Ints] = {}

    def __len__(self) -> int:
        return len(self.everybody)

    def able(self, ask: Ask) -> Flags:
        """Whom neither market nor language nor skills keep from it."""
        able = self._has("market", ask.market).copy()
        if ask.languages:
            able &= np.any([self._has("language", language) for language in ask.languages], axis=0)
        for skill, level in ask.needs:
            able &= self._level(skill) >= level
        return able

    def costs(self, ask: Ask) -> Ints:
        """All terms but the ring's, for customers whom nobody knows."""
        key = ask.preferred, ask.asked_at_first, id(ask.policy)
        if key not in self._costs:
            self._costs[key] = self._terms(ask)
        return self._costs[key]

    def _terms(self, ask: Ask) -> Ints:
        weights, needs = ask.policy.weights, ask.asked_at_first
        gaps = sum((_gap(level - self._level(skill)) for skill, level in needs), start=np.zeros(len(self)))
        places = self._places(ask.preferred)
        return (
            _whole(weights.skill * (gaps / max(1, len(needs))))
            + _whole(weights.language * (places / max(1, len(ask.preferred))))
            + _whole(weights.idle * self._idle)
            + ask.known(0)
        )

    def _places(self, preferred: tuple[str, ...]) -> Floats:
        places = np.full(len(self), float(len(preferred)))
        for place in reversed(range(len(preferred))):
            places[self._has("language", preferred[place])] = place
        return places

    def _level(self, skill: str) -> Ints:
        if skill not in self._levels:
            self._levels[skill] = np.array([p.skills.get(skill, 0) for p in self.everybody], np.int64)
        return self._levels[skill]

    def _has(self, what: str, name: str) -> Flags:
        if (what, name) not in self._having:
            having = [name in (p.markets if what == "market" else p.languages) for p in self.everybody]
            self._having[what, name] = np.array(having, np.bool_)
        return self._having[what, name]


def _gap(levels: Ints) -> Floats:
    return np.where(levels > 0, levels / LEVELS, -levels * SURPLUS / LEVELS)


def _whole(cost: Floats) -> Ints:
    return np.rint(cost * MILLION).astype(np.int64)
