"""What was measured last, for all replicas alike."""

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from kit.tables import Instant, Json, kept


@kept("running", "always", codes="kind figures")
class Measurement(SQLModel, table=True):
    """One kind of measuring. Whoever moves `due_at` measures; `counted_until` is how far the growing figures reach.

    `figures` holds names of figures, states and markets with numbers; never anything about a person.
    """

    __tablename__ = "measurements"

    kind: str = Field(primary_key=True, sa_type=Text)
    due_at: datetime = Field(sa_type=Instant)
    measured_at: datetime | None = Field(default=None, sa_type=Instant)
    counted_until: datetime | None = Field(default=None, sa_type=Instant)
    figures: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
