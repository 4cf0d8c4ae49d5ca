"""The script that a newcomer starts with."""

from __future__ import annotations

import importlib.util
import shutil
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.repository import ROOT


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script as a module, at home in a folder of its own."""
    shutil.copy(ROOT / "run", tmp_path)
    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / name).write_text("as it was")
    loader = SourceFileLoader("run_script", str(tmp_path / "run"))
    spec = importlib.util.spec_from_loader("run_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def prepared(run: ModuleType) -> None:
    run.VENV.mkdir()
    run.STAMP.write_text(run.stamp())


def test_verbs_stand_for_commands_and_anything_else_is_one(run: ModuleType) -> None:
    assert run.expand("demo", "--port", "0") == ["durchwahl", "up", "--demo", "--port", "0"]
    assert run.expand("test", "-q") == ["python", "-m", "tests.house.checks", "-q"]
    assert run.expand("durchwahl", "serve") == ["durchwahl", "serve"]


def test_what_has_not_changed_is_not_prepared_again(run: ModuleType) -> None:
    assert not run.is_prepared()

    prepared(run)

    assert run.is_prepared()


@pytest.mark.parametrize("name", ["pyproject.toml", "uv.lock"])
def test_other_libraries_are_prepared_for(run: ModuleType, name: str) -> None:
    prepared(run)

    (run.ROOT / name).write_text("as it is now")

    assert not run.is_prepared()


def test_an_environment_that_came_with_a_copied_folder_is_discarded(run: ModuleType) -> None:
    prepared(run)
    run.STAMP.write_text("/somewhere/else\nthe same digest\n")

    run.discard_foreign_environment()

    assert not run.VENV.exists()


def test_an_environment_of_ones_own_is_kept(run: ModuleType) -> None:
    prepared(run)
    (run.ROOT / "uv.lock").write_text("as it is now")

    run.discard_foreign_environment()

    assert run.VENV.exists()


@pytest.mark.parametrize(("said", "version"), [("uv 0.13.9 (abc 2026-01-01)", (0, 13)), ("nonsense", (0, 0))])
def test_the_version_of_another_uv_is_read(
    run: ModuleType, tmp_path: Path, said: str, version: tuple[int, int]
) -> None:
    program = tmp_path / "uv"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)

    assert run.version_of(str(program)) == version
