"""Every check but the tests, one line each with its duration; then pytest, whose closing line comes last.

`./run test` runs this module. A check that fails shows what it said and does not stop the others; in the end
the exit code is pytest's, or 1 where only checks failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.repository import ROOT, files, rooms

FAILED = "DURCHWAHL_FAILED_CHECKS"
"""How the names of failed checks reach the summary that pytest prints."""

ALPHABET = "0123456789ABCDEFGHJK"
"""A line that has it spells the letters of ids; to the eye that counts entropy it is a secret."""

PYTEST = ["-n", "2", "--dist", "loadscope", "-p", "tests.house.checks"]


@dataclass(frozen=True)
class Check:
    name: str
    command: Sequence[str]


def checks() -> list[Check]:
    code = [room.name for room in rooms() if room.name != "tests"]
    committed = [str(path.relative_to(ROOT)) for path in files() if path.name != "uv.lock"]
    composed = [path.name for path in sorted(ROOT.glob("compose*.yaml"))]
    return [
        Check("uv.lock", ["uv", "lock", "--check", "--quiet"]),
        Check("ruff", ["ruff", "check", "--quiet", "--output-format", "concise", "."]),
        Check("format", ["ruff", "format", "--check", "--quiet", "--output-format", "concise", "."]),
        Check("imports", ["lint-imports"]),
        Check("mypy", ["mypy", "--strict", ".", "run"]),
        Check("bandit", ["bandit", "--quiet", "-c", "pyproject.toml", "-ll", "-ii", "-r", *code]),
        Check("secrets", ["detect-secrets-hook", "--no-verify", "--exclude-lines", ALPHABET, *committed]),
        Check("Dockerfile", ["hadolint", "Dockerfile"]),
        Check("compose", ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", *composed]),
    ]


def main(arguments: Sequence[str]) -> int:
    failed = [check.name for check in checks() if not passes(check)]
    browser()
    environment = {**os.environ, FAILED: ", ".join(failed)}
    tests = [sys.executable, "-m", "pytest", *PYTEST, *arguments]
    return subprocess.run(tests, cwd=ROOT, env=environment, check=False).returncode or int(bool(failed))


def passes(check: Check) -> bool:
    """Run the check, print its line, and what it said where it failed."""
    began = time.perf_counter()
    done = subprocess.run(check.command, cwd=ROOT, capture_output=True, text=True, check=False)
    line("failed" if done.returncode else "ok", check.name, time.perf_counter() - began)
    if done.returncode:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def browser() -> None:
    """Chromium for the browser's tests: found, fetched where we may, else named as missing."""
    began = time.perf_counter()
    if not shutil.which("chromium") and os.geteuid() == 0 and Path("/etc/debian_version").exists():
        fetch_chromium()
    there = shutil.which("chromium") is not None
    line("ok" if there else "skipped", "chromium", time.perf_counter() - began)
    if not there:
        print("  The browser's tests are skipped: install Debian's package `chromium` to run them.", flush=True)


def fetch_chromium() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    for command in (["apt-get", "update", "-qq"], install):
        subprocess.run(command, env=environment, capture_output=True, check=False)


def line(verdict: str, name: str, seconds: float) -> None:
    print(f"{verdict:8}{name:12}{seconds:6.1f} s", flush=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """As a plugin of pytest: name the failed checks beside the tests' closing line."""
    if failed := os.environ.get(FAILED):
        terminalreporter.section("checks that failed, see above")
        terminalreporter.line(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
