"""An import that outlives a failover."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import stamina

from kit.bulk import patiently
from kit.database import DatabaseAway


class Flickering:
    """Away for so many attempts, then there."""

    def __init__(self, away: int) -> None:
        self.left, self.asked = away, 0

    async def __call__(self) -> str:
        self.asked += 1
        self.left -= 1
        if self.left >= 0:
            raise DatabaseAway
        return "in"


@pytest.fixture(autouse=True)
def without_waiting() -> Iterator[None]:
    stamina.set_testing(True, attempts=5)
    yield
    stamina.set_testing(False)


async def test_what_is_away_for_a_while_is_tried_again() -> None:
    work = Flickering(away=3)

    assert await patiently(work, timedelta(seconds=60)) == "in"
    assert work.asked == 4


async def test_who_has_no_patience_hears_of_it_at_once() -> None:
    work = Flickering(away=1)

    with pytest.raises(DatabaseAway):
        await patiently(work, timedelta(0))
    assert work.asked == 1


async def test_patience_ends() -> None:
    with pytest.raises(DatabaseAway):
        await patiently(Flickering(away=10), timedelta(seconds=60))


async def test_every_other_failure_is_told_at_once() -> None:
    async def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await patiently(work, timedelta(seconds=60))
