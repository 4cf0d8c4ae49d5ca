"""Every column says what it is about, why it is kept and for how long; the page that tells it is true."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, MetaData, Table, Text

import migrations.metadata  # noqa: F401 - every table
from kit.tables import PURPOSES, RETENTIONS
from privacy import record
from privacy.paths import ACCOUNT, ADVISOR, CUSTOMER
from privacy.tags import columns, has_content, tables, tags_of

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "privacy" / "record-of-processing.md"


def untagged(these: list[Table]) -> list[str]:
    """Tables that say nothing, columns with content of which nothing is said, and codes that are no columns."""
    silent = [
        table.name for table in these if not table.info.keys() >= {"purpose", "retention", "concern", "codes"}
    ]
    told = [table for table in these if table.name not in silent]
    return [
        *silent,
        *(f"{tags.table}.{tags.column}" for table in told for tags in tags_of(table) if not tags.explicit),
        *(f"{table.name}.{name}?" for table in told for name in table.info["codes"] - set(table.columns.keys())),
    ]


def test_every_column_is_tagged() -> None:
    assert untagged(tables()) == []


def test_untagged_column_is_found() -> None:
    info = {"purpose": "company", "retention": "company", "concern": "operational", "codes": frozenset(("lost",))}
    toys = Table("toys", MetaData(), Column("name", Text), Column("lent", Text, info={"concern": "personal"}))

    assert untagged([toys]) == ["toys"]
    toys.info.update(info)
    assert untagged([toys]) == ["toys.name", "toys.lost?"]


def test_tags_are_words_of_the_vocabulary() -> None:
    assert {table.info["purpose"] for table in tables()} <= PURPOSES.keys()
    assert {table.info["retention"] for table in tables()} <= RETENTIONS.keys()


def test_code_is_content_and_not_personal() -> None:
    for table in tables():
        for tags in tags_of(table):
            if tags.column in table.info["codes"]:
                assert has_content(table.columns[tags.column]), f"{tags.table}.{tags.column} needs no tag"
                assert "concern" not in table.columns[tags.column].info


def test_every_table_with_something_personal_is_reached_from_a_person() -> None:
    reached = CUSTOMER.keys() | ADVISOR.keys() | ACCOUNT.keys()

    assert {table.name for table in tables() if columns(table, "personal")} <= reached


def test_every_table_that_names_a_customer_is_exported() -> None:
    named = {table.name for table in tables() if "customer_id" in table.columns}

    assert named <= CUSTOMER.keys()


def test_page_is_as_the_tables_say() -> None:
    """`./run python -m privacy.record > docs/privacy/record-of-processing.md` makes it anew."""
    assert PAGE.read_text("utf-8") == record.written()
