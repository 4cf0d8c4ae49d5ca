"""What a market declares about routing: time-outs, how demands relax with waiting, weights.

Durations are whole seconds; `None` means never. Nothing here looks at a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import NamedTuple


class Need(NamedTuple):
    """A subject and the level (1–5) that somebody must have to help with it."""

    skill: str
    level: int


class PolicyRefused(ValueError):
    """A policy that can't be meant; `field` names what is wrong with it, `must` says what it must be."""

    def __init__(self, field: str, must: str) -> None:
        super().__init__(f"{field} must be {must}")
        self.field, self.must = field, must


@dataclass(frozen=True, slots=True)
class Weights:
    """What the terms of `preferences.py` count; each term lies between 0 (best) and 1 (worst)."""

    skill: float = 1.0
    language: float = 1.0
    familiarity: float = 0.5
    idle: float = 0.5

    def __post_init__(self) -> None:
        for item in fields(self):
            if not 0 <= getattr(self, item.name) < float("inf"):
                raise PolicyRefused(f"weights.{item.name}", "a finite number, 0 or more")


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """One market's routing policy in one version. Raises `PolicyRefused` for one that can't be meant."""

    name: str = "default"
    """Stored with each decision, for example `DE/7`."""

    ring_timeout_s: int = 20
    choice_timeout_s: int = 6
    choice_attempts: int = 2
    """How often the choices are read out; after that the caller gets a colleague."""

    hold_max_s: int = 120
    """Holding for the own advisor is offered only when they're expected within this, and ends after it."""
    hold_grace_s: int = 30
    """A hold ends this long after the wait that the caller was told."""
    brief_hold_s: int = 0
    """Wait for the own advisor without asking when their wrap-up ends within this; 0 = always ask."""

    neighbours_after_s: int = 30
    neighbour_step_s: int = 0
    """Each further neighbour is let in this much later than the one before it."""

    skill_relax_after_s: int = 60
    """From here on demands on levels are one lower …"""
    skill_relax_step_s: int = 60
    """… and one lower again after each further step, down to 1."""
    skill_waived_after_s: int | None = 240
    language_relax_after_s: int | None = None

    max_wait_s: int = 900
    priority_head_start_s: int = 60
    """A waiting contact ranks as if it had waited this much longer, for each step of priority."""
    own_head_start_s: int = 60
    """The same for a contact whose own advisor is the one who became free."""

    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name.endswith("_s") and value is not None and value < 0:
                raise PolicyRefused(item.name, "0 or more")
        _at_least(self, 1, "ring_timeout_s", "choice_timeout_s", "choice_attempts")
        _at_least(self, 1, "skill_relax_step_s", "max_wait_s")
        if self.skill_waived_after_s is not None and self.skill_waived_after_s < self.skill_relax_after_s:
            raise PolicyRefused("skill_waived_after_s", "skill_relax_after_s or more")

    def needs_after(self, needs: tuple[Need, ...], waited_s: float) -> tuple[Need, ...]:
        """What is still demanded of skills after this wait."""
        if not needs or waited_s < self.skill_relax_after_s:
            return needs
        if self.skill_waived_after_s is not None and waited_s >= self.skill_waived_after_s:
            return ()
        lower = self.relaxed_by(waited_s)
        return tuple(Need(need.skill, max(1, need.level - lower)) for need in needs)

    def relaxed_by(self, waited_s: float) -> int:
        """How many levels the demands have come down after this wait."""
        if waited_s < self.skill_relax_after_s:
            return 0
        return 1 + int((waited_s - self.skill_relax_after_s) // self.skill_relax_step_s)

    def languages_after(self, languages: tuple[str, ...], waited_s: float) -> tuple[str, ...]:
        """The languages of which one is still demanded; none of them once the market waives that."""
        waived = self.language_relax_after_s is not None and waited_s >= self.language_relax_after_s
        return () if waived else languages

    def let_in_after_s(self, ring: int, *, group_at_work: bool) -> int:
        """From which wait on the ring may help: 0 is the own group, 1 its first neighbour, and so on.

        Where nobody of the own group is at work the neighbours need not wait for it.
        """
        if ring == 0:
            return 0
        return (self.neighbours_after_s if group_at_work else 0) + (ring - 1) * self.neighbour_step_s

    def hold_limit_s(self, told_s: float | None) -> float:
        """How long a caller who was told `told_s` is held for the own advisor."""
        return self.hold_max_s if told_s is None else min(self.hold_max_s, told_s + self.hold_grace_s)

    def steps(self, needs: tuple[Need, ...], rings: int, *, group_at_work: bool) -> Iterator[int]:
        """Waits after which somebody who might not help before may help, or nobody may any more."""
        yield self.max_wait_s
        yield from (self.let_in_after_s(ring, group_at_work=group_at_work) for ring in range(1, rings))
        if self.language_relax_after_s is not None:
            yield self.language_relax_after_s
        if needs and self.skill_waived_after_s is not None:
            yield self.skill_waived_after_s
        for lower in range(1, max((need.level for need in needs), default=1)):
            yield self.skill_relax_after_s + (lower - 1) * self.skill_relax_step_s


def _at_least(policy: RoutingPolicy, least: int, *names: str) -> None:
    for name in names:
        if getattr(policy, name) < least:
            raise PolicyRefused(name, f"{least} or more")
