"""Hard rules. A person whom one of them vetoes gets no offer and no customer, whatever the scores say.

For a contact, in this order:
    not_already_tried     was offered this contact in this round and didn't take it
    not_absent            has an absence now
    is_available          is doing something else
    has_capacity          no more contacts of this channel fit
    serves_the_market     doesn't serve the customer's market
    speaks_the_language   speaks none of the customer's languages
    has_the_skill         lacks a skill, or its level
For a book, in this order:
    not_leaving           leaves the company
    serves_the_market, speaks_the_language, has_the_skill
    not_already_tried     is the one whom the customer wants to change
    book_has_room         the customer's expected seconds don't fit under the cap

Each returns `None` or a `Veto` with the arguments that a sentence about it needs. `misfit.py` says the
rules for a book again for thousands of advisors at once; a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from routing.problem import ActivationNeed, BookAdvisor, ContactProblem, Id, Need, Person, Waiting

Args = Mapping[str, object]


class Veto(NamedTuple):
    """The rule that removes somebody, and what a sentence about it needs."""

    rule: str
    args: Args


@dataclass(frozen=True, slots=True)
class Asked:
    """What is demanded of whoever takes the contact, after this wait."""

    market: str
    languages: tuple[str, ...]
    needs: tuple[Need, ...]
    tried: frozenset[Id] = frozenset()


class Demands(Protocol):
    """What rules read of an `Asked` or of an `ActivationNeed`."""

    @property
    def market(self) -> str: ...
    @property
    def languages(self) -> tuple[str, ...]: ...
    @property
    def needs(self) -> tuple[Need, ...]: ...
    @property
    def tried(self) -> frozenset[Id]: ...


class Profile(Protocol):
    """What rules read of a `Person` or of a `BookAdvisor`."""

    @property
    def id(self) -> Id: ...
    @property
    def markets(self) -> frozenset[str]: ...
    @property
    def languages(self) -> frozenset[str]: ...
    @property
    def skills(self) -> Mapping[str, int]: ...


def not_already_tried(who: Profile, asked: Demands) -> Veto | None:
    if who.id in asked.tried:
        return Veto("not_already_tried", {})
    return None


def not_excluded(who: Person, asked: Demands) -> Veto | None:
    return Veto("not_already_tried", {}) if who.excluded else not_already_tried(who, asked)


def not_absent(who: Person, _: Demands) -> Veto | None:
    return Veto("not_absent", {"until": who.absent_until}) if who.has_absence else None


def is_available(who: Person, _: Demands) -> Veto | None:
    if who.state == "available":
        return None
    return Veto("is_available", {"state": who.state, "since": who.since})


def has_capacity(who: Person, _: Demands) -> Veto | None:
    return None if who.free_for_channel else Veto("has_capacity", {})


def serves_the_market(who: Profile, asked: Demands) -> Veto | None:
    if asked.market in who.markets:
        return None
    return Veto("serves_the_market", {"market": asked.market})


def speaks_the_language(who: Profile, asked: Demands) -> Veto | None:
    if not asked.languages or not who.languages.isdisjoint(asked.languages):
        return None
    return Veto("speaks_the_language", {"languages": asked.languages})


def has_the_skill(who: Profile, asked: Demands) -> Veto | None:
    for skill, level in asked.needs:
        has = who.skills.get(skill, 0)
        if has < level:
            return Veto("has_the_skill", {"skill": skill, "needs": level, "has": has})
    return None


def not_leaving(who: BookAdvisor, _: ActivationNeed) -> Veto | None:
    return Veto("not_leaving", {}) if who.leaving else None


def book_has_room(who: BookAdvisor, asked: ActivationNeed) -> Veto | None:
    room_s = who.cap_s - who.load_s
    if asked.expected_s <= room_s:
        return None
    return Veto("book_has_room", {"needs_s": asked.expected_s, "has_s": max(0, room_s)})


ContactRule = Callable[[Person, Demands], Veto | None]
BookRule = Callable[[BookAdvisor, ActivationNeed], Veto | None]

CONTACT_RULES: tuple[ContactRule, ...] = (
    not_excluded,
    not_absent,
    is_available,
    has_capacity,
    serves_the_market,
    speaks_the_language,
    has_the_skill,
)
BOOK_RULES: tuple[BookRule, ...] = (
    not_leaving,
    serves_the_market,
    speaks_the_language,
    has_the_skill,
    not_already_tried,
    book_has_room,
)


def asked_by(contact: ContactProblem | Waiting) -> Asked:
    """What this contact demands after its wait, as the market's policy relaxes it."""
    policy, waited_s = contact.policy, contact.waited_s
    return Asked(
        contact.market,
        policy.languages_after(contact.languages, waited_s),
        policy.needs_after(contact.needs, waited_s),
        contact.tried if isinstance(contact, Waiting) else frozenset(),
    )


def vetoes(who: Person, asked: Demands) -> Iterator[Veto]:
    """Every rule that keeps this person from the contact."""
    return (veto for rule in CONTACT_RULES if (veto := rule(who, asked)) is not None)


def veto(who: Person, asked: Demands) -> Veto | None:
    """The first rule that keeps this person from the contact, or `None`."""
    for rule in CONTACT_RULES:
        if (found := rule(who, asked)) is not None:
            return found
    return None


def book_veto(who: BookAdvisor, asked: ActivationNeed) -> Veto | None:
    """The first rule that keeps the customer out of this book, or `None`."""
    return next((found for rule in BOOK_RULES if (found := rule(who, asked)) is not None), None)
