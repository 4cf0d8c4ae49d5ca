"""People, groups and contacts that need only say what matters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from routing.problem import (
    ActivationNeed,
    BookAdvisor,
    ContactProblem,
    Group,
    Id,
    Need,
    Person,
    Waiting,
)

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
AN_HOUR_AGO = NOW - timedelta(hours=1)


def an_id(number: int) -> Id:
    return UUID(int=number)


ANNA, BEN, CARLA, DAVID = (an_id(number) for number in range(1, 5))
DESK, NEXT_DESK, THIRD_DESK, GENERAL = (an_id(number) for number in range(101, 105))


def a_person(id_: Id, **facts: Any) -> Person:
    """Somebody free at the desk who speaks German, knows hosting at level 3 and serves Germany."""
    languages, skills = frozenset(facts.pop("languages", ["de"])), facts.pop("skills", {"hosting": 3})
    markets = frozenset(facts.pop("markets", ["DE"]))
    usual: dict[str, Any] = {"group_id": DESK, "state": "available", "since": AN_HOUR_AGO}
    return Person(id=id_, languages=languages, skills=skills, markets=markets, **usual | facts)


def a_group(*members: Person, id_: Id = DESK, **facts: Any) -> Group:
    return Group(id_, tuple(replace(member, group_id=id_) for member in members), **facts)


def a_call(own: Person | None = None, *groups: Group, **facts: Any) -> ContactProblem:
    """A German-speaking customer with a question about hosting, at the desk group of their advisor."""
    usual: dict[str, Any] = {
        "market": "DE",
        "now": NOW,
        "age": NOW - timedelta(seconds=facts.get("waited_s", 0)),
        "languages": ("de",),
        "needs": (Need("hosting", 2),),
        "group_id": groups[0].id if groups else DESK,
        "groups": {group.id: group for group in groups},
        "slots_exist": True,
    }
    return ContactProblem(id=an_id(1000), own=own, **usual | facts)


def a_waiting(number: int = 1000, **facts: Any) -> Waiting:
    """A contact in the queue of the desk group."""
    waited_s = facts.get("waited_s", 0)
    usual: dict[str, Any] = {
        "market": "DE",
        "age": NOW - timedelta(seconds=waited_s),
        "rings": (DESK,),
        "languages": ("de",),
        "needs": (Need("hosting", 2),),
    }
    return Waiting(id=an_id(number), **usual | facts)


def an_advisor(id_: Id, **facts: Any) -> BookAdvisor:
    """An advisor with an empty book of 100 customers and room for ten more."""
    markets, languages = frozenset(facts.pop("markets", ["DE"])), frozenset(facts.pop("languages", ["de"]))
    usual: dict[str, Any] = {
        "group_id": DESK,
        "skills": {"hosting": 3},
        "hours": OFFICE_HOURS,
        "load_s": 0,
        "cap_s": 39_600,
        "target_s": 36_000,
    }
    return BookAdvisor(id=id_, markets=markets, languages=languages, **usual | facts)


def a_customer(**facts: Any) -> ActivationNeed:
    usual: dict[str, Any] = {
        "market": "DE",
        "languages": ("de",),
        "needs": (Need("hosting", 2),),
        "hours": OFFICE_HOURS,
    }
    return ActivationNeed(**usual | facts)


def week_hours(days: Iterable[int], begin: int, end: int) -> int:
    return sum(1 << (24 * day + hour) for day in days for hour in range(begin, end))


OFFICE_HOURS = week_hours(range(5), 9, 17)
EVENINGS = week_hours(range(5), 17, 22)
