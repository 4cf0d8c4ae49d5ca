"""Tables that are kept by month, so that retention drops whole months and history is never rewritten.

`kept_by_month` names them; only migrations write it. Partitions are made and dropped by functions of the database
that run as its owner: the service itself may not do either.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Integer, Text
from sqlmodel import Field, SQLModel

from kit.database import ReadSession, Session
from kit.tables import kept as tagged


@tagged("running", "always", codes="parent")
class KeptByMonth(SQLModel, table=True):
    """`least_months` is how many whole months after its own a month stays, whatever retention asks for."""

    __tablename__ = "kept_by_month"

    parent: str = Field(primary_key=True, sa_type=Text)
    least_months: int = Field(sa_type=Integer)


KEPT = """
SELECT parent FROM kept_by_month ORDER BY parent
"""

MONTHS = """
SELECT make_date(substr(part, 1, 4)::int, substr(part, 6, 2)::int, 1) AS month
FROM (
    SELECT right(inhrelid::regclass::text, 7) AS part FROM pg_inherits WHERE inhparent = to_regclass($1::text)
) AS parts
WHERE part ~ '^\\d{4}_\\d{2}$'
ORDER BY month
"""


async def kept(session: ReadSession) -> list[str]:
    """The tables that are kept by month."""
    return [row["parent"] for row in await session.fetch(KEPT)]


async def months(session: ReadSession, parent: str) -> list[date]:
    """The first days of the months that `parent` has a partition for, the oldest first."""
    return [row["month"] for row in await session.fetch(MONTHS, parent)]


async def ensure(session: Session, parent: str, month: date) -> None:
    """Make the partition of that month unless it is there."""
    await session.execute("SELECT ensure_month($1, $2)", parent, month)


async def drop(session: Session, parent: str, month: date) -> bool:
    """Drop a past month with all that is in it; whether there was one.

    The database refuses a table that isn't kept by month, and a month that is not old enough by its own clock.
    """
    return bool(await session.fetch_value("SELECT drop_month($1, $2)", parent, month))
