"""The core's report on skills as it is kept and answered: ids as the outside knows them, bounded lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from kit.ids import encode
from routing.skill_demand import GroupDemand, SkillDemand
from routing.skill_ends import Ending
from routing.skill_gaps import SkillReport
from routing.skill_training import Training
from routing.skill_view import Demand

KINDS = 5
"""Of the customers whom a certificate concerns; their number is told of all."""


def told(report: SkillReport) -> dict[str, Any]:
    """As JSON; at most some 200 kB."""
    return {
        "short": report.short,
        "markets": [_market(demand) for demand in report.markets],
        "alone": report.alone,
        "groups": [_group(demand) for demand in report.groups],
        "trainings": [_training(training) for training in report.trainings],
        "trainings_by_skill": [_training(training) for training in report.by_skill],
        "ending": report.ending,
        "certificates": [_certificate(ending) for ending in report.endings],
    }


def _market(demand: SkillDemand) -> dict[str, Any]:
    price = None if demand.price is None else round(demand.price, 4)
    return {**asdict(demand), "price": price, "short": demand.short}


def _group(demand: GroupDemand) -> dict[str, Any]:
    facts = asdict(demand)
    return {"desk_group": encode("grp", facts.pop("group")), **facts}


def _training(training: Training) -> dict[str, Any]:
    return {**asdict(training), "advisor": encode("adv", training.advisor), "gain": round(training.gain, 1)}


def _certificate(ending: Ending) -> dict[str, Any]:
    return {
        "advisor": encode("adv", ending.advisor),
        "skill": ending.skill,
        "level": ending.level,
        "ends_at": ending.ends_at,
        "customers": ending.customers,
        "seconds": ending.seconds,
        "kinds": _demands(ending.held),
        "uncovered_customers": sum(demand.customers for demand in ending.uncovered),
        "uncovered": _demands(ending.uncovered),
    }


def _demands(demands: Sequence[Demand]) -> list[dict[str, Any]]:
    return [{**asdict(demand), "needs": [need._asdict() for need in demand.needs]} for demand in demands[:KINDS]]
