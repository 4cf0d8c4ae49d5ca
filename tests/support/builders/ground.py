"""What all builders stand on: the morning of the tests, ids, numbers from films, and a row written as it is."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from kit import ids
from kit.database import Session

MONDAY_MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""10 o'clock in Berlin, a working day without holidays nearby; the same as the fixture `now`."""

WORKDAYS = {day: [["08:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
ALWAYS = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}

CAP_S = 144_000
"""40 hours a month, about 400 customers of 360 s."""

T = TypeVar("T", bound=SQLModel)

_dice = random.Random(1999)
ordinals = itertools.count(1)


def new_id(now: datetime = MONDAY_MORNING) -> UUID:
    return ids.new_id(now, _dice)


async def insert(session: Session, row: T, on_conflict: str = "") -> T:
    """Write one row as it is; `on_conflict` is the tail of the statement, for example `ON CONFLICT DO NOTHING`."""
    table = row.__table__  # type: ignore[attr-defined]
    values = {column.name: getattr(row, column.name) for column in table.columns}
    values = {
        name: to_json(value).decode() if isinstance(table.columns[name].type, JSONB) else value
        for name, value in values.items()
    }
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    statement = f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({places}) {on_conflict}"
    await session.execute(statement, *values.values())
    return row


def an_office_number() -> str:
    """A number for a pool: Berlin, Frankfurt and Hamburg, 3,000 in all, then from the beginning again."""
    return _film_number(("+493023125", "+496990009", "+494066969"))


def a_private_number() -> str:
    """A number for a customer: München and Köln, 2,000 in all, then from the beginning again."""
    return _film_number(("+498999998", "+492214710"))


def _film_number(beginnings: Sequence[str]) -> str:
    area, extension = divmod(next(ordinals) % (len(beginnings) * 1000), 1000)
    return f"{beginnings[area]}{extension:03}"
