from dataclasses import replace

from routing.activation import Book, choose


def explain(problem, plan, kind, advisor):
    b = Book(
        [replace(a, price=float(p), cap_s=2**40, leaving=False) for a, p in zip(problem.advisors, plan.prices)]
    )
    c = choose(b, problem.kinds[kind].need)
    return c.reasons, c.explanation
