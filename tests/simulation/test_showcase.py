"""The demo's company: small, whole, and reachable on film numbers alone."""

from __future__ import annotations

from collections import Counter

import pytest

from kit.clock import VirtualClock
from kit.database import Database
from kit.ids import new_id
from simulation import cast, founding, showcase
from simulation.numbers import FILM_RANGES, GERMANY
from simulation.people import Company
from tests.conftest import MONDAY_MORNING


@pytest.fixture(scope="module")
def company() -> Company:
    return showcase.made()


def test_company_is_the_same_each_time(company: Company) -> None:
    assert showcase.made() == company


def test_everybody_has_a_film_number_of_their_own(company: Company) -> None:
    phones = [customer.phone for customer in company.customers]

    assert len(set(phones)) == len(phones) == showcase.CUSTOMERS
    assert set(phones) == showcase.PHONES
    beginnings = tuple(f"{GERMANY}{area}{block}" for area, block in FILM_RANGES)
    assert all(number.startswith(beginnings) for number in [*phones, *showcase.POOL, showcase.GENERAL_NUMBER])
    assert not set(phones) & {*showcase.POOL, showcase.GENERAL_NUMBER}


def test_only_one_advisor_looks_after_managed_servers(company: Company) -> None:
    _, skill, level = showcase.PRODUCTS["managed-server"]

    assert [one.key for one in company.advisors if one.skills.get(skill, 0) >= level] == [showcase.SPECIALIST.key]
    assert not any("managed-server" in customer.products for customer in company.customers)


def test_nobody_is_away_of_whom_a_group_has_but_one(company: Company) -> None:
    away = showcase.away(company, MONDAY_MORNING)

    groups = {member: group.key for group in company.groups for member in group.members}
    assert max(Counter(groups[one.advisor] for one in away).values()) == 1
    assert all(one.until > MONDAY_MORNING for one in away)


@pytest.mark.database
async def test_founded_company_serves_every_customer(
    company: Company, database: Database, clock: VirtualClock
) -> None:
    async with database.reading() as session:
        assert await founding.is_empty(session)

    await founding.found(database, company, clock.now(), new_id)

    async with database.reading() as session:
        assert await founding.is_founded(session)
        customers = await cast.customers(session)
        absent = await session.fetch_value("SELECT count(*) FROM absences WHERE state = 'approved'")
        leads = await session.fetch_value("SELECT count(lead_id) FROM desk_groups")
    assert len(customers) == showcase.CUSTOMERS
    assert {one.direct_dial for one in customers} <= set(showcase.POOL)
    assert (absent, leads) == (2, len(company.groups))


def test_pictures_have_initials() -> None:
    assert founding.photo_of("Jörn El Amrani") == founding.photo_of("Jörn El Amrani")
    assert founding.photo_of("Özlem Ünal").startswith("/avatars/OU-")
