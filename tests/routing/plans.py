"""What the core has decided, as tests ask about it."""

from __future__ import annotations

from routing.plan import Explain, Offer, Plan, Wait
from routing.problem import Id
from tests.routing.builders import (
    ANNA,
    a_person,
)

ON_BREAK = a_person(ANNA, state="break")
IN_A_CALL = a_person(ANNA, state="in_contact", expected_free_s=60)


def offered_to(plan: Plan) -> Id:
    assert isinstance(plan, Offer), plan
    return plan.advisor


def explained(plan: Plan) -> Explain:
    assert isinstance(plan, Explain), plan
    return plan


def waits(plan: Plan) -> Wait:
    assert isinstance(plan, Wait), plan
    return plan


def codes(plan: Plan) -> list[str]:
    return [reason.code for reason in plan.reasons]
