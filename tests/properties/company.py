"""The company of the property tests: two desk groups that help each other, customers of all kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from advisors.models import Advisor
from customers.models import Customer
from kit.database import Session
from tests.support.builders import (
    PLENTY,
    a_customer,
    a_desk_group,
    a_market,
    a_number,
    a_policy,
    an_advisor,
)

GENERAL = "+493023125900"
DIRECT = "+493023125901"
FREE = "+493023125902"
SHARED_PHONE = "+492214710900"


@dataclass(frozen=True)
class Company:
    advisors: tuple[Advisor, ...]
    customers: tuple[Customer, ...]
    phones: tuple[str | None, ...]
    """Every number somebody may call from; None withholds it."""
    dialled: tuple[str | None, ...] = (GENERAL, DIRECT, FREE, None)

    @property
    def refs(self) -> tuple[str, ...]:
        return tuple(customer.external_ref for customer in self.customers)


async def found(session: Session) -> Company:
    """Five advisors in two groups, nine customers; the wait for neighbours and relaxed skills is short."""
    await a_market(session)
    await a_policy(
        session,
        dialling=PLENTY,
        routing={
            "neighbours_after_s": 10,
            "skill_relax_after_s": 20,
            "skill_waived_after_s": 40,
            "max_wait_s": 120,
        },
    )
    near = await a_desk_group(session)
    home = await a_desk_group(session, general_for="DE", neighbours=(near,))
    skilled, plain = {"hosting": 3, "dns": 2}, {"hosting": 1}
    anna = await an_advisor(session, name="Anna Berger", group=home, skills=skilled, languages=("de", "en"))
    ben = await an_advisor(session, name="Ben Krüger", group=home, skills=plain)
    cora = await an_advisor(session, name="Cora Lang", group=home, skills=skilled, available=False)
    dirk = await an_advisor(session, name="Dirk Moor", group=near, skills=skilled, languages=("de", "en"))
    emma = await an_advisor(session, name="Emma Nagel", group=near, skills=plain, state="break")
    await a_number(session, number=GENERAL, kind="general")
    await a_number(session, number=DIRECT, advisor=ben)
    await a_number(session, number=FREE)
    customers, phones = [], [None, SHARED_PHONE]
    wanted: tuple[tuple[Advisor | None, dict[str, Any]], ...] = (
        (anna, {"products": ("hosting",)}),
        (anna, {"tier": "premium"}),
        (anna, {"languages": ("en",)}),
        (ben, {"products": ("dns",)}),
        (cora, {}),
        (dirk, {"tier": "business"}),
        (None, {}),
    )
    for n, (advisor, more) in enumerate(wanted):
        phone = f"+4922147109{10 + n}"
        customers.append(await a_customer(session, advisor=advisor, phones=(phone,), **more))
        phones.append(phone)
    customers += [await a_customer(session, advisor=advisor, phones=(SHARED_PHONE,)) for advisor in (anna, emma)]
    return Company((anna, ben, cora, dirk, emma), tuple(customers), tuple(phones))
