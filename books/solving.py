"""The solve, as it runs in a process of its own: solve, check by other code, explain.

What comes back has been checked. Where the solver's plan has a fault, or there is none in time, the greedy plan is
taken; so there is always a plan, unless even that one is unsound (`Unsound`), and then nothing is written.
"""

from __future__ import annotations

from books.reasons import Reasoned, reasoned
from routing.book import solve
from routing.book_check import faults
from routing.book_greedy import greedy
from routing.book_problem import BookProblem


class Unsound(Exception):
    """The independent check found something in the plan; its first complaints are the arguments."""


def solved(problem: BookProblem) -> Reasoned:
    """The exact plan, or the greedy one where the solver fails or the check finds fault with its plan."""
    try:
        plan = solve(problem)
    except Exception:  # whatever it is: a plan that is a little worse is better than none
        return planned_greedily(problem, "solver_failed")
    return planned_greedily(problem, "unsound") if faults(problem, plan) else reasoned(problem, plan)


def planned_greedily(problem: BookProblem, why: str) -> Reasoned:
    """The plan that needs no solver. Raises `Unsound`."""
    plan = greedy(problem)
    wrong = faults(problem, plan)
    if wrong:
        raise Unsound(*wrong[:5])
    return reasoned(problem, plan, why)
