"""One secret per installation: configured, or made once."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from kit.secret import TooShort, load
from kit.settings import Settings


def settings(data_dir: Path, **more: Any) -> Settings:
    return Settings(data_dir=data_dir, _env_file=None, **more)


def test_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first = load(settings(tmp_path / "new"))

    assert load(settings(tmp_path / "new")) == first
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / "new" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret"]


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: load(settings(tmp_path)), range(32)))

    assert len(found) == 1


def test_configured_secret_is_the_same_everywhere_and_writes_nothing(tmp_path: Path) -> None:
    given = SecretStr("sixteen letters!")

    assert load(settings(tmp_path, secret=given)) == load(settings(tmp_path / "other", secret=given))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", ["", "changeme"])
def test_secret_that_can_be_tried_out_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(TooShort):
        load(settings(tmp_path, secret=SecretStr(given)))
