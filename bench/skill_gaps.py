"""The report on skills: how long it takes, and whether what it predicts of trainings comes true.

    python -m bench.skill_gaps [--customers N] [--advisors N] [--seed N] [--tried N]

The last line is one JSON object. `tried` of the trainings, spread over the whole ranking, are made true and the
book is solved again: `kept` is how many saved anything, `saved_of_predicted` the median share of the prediction
that was saved, `agreement` the rank correlation (Spearman) between what was predicted and what was saved.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import numpy as np

from bench.made_up_book import made_up_book
from routing.book import solve
from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.skill_ends import SkillEnd
from routing.skill_gaps import skill_report
from routing.skill_prices import UNPLACED
from routing.skill_training import Training, trainings
from routing.skill_view import view_of

NOW = datetime(2026, 11, 23, tzinfo=UTC)
EVERY = 5  # of the advisors has certificates that end


def measure(customers: int, advisors: int, seed: int, tried: int) -> dict[str, Any]:
    problem = made_up_book(customers, advisors, seed)
    plan = solve(problem)
    begun = perf_counter()
    report = skill_report(problem, plan, _ends(problem))
    took_s = perf_counter() - begun
    told = {
        "kinds": len(problem.kinds),
        "report_s": round(took_s, 2),
        "short": report.short,
        "ending": report.ending,
    }
    return {"customers": customers, "advisors": advisors, "seed": seed, **told, **_tried(problem, plan, tried)}


def _ends(problem: BookProblem) -> list[SkillEnd]:
    return [
        SkillEnd(advisor.id, skill, NOW + timedelta(days=place % 90))
        for place, advisor in enumerate(problem.advisors)
        if place % EVERY == 0
        for skill in advisor.skills
    ]


def _tried(problem: BookProblem, plan: BookPlan, count: int) -> dict[str, Any]:
    ranking = trainings(view_of(problem, plan)).best(problem.kind.size)
    if not count or not ranking:
        return {"trainings": len(ranking)}
    chosen = [ranking[place] for place in np.linspace(0, len(ranking) - 1, count).astype(int).tolist()]
    before = _cost(problem, plan)
    saved = np.array([before - _cost(book, solve(book)) for book in (_trained(problem, one) for one in chosen)])
    predicted = np.array([one.gain for one in chosen])
    return {
        "trainings": len(ranking),
        "tried": count,
        "kept": int(np.count_nonzero(saved > 0)),
        "saved_of_predicted": round(float(np.median(saved / predicted)), 3),
        "agreement": round(float(np.corrcoef(_ranks(predicted), _ranks(saved))[0, 1]), 3),
    }


def _trained(problem: BookProblem, training: Training) -> BookProblem:
    people = (
        replace(a, skills={**a.skills, training.skill: training.level}) if a.id == training.advisor else a
        for a in problem.advisors
    )
    return replace(problem, advisors=tuple(people))


def _cost(problem: BookProblem, plan: BookPlan) -> float:
    left = int(problem.expected_s[plan.advisor == NOBODY].sum())
    return plan.objective * (int(problem.expected_s.sum()) - left) + UNPLACED * left


def _ranks(values: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
    return np.argsort(np.argsort(values))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("customers", 1_000_000), ("advisors", 3_000), ("seed", 1), ("tried", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    print(json.dumps(measure(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
