"""Why somebody got this advisor, and why others got nobody: by way of the activation, with the plan's prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from routing.activation import SOLVED_ETA, Book, alone_in_the_way, candidates, record_of
from routing.book_plan import BookPlan, Shortage
from routing.book_problem import NOBODY, BookProblem
from routing.misfit import Costs
from routing.plan import Explanation, Reason
from routing.problem import ActivationNeed, Id
from routing.rules import BOOK_RULES, book_has_room, not_leaving

ETA = SOLVED_ETA
OTHER_RULES = tuple(rule for rule in BOOK_RULES if rule is not book_has_room)
GOING = not_leaving.__name__
"""Named as the bottleneck only where there is nothing that could be mended."""


def book_after(problem: BookProblem, plan: BookPlan) -> Book:
    """The books as the plan leaves them, for the next activation."""
    return _book(problem, plan.advisor, plan.prices)


def _book(problem: BookProblem, advisor: np.ndarray[tuple[int], np.dtype[np.int32]], prices: Costs) -> Book:
    seated = advisor != NOBODY
    given_s = np.bincount(advisor[seated], problem.expected_s[seated], len(problem.advisors))
    rows = zip(problem.advisors, given_s.tolist(), prices.tolist(), strict=True)
    return Book([replace(a, load_s=a.load_s + int(given), price=price) for a, given, price in rows], ETA)


def explain(
    problem: BookProblem, plan: BookPlan, kind: int, advisor: int
) -> tuple[tuple[Reason, ...], Explanation]:
    """Why a customer of this kind is with this advisor: those who were possible, the first being the one chosen.

    As the books are with everybody else seated; for many customers of one plan keep an `Explainer`.
    """
    return Explainer(problem, plan)(kind, advisor)


@dataclass(frozen=True, slots=True)
class Present:
    """The advisor from whom customers come: a rule, or the terms with the plan's prices."""

    advisor: Id
    rule: str | None
    args: Mapping[str, Any]
    terms: Mapping[str, float]
    score: float | None


class Explainer:
    """Explains the seats of one plan; building it costs as much as some hundred explanations."""

    def __init__(self, problem: BookProblem, plan: BookPlan) -> None:
        self._kinds = problem.kinds
        self._book = book_after(problem, plan)

    def __call__(
        self, kind: int, advisor: int, aside: frozenset[Id] = frozenset()
    ) -> tuple[tuple[Reason, ...], Explanation]:
        """`aside`: who was not asked, and is told as `not_already_tried`."""
        need = self._kinds[kind].need
        need = replace(need, tried=need.tried | aside)
        with_them = self._book.load_s[advisor]
        self._unweigh(advisor, need.expected_s)
        choice = record_of(self._book, need, advisor)
        self._unweigh(advisor, int(self._book.load_s[advisor] - with_them))
        return choice.reasons, choice.explanation

    def present(self, kind: int, advisor: int) -> Present:
        """What speaks against or for the advisor whom customers of this kind have had."""
        need = self._kinds[kind].need
        who = self._book.advisor(advisor)
        veto = next((found for rule in OTHER_RULES if (found := rule(who, need)) is not None), None)
        if veto is not None:
            return Present(who.id, veto.rule, veto.args, {}, None)
        (candidate,) = candidates(self._book, need, np.array([advisor]))
        return Present(who.id, None, {}, candidate.terms, candidate.score)

    def _unweigh(self, advisor: int, seconds: int) -> None:
        """Room without this customer, and prices as they were: the plan's hold for the whole of it."""
        self._book.load_s[advisor] -= seconds
        self._book.room_s[advisor] += seconds


def shortages_of(
    problem: BookProblem, advisor: np.ndarray[tuple[int], np.dtype[np.int32]], prices: Costs
) -> tuple[Shortage, ...]:
    """Kind by kind, those whom nobody can take and what stands in the way of the smallest of them."""
    left = np.flatnonzero(advisor == NOBODY)
    if not len(left):
        return ()
    book = _book(problem, advisor, prices)
    count = np.bincount(problem.kind[left])
    seconds = np.bincount(problem.kind[left], problem.expected_s[left])
    least = np.full(len(count), np.iinfo(np.int32).max)
    np.minimum.at(least, problem.kind[left], problem.expected_s[left])
    return tuple(
        _shortage(book, problem, kind, int(count[kind]), int(seconds[kind]), int(least[kind]))
        for kind in np.flatnonzero(count).tolist()
    )


def _shortage(book: Book, problem: BookProblem, kind: int, customers: int, seconds: int, least_s: int) -> Shortage:
    need = replace(problem.kinds[kind].need, expected_s=least_s)
    freed = {rule: len(places) for rule, places in alone_in_the_way(book, need).items()}
    return Shortage(kind, customers, seconds, _bottleneck(freed) or _in_everybodys_way(book, need), freed)


def _bottleneck(freed: Mapping[str, int]) -> str | None:
    return max(freed, key=lambda rule: (rule != GOING, freed[rule]), default=None)


def _in_everybodys_way(book: Book, need: ActivationNeed) -> str | None:
    """Where none does it alone, as for a skill that nobody has while all books are full."""
    return next((rule for rule, out in book.vetoed(need).items() if len(out) and out.all()), None)
