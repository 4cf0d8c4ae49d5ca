"""Old code runs on the new schema: a migration only adds, unless it says why nobody needs what it takes away.

A rolling upgrade migrates first and replaces the replicas afterwards, so for a while yesterday's code works on
today's tables. What takes away (the contract phase) comes a release after the code has stopped using it, and says:

    CONTRACT = "nobody reads `nickname` since 1.4"
"""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.postgres import ROOT

VERSIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))
TAKES_AWAY = re.compile(
    r"\bDROP\s+(?:TABLE|COLUMN|VIEW|TYPE|SCHEMA|SEQUENCE|FUNCTION(?!\s+IF))|\bRENAME\b|\bSET\s+NOT\s+NULL\b"
    r"|\bALTER\s+(?:COLUMN\s+)?\w+\s+(?:SET\s+DATA\s+)?TYPE\b|\bDROP\s+DEFAULT\b|\bTRUNCATE\b",
    re.IGNORECASE,
)
BODY = re.compile(r"\$(\w*)\$.*?\$\1\$", re.DOTALL)
"""What a function does is not what the migration does."""
DROPS = {"drop_table", "drop_column", "rename_table", "drop_table_comment"}


class Recorder:
    """Stands in for Alembic's `op`: notes what would take something away."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self._judge(name, arguments, options)
            return self

        return call

    def _judge(self, name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        words = " ".join(str(argument) for argument in arguments if isinstance(argument, str | sa.TextClause))
        if name in DROPS:
            self.found.append(f"{name} {words}")
        if name == "execute" and (taken := TAKES_AWAY.search(BODY.sub("", words))):
            self.found.append(taken.group())
        if name == "alter_column" and _narrows(options):
            self.found.append(f"{name} {words}")
        if name == "add_column":
            self.found += [f"{one.name} NOT NULL without default" for one in arguments if _is_demanding(one)]


def _narrows(options: dict[str, Any]) -> bool:
    return options.get("nullable") is False or bool({"new_column_name", "type_"} & options.keys())


def _is_demanding(column: Any) -> bool:
    """Old code does not fill it, so every insert would fail."""
    return isinstance(column, sa.Column) and not column.nullable and column.server_default is None


def taken_away(module: ModuleType) -> list[str]:
    recorder = Recorder()
    module.op = recorder  # type: ignore[attr-defined]
    module.upgrade()
    return recorder.found


def loaded(path: Path) -> ModuleType:
    spec = spec_from_file_location(f"looked_at_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: str(path.stem))
def test_a_migration_only_adds_or_says_why_nobody_needs_what_it_takes_away(path: Path) -> None:
    module = loaded(path)

    found = taken_away(module)

    assert not found or getattr(module, "CONTRACT", "").strip(), f"old code may need it: {found}"


@pytest.mark.parametrize(
    "line",
    [
        "op.drop_table('toys')",
        "op.drop_column('toys', 'name')",
        "op.rename_table('toys', 'games')",
        "op.alter_column('toys', 'name', nullable=False)",
        "op.alter_column('toys', 'name', new_column_name='title')",
        "op.add_column('toys', sa.Column('age', sa.Integer(), nullable=False))",
        "op.execute('ALTER TABLE toys DROP COLUMN name')",
        "op.execute('ALTER TABLE toys RENAME name TO title')",
        "op.execute('ALTER TABLE toys ALTER COLUMN name SET NOT NULL')",
        "op.execute('ALTER TABLE toys ALTER COLUMN name TYPE text')",
    ],
)
def test_what_takes_away_is_noticed(line: str) -> None:
    assert taken_away(a_migration(line))


@pytest.mark.parametrize(
    "line",
    [
        "op.create_table('toys', sa.Column('name', sa.Text(), nullable=False))",
        "op.add_column('toys', sa.Column('age', sa.Integer(), nullable=False, server_default='0'))",
        "op.add_column('toys', sa.Column('age', sa.Integer(), nullable=True))",
        "op.execute('CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN DROP TABLE toys; END $$')",
        "op.create_index('ix', 'toys', ['name'])",
    ],
)
def test_what_only_adds_is_let_through(line: str) -> None:
    assert taken_away(a_migration(line)) == []


def a_migration(line: str) -> ModuleType:
    module = ModuleType("a_migration")
    exec(f"import sqlalchemy as sa\ndef upgrade():\n    {line}\n", module.__dict__)
    return module
