"""What the compose files name is there, and the scripts are those that the tests run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.repository import ROOT

COMPOSED = sorted(ROOT.glob("compose*.yaml"))
MOUNTED = re.compile(r"^\s+- (\./[^:]+):", re.MULTILINE)
VARIABLES = re.compile(r"^\s+(DURCHWAHL_[A-Z_]+):", re.MULTILINE)


@pytest.mark.parametrize("path", COMPOSED, ids=lambda path: str(path.name))
def test_everything_that_is_mounted_is_in_the_repository(path: Path) -> None:
    missing = [name for name in MOUNTED.findall(path.read_text()) if not (ROOT / name).is_file()]

    assert missing == []


@pytest.mark.parametrize("path", COMPOSED, ids=lambda path: str(path.name))
def test_every_variable_is_a_setting(path: Path) -> None:
    settings = set(re.findall(r"DURCHWAHL_[A-Z_]+", (ROOT / ".env.example").read_text()))

    assert set(VARIABLES.findall(path.read_text())) <= settings


@pytest.mark.parametrize("path", COMPOSED, ids=lambda path: str(path.name))
def test_the_password_of_the_owner_goes_to_the_migration_alone(path: Path) -> None:
    text = path.read_text()
    migrate = text[text.index("\n  migrate:") :]
    migrate = migrate[: re.search(r"\n  \S", migrate[1:]).end()]  # type: ignore[union-attr]

    assert text.count("DURCHWAHL_MIGRATION_DATABASE_URL") == migrate.count("DURCHWAHL_MIGRATION_DATABASE_URL") == 1


def test_the_scripts_of_the_standby_are_those_that_the_failover_is_tried_with() -> None:
    tried = (ROOT / "tests" / "support" / "cluster.py").read_text()
    mounted = {Path(name).name for name in MOUNTED.findall((ROOT / "compose.ha.yaml").read_text())}

    assert {name for name in mounted if name.endswith(".sh")} == set(re.findall(r'"(\w+\.sh)"', tried))


def test_worker_is_probed_on_the_port_that_it_is_given() -> None:
    text = (ROOT / "compose.yaml").read_text()
    worker = text[text.index("\n  worker:") : text.index("\nvolumes:")]
    port = re.search(r'DURCHWAHL_WORKER_PORT: "(\d+)"', worker)

    assert port is not None
    assert f":{port[1]}/livez" in worker
