"""What the core is asked: frozen, complete, without a look at the world.

Everything is as it is at `now`: a skill whose certificate has ended is left out, an absence that doesn't
cover `now` isn't there. Ids are opaque; the core only compares them and breaks ties by their order.
Languages are BCP 47 primary tags, instants aware, durations seconds, hours of the week 168-bit masks
(bit 0 = Monday 00:00–01:00; customer and advisor in one zone).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from routing.policy import Need, PolicyRefused, RoutingPolicy, Weights

__all__ = [
    "ActivationNeed",
    "BookAdvisor",
    "ContactProblem",
    "Group",
    "Id",
    "Need",
    "Person",
    "PolicyRefused",
    "RoutingPolicy",
    "Waiting",
    "Weights",
]

Id: TypeAlias = UUID


@dataclass(frozen=True, slots=True)
class Person:
    """An advisor as one contact sees them."""

    id: Id
    group_id: Id | None
    languages: frozenset[str]
    skills: Mapping[str, int]
    markets: frozenset[str]
    state: str
    """Presence: offline, available, offered, in_contact, wrap_up, break, meeting, training, not_responding."""
    since: datetime
    idle_since: datetime | None = None
    """Since when without a contact; kept through an offer that came to nothing. Without it `since` counts."""
    has_absence: bool = False
    absent_until: datetime | None = None
    next_shift_at: datetime | None = None
    free_for_channel: bool = True
    """Whether one more contact of this channel fits into the advisor's capacity."""
    wrap_up_ends: datetime | None = None
    expected_free_s: float | None = None
    familiarity: int = 0
    """Earlier contacts with this customer."""
    excluded: bool = False
    """Already offered in this round of the contact, and not taken."""

    @property
    def at_work(self) -> bool:
        return not self.has_absence and self.state != "offline"


@dataclass(frozen=True, slots=True)
class Group:
    """A desk group with the people in it; neighbours in the order in which they help."""

    id: Id
    members: tuple[Person, ...]
    neighbours: tuple[Id, ...] = ()
    open: bool = True


@dataclass(frozen=True, slots=True)
class ContactProblem:
    """One contact that needs a decision now."""

    id: Id
    market: str
    now: datetime
    age: datetime
    """The instant by which the contact is ordered; never changed by failures."""
    own: Person | None = None
    """The customer's own advisor; for an unknown caller the owner of the number dialled."""
    group_id: Id | None = None
    """The own advisor's desk group."""
    groups: Mapping[Id, Group] = field(default_factory=dict)
    """That group, its neighbours and the general group, by id; a neighbour left out is passed over."""
    general_group_id: Id | None = None
    """The market's group for callers who have nobody, and the last to be let in for all the others."""
    policy: RoutingPolicy = field(default_factory=RoutingPolicy)
    channel: str = "phone"
    languages: tuple[str, ...] = ()
    """What the customer speaks, best first; empty = any will do."""
    needs: tuple[Need, ...] = ()
    waited_s: float = 0.0
    waiting: bool = False
    """Already waiting: no longer turned away because the wait is expected to be long."""
    known_customer: bool = True
    open_now: bool = True
    closes_at: datetime | None = None
    opens_at: datetime | None = None
    emergency: bool = False
    own_expected_wait_s: float | None = None
    """Until the own advisor would be free for this caller, those who already hold included."""
    colleague_expected_wait_s: float | None = None
    slots_exist: bool = False
    choice: str | None = None
    """What the caller chose: colleague, callback or hold."""
    choices_asked: int = 0
    held_s: float = 0.0
    hold_told_s: float | None = None
    """The expected wait that the caller heard when they chose to hold."""
    own_until: datetime | None = None
    """Until then a mail waits for its own advisor and nobody else."""

    @property
    def home_id(self) -> Id | None:
        """The group that helps first."""
        return self.group_id if self.group_id is not None else self.general_group_id


@dataclass(frozen=True, slots=True)
class Waiting:
    """A contact in the queue, as an advisor who became free sees it."""

    id: Id
    market: str
    age: datetime
    rings: tuple[Id, ...]
    """Groups in the order in which they are let in: its own, the neighbours, the general one."""
    own_id: Id | None = None
    holds_for_own: bool = False
    """Waits for the own advisor and nobody else (`Wait.whom == "own"`)."""
    group_at_work: bool = True
    """Whether anybody of the first ring is at work; if not, the neighbours need not wait."""
    policy: RoutingPolicy = field(default_factory=RoutingPolicy)
    languages: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    waited_s: float = 0.0
    priority: int = 0
    tried: frozenset[Id] = frozenset()
    familiar: Mapping[Id, int] = field(default_factory=dict)
    """Advisor → earlier contacts with this customer, as far as known; read only where several are free."""


@dataclass(frozen=True, slots=True)
class ActivationNeed:
    """A customer who wants an advisor. Hashable, so that alike customers share their misfits."""

    market: str
    languages: tuple[str, ...] = ()
    """What the customer speaks, best first; empty = any will do."""
    needs: tuple[Need, ...] = ()
    hours: int = 0
    """When the customer usually calls; 0 = not known."""
    expected_s: int = 360
    tried: frozenset[Id] = frozenset()
    """Advisors not to be chosen, for example the present one when the customer asks for another."""


@dataclass(frozen=True, slots=True)
class BookAdvisor:
    """An advisor as an activation sees them: a profile and a book in expected seconds per month."""

    id: Id
    group_id: Id | None
    markets: frozenset[str]
    languages: frozenset[str]
    skills: Mapping[str, int]
    hours: int
    load_s: int
    cap_s: int
    target_s: int
    leaving: bool = False
    price: float | None = None
    """λ where one is stored; `None` = what the load alone makes of it."""
