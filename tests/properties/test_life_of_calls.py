"""Whatever happens, in whatever order: the invariants hold after every step, and everything comes to an end.

    DURCHWAHL_STEPS=500000 DURCHWAHL_SEED=7 pytest tests/properties/test_life_of_calls.py

The default is 5,000 steps, the same ones each time. A failure is told with its seed and the fewest steps that still
lead there.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from kit.catalogue import Catalogue
from kit.database import Database
from kit.settings import Settings
from tests.properties import company as companies
from tests.properties.company import Company
from tests.properties.life import AT_EVERY_STEP, Life
from tests.properties.shrinking import shortest
from tests.properties.steps import Step, drawn, take
from tests.support import postgres

pytestmark = pytest.mark.database

STEPS = int(os.environ.get("DURCHWAHL_STEPS", "5000"))
SEED = int(os.environ.get("DURCHWAHL_SEED", "1"))
STEPS_OF_A_LIFE = 250
EVERYTHING_EVERY = 50
VIEWS_EVERY = 50


@dataclass
class Stage:
    """Where lives are played: a database in which the company is founded, and nothing else is ever committed."""

    database: Database
    company: Company
    catalogue: Catalogue

    @contextlib.asynccontextmanager
    async def life(self) -> AsyncIterator[Life]:
        async with self.database.lane() as lane:
            transaction: Any = lane.raw.transaction()
            await transaction.start()
            try:
                life = Life(lane, self.company, self.catalogue)
                await life.begin()
                yield life
            finally:
                await transaction.rollback()


@pytest.fixture(scope="module")
async def stage(server_uri: str, settings: Settings, worker_id: str) -> AsyncIterator[Stage]:
    name = f"life_{worker_id}_{uuid4().hex[:8]}"
    patient = settings.model_copy(update={"idle_in_transaction_timeout": timedelta(0)})
    database = Database(await postgres.create_database(server_uri, name), patient, application="tests")
    async with database.transaction() as session:
        company = await companies.found(session)
    yield Stage(database, company, Catalogue.load(strict=True))
    await database.close()
    await postgres.drop_database(server_uri, name)


async def live(stage: Stage, steps: Sequence[Step]) -> Exception | None:
    """Play a life to its end; returns what went wrong."""
    async with stage.life() as life:
        try:
            for n, step in enumerate(steps, start=1):
                await take(life, step)
                await life.check(*(AT_EVERY_STEP if n % EVERYTHING_EVERY else ()))
                if n % VIEWS_EVERY == 0:
                    await life.check_views()
            await life.run_out()
            await life.check()
            await life.check_views()
        except Exception as wrong:
            return wrong
    return None


def kind(wrong: Exception | None) -> str:
    """What two failures have in common that are one."""
    where = wrong.__traceback__ if wrong is not None else None
    names = []
    while where is not None:
        names.append(where.tb_frame.f_code.co_name)
        where = where.tb_next
    return f"{type(wrong).__name__} {str(wrong)[:25]} in {'/'.join(names[-2:])}"


async def told(stage: Stage, steps: Sequence[Step], wrong: Exception) -> str:
    async def fails_alike(fewer: Sequence[Step]) -> bool:
        return kind(await live(stage, fewer)) == kind(wrong)

    fewest = await shortest(steps, fails_alike)
    last = await live(stage, fewest)
    return "\n".join([f"{kind(last)}: {last}", *(f"    {step}," for step in fewest)])


@pytest.mark.timeout(300 + STEPS // 10)
async def test_invariants_hold_whatever_happens(stage: Stage) -> None:
    for seed in range(SEED, SEED + max(1, STEPS // STEPS_OF_A_LIFE)):
        steps = drawn(random.Random(seed), STEPS_OF_A_LIFE)
        wrong = await live(stage, steps)
        if wrong is not None:
            pytest.fail(f"seed {seed}: {await told(stage, steps, wrong)}")
