"""Structured logs as JSON lines; ids only, never names, numbers or texts of people.

`docs/operate/logs.md` lists what is logged; a test compares it with the code.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

import structlog
from pydantic_core import to_json


def configure(level: str = "info") -> None:
    """Send our own and the libraries' records through one JSON renderer on stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    of_libraries = logging.StreamHandler(sys.stderr)
    of_libraries.setFormatter(OfLibraries())
    logging.basicConfig(handlers=[of_libraries], level=logging.WARNING, force=True)


class OfLibraries(logging.Formatter):
    """What a library says, without the values that it says it with: those may be anybody's.

    The first line of its template, and of an exception kind and places.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "room": record.name,
            "event": str(record.msg).partition("\n")[0],
        }
        if record.exc_info is not None and record.exc_info[1] is not None:
            line |= facts(record.exc_info[1])
        return to_json(line).decode()


def facts(error: BaseException) -> dict[str, Any]:
    """What may be logged of an exception: kind, SQLSTATE and places; its words may hold numbers and names."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return {
        "error": type(error).__name__,
        "sqlstate": getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None),
        "where": [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames],
    }


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger(room=name)
    return bound
