"""What is logged is listed for operators, and tells nothing of people; also where a library speaks."""

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Iterator

from kit.logs import OfLibraries
from tests.house.repository import ROOT, rooms

PAGE = ROOT / "docs" / "operate" / "logs.md"
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
CANARY = "Kanarienvogel"


def logged() -> Iterator[str]:
    """The names of all events that our code logs."""
    for room in rooms():
        if room.name in {"tests", "bench", "migrations", "web"}:
            continue
        for path in room.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_logger(node.func):
                    first = node.args[0]
                    assert isinstance(first, ast.Constant), f"{path}: an event is a constant"
                    yield str(first.value)


def is_logger(called: ast.Attribute) -> bool:
    source = ast.unparse(called.value)
    if called.attr == "log" and source == "session":
        return True
    return called.attr in LEVELS and (source in {"log", "self._log"} or source.startswith("logger("))


def test_every_event_is_on_the_page_and_no_other() -> None:
    listed = set(re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(), re.MULTILINE))

    assert listed == {*logged(), "request"}


def of_library(message: str, *arguments: object, error: BaseException | None = None) -> dict[str, object]:
    info = (type(error), error, error.__traceback__) if error is not None else None
    record = logging.LogRecord("asyncio", logging.ERROR, "x.py", 1, message, arguments, info)
    line: dict[str, object] = json.loads(OfLibraries().format(record))
    return line


def test_library_is_heard_without_the_values_it_speaks_of() -> None:
    line = of_library("could not serve %s", CANARY)

    assert (line["room"], line["level"], line["event"]) == ("asyncio", "error", "could not serve %s")
    assert CANARY not in str(line)


def test_exception_of_a_library_is_told_by_kind_and_place() -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        line = of_library(f"Task exception was never retrieved\nfuture: {CANARY}", error=error)

    assert line["event"] == "Task exception was never retrieved"
    assert line["error"] == "ValueError"
    assert CANARY not in str(line)
