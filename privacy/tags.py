"""What the tables say of themselves: purpose, retention, and whom each column concerns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ARRAY, JSON, Column, LargeBinary, String, Table
from sqlmodel import SQLModel

from kit.tables import Concern, Purpose, Retention


@dataclass(frozen=True, slots=True)
class Tags:
    """Of one column; `explicit` where it was said of this very column what its content is."""

    table: str
    column: str
    concern: Concern
    purpose: Purpose
    retention: Retention
    explicit: bool


def tables() -> list[Table]:
    """All tables that have been imported, by name."""
    return sorted(SQLModel.metadata.tables.values(), key=lambda table: table.name)


def tags_of(table: Table) -> Iterator[Tags]:
    """Raises `KeyError` for a table without tags."""
    info = table.info
    for column in table.columns:
        own: Concern | None = column.info.get("concern")
        explicit = own is not None or column.name in info["codes"] or not has_content(column)
        yield Tags(table.name, column.name, own or info["concern"], info["purpose"], info["retention"], explicit)


def has_content(column: Column[object]) -> bool:
    """Whether words could stand in it: text, JSON, bytes, lists of text; ids, instants, numbers and flags can't."""
    kind = column.type.item_type if isinstance(column.type, ARRAY) else column.type
    return isinstance(kind, String | JSON | LargeBinary)


def columns(table: Table, *concerns: Concern) -> list[str]:
    """The names of the columns of a table that concern a person so."""
    return [tags.column for tags in tags_of(table) if tags.concern in concerns]
