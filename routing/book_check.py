"""Is a plan one that may be carried out? Looked at plainly, by other code than that which made it.

rules    nobody is with somebody whom a rule for a book removes
caps     no book is fuller than its cap but by customers who are flagged, and none is flagged without need
nobody   who is left without could not have been taken by anybody
budget   no more move voluntarily than the business lets
counts   the figures of the plan are those of its rows
prices   one finite number for each advisor, centred over those who stay
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from routing.book_plan import BookPlan
from routing.book_problem import NOBODY, BookProblem
from routing.misfit import Profiles
from routing.problem import ActivationNeed, BookAdvisor
from routing.rules import BOOK_RULES, book_has_room

RULES = tuple(rule for rule in BOOK_RULES if rule is not book_has_room)
SHOWN = 5  # faults of one sort that are told


def faults(problem: BookProblem, plan: BookPlan) -> list[str]:
    """Everything that is wrong with the plan, in words for a log; empty when it may be carried out."""
    shape = list(_shape(problem, plan))
    return shape or [fault for check in CHECKS for fault in check(problem, plan)]


def _shape(problem: BookProblem, plan: BookPlan) -> Iterator[str]:
    customers, people = len(problem.kind), len(problem.advisors)
    if plan.advisor.shape != (customers,) or plan.beyond_cap.shape != (customers,):
        yield f"the plan is not about {customers} customers"
    elif customers and not NOBODY <= int(plan.advisor.min()) <= int(plan.advisor.max()) < people:
        yield f"the plan names advisors beyond the {people} there are"


def _removed(problem: BookProblem, kind: int, advisor: int) -> str | None:
    """The first rule that keeps customers of this kind from this advisor."""
    asked = (rule(problem.advisors[advisor], problem.kinds[kind].need) for rule in RULES)
    return next((veto.rule for veto in asked if veto is not None), None)


def _rules(problem: BookProblem, plan: BookPlan) -> Iterator[str]:
    seated = plan.advisor != NOBODY
    pairs = np.unique(problem.kind[seated].astype(np.int64) * len(problem.advisors) + plan.advisor[seated])
    judged: dict[tuple[ActivationNeed, int], str | None] = {}
    told = 0
    for pair in pairs.tolist():
        kind, advisor = divmod(pair, len(problem.advisors))
        alike = _alike(problem.kinds[kind].need), advisor
        if alike not in judged:
            judged[alike] = _removed(problem, kind, advisor)
        if (rule := judged[alike]) and (told := told + 1) <= SHOWN:
            yield f"kind {kind} is with advisor {advisor}: {rule}"


def _alike(need: ActivationNeed) -> ActivationNeed:
    return replace(need, expected_s=0)


def _loads(problem: BookProblem, plan: BookPlan, of: NDArray[np.bool_]) -> NDArray[np.int64]:
    loads = np.array([advisor.load_s for advisor in problem.advisors], np.int64)
    np.add.at(loads, plan.advisor[of], problem.expected_s[of].astype(np.int64))
    return loads


def _caps(problem: BookProblem, plan: BookPlan) -> Iterator[str]:
    seated = plan.advisor != NOBODY
    caps = np.array([advisor.cap_s for advisor in problem.advisors], np.int64)
    unflagged = _loads(problem, plan, seated & ~plan.beyond_cap)
    filled = np.bincount(plan.advisor[seated & ~plan.beyond_cap], minlength=len(caps)) > 0
    for advisor in np.flatnonzero((unflagged > caps) & filled).tolist()[:SHOWN]:
        yield f"the book of advisor {advisor} is {unflagged[advisor] - caps[advisor]} s beyond its cap, unflagged"
    if (plan.beyond_cap & (problem.holder == NOBODY)).any():
        yield "somebody who has no advisor yet is put beyond a cap"
    if (plan.beyond_cap & ~seated).any():
        yield "somebody without an advisor is flagged as beyond a cap"


def _need(problem: BookProblem, plan: BookPlan) -> Iterator[str]:
    """Who is flagged, or has nobody, fits in nowhere; who keeps the advisor for the budget may be flagged."""
    budget = problem.terms.move_budget
    spent = budget is not None and _voluntary(problem, plan) >= budget
    excused = spent & (plan.advisor == problem.holder) & (plan.advisor != NOBODY)
    stuck = np.flatnonzero((plan.beyond_cap & ~excused) | (plan.advisor == NOBODY))
    caps = np.array([advisor.cap_s for advisor in problem.advisors], np.int64)
    room = caps - _loads(problem, plan, plan.advisor != NOBODY)
    least: dict[int, int] = {}
    for customer in stuck.tolist():
        kind, seconds = int(problem.kind[customer]), int(problem.expected_s[customer])
        least[kind] = min(seconds, least.get(kind, seconds))
    open_to = _OpenTo(problem.advisors)
    told = 0
    for kind, seconds in least.items():
        if (open_to(problem.kinds[kind].need) & (room >= seconds)).any() and (told := told + 1) <= SHOWN:
            yield f"somebody of kind {kind} is left without or flagged though there is room"
    yield from _left_behind(problem, plan, open_to)


def _left_behind(problem: BookProblem, plan: BookPlan, open_to: _OpenTo) -> Iterator[str]:
    """Whoever has an advisor is not left without one as long as anybody may serve them."""
    left = (plan.advisor == NOBODY) & (problem.holder != NOBODY)
    for kind in np.unique(problem.kind[left]).tolist():
        if open_to(problem.kinds[kind].need).any():
            yield f"somebody of kind {kind} had an advisor, could have one and has none"


class _OpenTo:
    """Whom no rule but the cap keeps from a customer; asked once for those who ask alike."""

    def __init__(self, advisors: tuple[BookAdvisor, ...]) -> None:
        self._advisors, self._profiles = advisors, Profiles(advisors)
        self._known: dict[ActivationNeed, NDArray[np.bool_]] = {}

    def __call__(self, need: ActivationNeed) -> NDArray[np.bool_]:
        alike = _alike(need)
        if alike not in self._known:
            against = [*self._profiles.vetoed(alike).values(), self._tried(alike)]
            self._known[alike] = ~np.logical_or.reduce(against)
        return self._known[alike]

    def _tried(self, need: ActivationNeed) -> NDArray[np.bool_]:
        return np.array([advisor.id in need.tried for advisor in self._advisors], np.bool_)


def _may_stay(problem: BookProblem, customers: NDArray[np.intp]) -> NDArray[np.bool_]:
    kinds, holders = problem.kind[customers].tolist(), problem.holder[customers].tolist()
    known: dict[tuple[int, int], bool] = {}
    for pair in zip(kinds, holders, strict=True):
        if pair not in known:
            known[pair] = _removed(problem, *pair) is None
    return np.array([known[pair] for pair in zip(kinds, holders, strict=True)], np.bool_)


def _moved(problem: BookProblem, plan: BookPlan) -> NDArray[np.intp]:
    had, has = problem.holder != NOBODY, plan.advisor != NOBODY
    return np.flatnonzero(had & has & (plan.advisor != problem.holder))


def _voluntary(problem: BookProblem, plan: BookPlan) -> int:
    return int(_may_stay(problem, _moved(problem, plan)).sum())


def _counts(problem: BookProblem, plan: BookPlan) -> Iterator[str]:
    moved = _moved(problem, plan)
    voluntary = int(_may_stay(problem, moved).sum())
    first = int(np.count_nonzero((problem.holder == NOBODY) & (plan.advisor != NOBODY)))
    counted = {"voluntary": voluntary, "forced": len(moved) - voluntary, "first": first}
    for name, count in counted.items():
        if getattr(plan, name) != count:
            yield f"{name} is {count} and not {getattr(plan, name)}"
    budget = problem.terms.move_budget
    if budget is not None and voluntary > budget:
        yield f"{voluntary} move voluntarily, {budget} may"
    yield from _shortages(problem, plan)


def _shortages(problem: BookProblem, plan: BookPlan) -> Iterator[str]:
    left = np.flatnonzero(plan.advisor == NOBODY)
    customers = Counter(problem.kind[left].tolist())
    seconds: Counter[int] = Counter()
    for kind, expected_s in zip(problem.kind[left].tolist(), problem.expected_s[left].tolist(), strict=True):
        seconds[kind] += expected_s
    told = {shortage.kind: (shortage.customers, shortage.seconds) for shortage in plan.shortages}
    if told != {kind: (count, seconds[kind]) for kind, count in customers.items()}:
        yield "the shortages are not those who have nobody"


def _prices(problem: BookProblem, plan: BookPlan) -> Iterator[str]:
    if plan.prices.shape != (len(problem.advisors),) or not np.isfinite(plan.prices).all():
        yield "there is not a finite price for each advisor"
        return
    weights = [0 if advisor.leaving else max(1, advisor.target_s) for advisor in problem.advisors]
    if abs(float(np.dot(weights, plan.prices))) > 1e-6 * max(1, sum(weights)):
        yield "the prices are not centred"


CHECKS = (_rules, _caps, _need, _counts, _prices)
