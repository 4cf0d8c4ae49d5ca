"""`durchwahl replay` as people type it: both sides, each in a process and on a database of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest

from tests.simulation.builders import a_file
from tests.simulation.small_log import FIRST_DAY, a_small_log

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
FROM = ("--from", f"{FIRST_DAY.replace(day=FIRST_DAY.day + 2)}")


def started(*arguments: str, temporary: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cli.main", "replay", *arguments]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def ended(*arguments: str, temporary: Path) -> tuple[int, str, str]:
    process = started(*arguments, temporary=temporary)
    output, errors = process.communicate(timeout=110)
    return process.returncode, output, errors


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


async def databases(url: str) -> Sequence[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'durchwahl_replay_%'")
        return [row["datname"] for row in rows]
    finally:
        await connection.close()


async def test_both_sides_are_compared_and_nothing_is_left_behind(
    tmp_path: Path, temporary: Path, server_uri: str
) -> None:
    log = a_small_log(tmp_path)

    code, output, errors = ended(str(log), *FROM, "--database-url", server_uri, "--json", temporary=temporary)

    assert code == 0, errors
    report = json.loads(output)
    for side in ("policy", "baseline"):
        keys = {"own_advisor_share", "within_20s", "abandonment", "speed_of_answer_s", "occupancy", "callbacks"}
        assert keys <= report[side].keys()
        assert {"promised", "kept", "late", "open"} <= report[side]["callbacks"].keys()
    assert report["violations"] == 0
    assert report["speedup"] > 1
    assert report["inputs"]["seed"] == 1
    assert output.count("\n") == 1
    assert await databases(server_uri) == []


def test_told_to_stop_it_ends_its_processes_and_its_server(tmp_path: Path, temporary: Path) -> None:
    process = started(str(a_small_log(tmp_path)), *FROM, temporary=temporary)
    assert process.stderr is not None
    under_way = next(line for line in process.stderr if line.startswith(("policy", "baseline")))

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)

    assert under_way
    assert process.returncode == 143
    assert list(temporary.glob("durchwahl-replay-*")) == []


def test_a_file_that_is_no_log_is_refused_with_a_sentence(tmp_path: Path, temporary: Path) -> None:
    nothing = a_file(tmp_path, ["what, is, this"])

    code, _, errors = ended(str(nothing), temporary=temporary)

    assert code == 2
    assert "Nothing to replay" in errors
    assert "Traceback" not in errors
