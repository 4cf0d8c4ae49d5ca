"""What must hold for the repository as a whole, and what no linter looks at."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from tests.house.repository import ROOT, files, place, rooms, text_files

OUTSIDE_OF_THE_LAYERS = {"bench", "locales", "migrations", "tests", "web"}
"""They may import all, or hold no code that decides."""

PRIVATE_PLACES = {
    "a folder of somebody's machine": r"(?<![\w.~$}-])/(?:" + "|".join(["work", "root", "opt/" + "pypi"]) + r")/",
    "a host of a package registry": "|".join(
        name.replace(" ", r"\.")
        for name in ("pypi org", "pythonhosted org", "npmjs org", "npmjs com", "yarnpkg com", "proxy golang org")
    ),
}
"""What belongs to the machine or the network where somebody wrote, not to the project."""

LOCK_FILES = {"uv.lock", "package-lock.json"}
"""They name where each library comes from; that is their purpose."""

CLOCKS_OF_THE_DATABASE = re.compile(
    r"(?<![\w.])(?:now|clock_timestamp|statement_timestamp|transaction_timestamp)\(\)"
    r"|\b(?:CURRENT_TIMESTAMP|CURRENT_DATE|LOCALTIMESTAMP)\b",
    re.IGNORECASE,
)

THEY_MAY_ASK_THE_DATABASE = {
    "kit/offset.py",  # compares the two clocks
    "migrations/versions/2026-11-27-0225_let_the_service_do_without_owning.py",  # what guards against its caller
    "migrations/versions/2026-11-27-0245_keep_an_audit.py",  # the same
}

SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE|WHERE|SET|VALUES)\b", re.IGNORECASE)


def settings_of_tools() -> dict[str, Any]:
    tools: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    return tools


def layered_rooms() -> set[str]:
    return {room.name for room in rooms()} - OUTSIDE_OF_THE_LAYERS


@pytest.mark.parametrize("title", PRIVATE_PLACES)
def test_nothing_names_the_machine_it_was_written_on(title: str) -> None:
    pattern = re.compile(PRIVATE_PLACES[title])

    found = [
        f"{place(path, text, match.start())}: {match.group()}"
        for path, text in text_files()
        if path.name not in LOCK_FILES
        for match in pattern.finditer(text)
    ]

    assert found == []


def test_every_package_says_what_it_is_for() -> None:
    folders = {path.parent for path in files() if path.suffix == ".py" and path.parent != ROOT}

    silent = [
        str(folder.relative_to(ROOT))
        for folder in sorted(folders)
        if folder.name != "versions" and not docstring_of_package(folder / "__init__.py")
    ]

    assert silent == [], "one line at the head of __init__.py, please"


def docstring_of_package(path: Any) -> str | None:
    return ast.get_docstring(ast.parse(path.read_text())) if path.exists() else None


def test_every_room_is_under_the_import_contracts() -> None:
    contracts = settings_of_tools()["importlinter"]

    layered = set(re.findall(r"\w+", " ".join(contracts["contracts"][0]["layers"])))

    assert set(contracts["root_packages"]) == layered_rooms()
    assert layered_rooms() <= layered


def test_every_room_is_in_the_wheel() -> None:
    packed = set(settings_of_tools()["hatch"]["build"]["targets"]["wheel"]["packages"])

    assert {room.name for room in rooms()} - {"tests", "bench"} <= packed


def test_the_whole_wheel_reaches_the_container() -> None:
    packed = settings_of_tools()["hatch"]["build"]["targets"]["wheel"]["packages"]
    let_through = re.findall(r"^!(\w+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)

    assert set(packed) <= set(let_through)


def test_no_room_hides_a_module_of_the_standard_library() -> None:
    assert {room.name for room in rooms()} & sys.stdlib_module_names == set()


def test_no_statement_reads_the_clock_of_the_database() -> None:
    """Every statement binds the instant that it is given."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path, text in text_files()
        if path.parts[len(ROOT.parts)] not in {"tests", "bench"} and path.suffix in {".py", ".sql"}
        if str(path.relative_to(ROOT)) not in THEY_MAY_ASK_THE_DATABASE
        for statement in (sql_strings(text) if path.suffix == ".py" else [re.sub("--.*", "", text)])
        for match in CLOCKS_OF_THE_DATABASE.finditer(statement)
    ]

    assert found == []


def sql_strings(source: str) -> list[str]:
    """The string literals of a module that speak SQL; docstrings and other lone strings do not count."""
    tree = ast.parse(source)
    lone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    literals = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in lone
    ]
    return [text for text in literals if SQL.search(text)]


def test_the_changelog_says_what_is_not_released_yet() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text()


def test_the_licence_is_there_in_full() -> None:
    text = (ROOT / "LICENSE").read_text()

    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("program", ["run", ".ci/run"])
def test_the_commands_can_be_executed(program: str) -> None:
    assert (ROOT / program).stat().st_mode & 0o111 == 0o111


@pytest.mark.parametrize("arguments", [[], ["--help"], ["help"]])
def test_run_explains_itself_before_it_prepares_anything(arguments: list[str]) -> None:
    said = subprocess.run([sys.executable, ROOT / "run", *arguments], capture_output=True, text=True, check=True)

    assert "./run demo" in said.stdout
    assert "./run test" in said.stdout
    assert "./run COMMAND" in said.stdout


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")
def test_a_bare_make_names_the_everyday_verbs() -> None:
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert "make demo" in said
    assert "make test" in said


def test_every_decision_record_has_its_four_parts() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))

    assert records
    for record in records:
        heads = re.findall(r"^## (.+)$", record.read_text(), re.MULTILINE)
        assert heads == ["Context", "Decision", "Consequences", "Alternatives"], record.name


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{place(path, text, match.start())}: {match[1]}"
        for path, text in text_files()
        if path.suffix == ".md"
        for match in re.finditer(r"\]\((?!https?:|mailto:|#)([^)#]+)[^)]*\)", text)
        if not (path.parent / match[1]).exists()
    ]

    assert broken == []
