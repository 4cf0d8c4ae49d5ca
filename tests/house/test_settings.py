"""The configuration is one class, and `.env.example` says all of it."""

from __future__ import annotations

import os

import pytest

from kit.settings import Settings
from tests.house.env_example import expected
from tests.house.repository import ROOT

EXAMPLE = ROOT / ".env.example"
WRITE_IT = "./run python -m tests.house.env_example > .env.example"


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DURCHWAHL_")]:
        monkeypatch.delenv(name)


def test_the_example_names_every_setting_with_its_default_and_no_other() -> None:
    text = EXAMPLE.read_text() if EXAMPLE.exists() else ""

    assert text == expected(), f"write it anew: {WRITE_IT}"


def test_a_copied_example_changes_nothing() -> None:
    copied = Settings(_env_file=EXAMPLE)

    assert copied == Settings(_env_file=None)


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
