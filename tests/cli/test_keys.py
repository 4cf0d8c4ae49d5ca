"""`durchwahl keys`: the same verbs as the API's, for whoever has a shell and no admin at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli import keys

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _here(database_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DURCHWAHL_DATABASE_URL", database_uri)
    monkeypatch.setenv("DURCHWAHL_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def command(*arguments: str) -> Result:
    return CliRunner().invoke(keys.app, list(arguments))


def answered(*arguments: str) -> Any:
    result = command(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_key_is_issued_rotated_listed_and_revoked() -> None:
    first = answered("issue", "switch", "--scope", "telephony")
    second = answered("rotate", first["id"], "--grace-hours", "1")

    third = command("rotate", second["id"])
    found = {key["id"]: key for key in answered("list")}
    command("revoke", first["id"])
    left = [key["id"] for key in answered("list")]

    assert (first["secret"], second["secret"]) != (None, first["secret"])
    assert (third.exit_code, third.stdout) == (keys.REFUSED, "")
    assert "two-keys-are-valid" in third.stderr
    assert (found[first["id"]]["state"], found[second["id"]]["state"]) == ("retiring", "valid")
    assert found[first["id"]]["replaced_by"] == second["id"]
    assert left == [second["id"]]


def test_secret_alone_goes_to_standard_output() -> None:
    result = command("issue", "portal", "--scope", "control_center")

    assert result.stdout.startswith("dw_control_center_")
    assert result.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("issue", "x", "--scope", "everything"), "bad-machine-key"),
        (("rotate", "key_01J00000000000000000000000"), "not-found"),
        (("revoke", "no key"), "not-found"),
    ],
)
def test_what_can_not_be_done_is_said_with_the_word_of_the_api(arguments: tuple[str, ...], word: str) -> None:
    result = command(*arguments)

    assert result.exit_code == keys.REFUSED
    assert word in result.stderr
