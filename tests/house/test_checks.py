"""`./run test` says what failed and does not hide it behind passing tests."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from tests.house import checks
from tests.house.checks import Check


def says(words: str, code: int) -> Check:
    return Check("example", [sys.executable, "-c", f"print({words!r}); raise SystemExit({code})"])


def test_a_check_that_passes_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert checks.passes(says("all is well", 0))

    assert capfd.readouterr().out.split()[:2] == ["ok", "example"]


def test_a_check_that_fails_shows_what_it_said(capfd: pytest.CaptureFixture[str]) -> None:
    assert not checks.passes(says("line 3 is odd", 1))

    out = capfd.readouterr().out
    assert out.startswith("failed  example")
    assert "line 3 is odd" in out


@pytest.mark.parametrize(("listed", "code"), [([], 0), ([says("odd", 1), says("fine", 0)], 1)])
def test_the_exit_code_remembers_a_failed_check(
    listed: Sequence[Check], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "checks", lambda: listed)
    monkeypatch.setattr(checks, "browser", lambda: None)

    assert checks.main(["--version"]) == code


def test_every_room_is_looked_at_by_bandit() -> None:
    bandit = next(check for check in checks.checks() if check.name == "bandit")

    assert "kit" in bandit.command
    assert "routing" in bandit.command
