"""A bank's call log, one month per file, read line by line into calls.

The format is that of `simulation/data/README.md`: 17 fields between commas, plain or gzipped. Nothing in a row
stops the reading: what does not fit is noted in `Oddities` and either mended as its sentence says or left out.
What stops it is a file that is none (`UnusableLog`).
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, BinaryIO, cast
from zoneinfo import ZoneInfo

from simulation.logged_call import FIELDS, LoggedCall, Row
from simulation.oddities import Oddities

__all__ = ["JERUSALEM", "Log", "LoggedCall", "Parser", "Split", "UnusableLog", "read", "split"]

JERUSALEM = "Asia/Jerusalem"
"""Where the bank's clocks hung; a name, so that nothing is looked up at import."""


class UnusableLog(ValueError):
    """The file is no log of this format, or too short to learn from and to replay."""


@dataclass(frozen=True)
class Log:
    """All calls of a file by arrival, what was odd, and how many rows there were (without the header)."""

    calls: tuple[LoggedCall, ...]
    oddities: Oddities
    rows: int
    zone: ZoneInfo


@dataclass(frozen=True)
class Split:
    """The calls to learn from and the calls to replay; `boundary` is the local midnight between them."""

    before: tuple[LoggedCall, ...]
    replayed: tuple[LoggedCall, ...]
    boundary: datetime


def read(path: Path, zone: ZoneInfo | None = None) -> Log:
    """The whole file. Raises `UnusableLog` where it is missing, cut off, or holds not one call."""
    oddities, zone = Oddities(), zone or ZoneInfo(JERUSALEM)
    parser = Parser(oddities, zone)
    try:
        with path.open("rb") as file:
            calls = sorted(parser.parse(_lines(file)), key=lambda call: (call.arrived_at, call.row))
    except (OSError, EOFError, zlib.error) as error:
        raise UnusableLog(f"{path.name} can't be read after row {parser.rows}: {error}") from error
    if not calls:
        raise UnusableLog(f"{path.name} holds no call in the format of simulation/data/README.md")
    return Log(tuple(calls), oddities, parser.rows, zone)


def split(log: Log, learn_days: int = 21) -> Split:
    """Learn from the first `learn_days` days, replay the rest; of a shorter log, two thirds to one third."""
    first, last = (log.calls[i].arrived_at.astimezone(log.zone).date() for i in (0, -1))
    days = (last - first).days + 1
    if days < 2:
        raise UnusableLog("a log of a single day leaves nothing to learn from")
    learnt = learn_days if 0 < learn_days < days else max(1, days * 2 // 3)
    midnight = datetime.combine(first + timedelta(days=learnt), datetime.min.time(), log.zone).astimezone(UTC)
    before = tuple(call for call in log.calls if call.arrived_at < midnight)
    return Split(before, log.calls[len(before) :], midnight)


def _lines(file: BinaryIO) -> Iterator[str]:
    """Text lines, whatever the name says; two bytes tell gzip from text."""
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    unpacked = cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if packed else file
    yield from io.TextIOWrapper(unpacked, encoding="utf-8-sig", errors="replace")


class Parser:
    """Turns lines into calls in the order of the file, noting what is odd. Remembers the calls it has seen."""

    def __init__(self, oddities: Oddities, zone: ZoneInfo) -> None:
        self.oddities, self.zone = oddities, zone
        self.rows = 0
        self._seen: dict[tuple[str, str, str], set[str]] = {}

    def parse(self, lines: Iterable[str]) -> Iterator[LoggedCall]:
        for number, line in enumerate(lines, start=1):
            fields = [field.strip(' "\t\r\n') for field in line.split(",")]
            if not any(fields) or (number == 1 and fields[0].lower() == FIELDS[0]):
                continue
            self.rows += 1
            call = self._call(number, fields)
            if call is not None:
                yield call

    def _call(self, number: int, fields: Sequence[str]) -> LoggedCall | None:
        try:
            row = Row(number, fields, self.oddities)
        except ValueError:
            self.oddities.note("unreadable", number)
            return None
        if row.outcome is None or self._seen_before(number, fields):
            return None
        return row.call(self.zone)

    def _seen_before(self, number: int, fields: Sequence[str]) -> bool:
        """A call number alone may come again on the same line and day; the same entry time may not."""
        line, call_id, day, entry = fields[0], fields[1], fields[5], fields[6]
        entries = self._seen.setdefault((line, call_id, day), set())
        if entry in entries:
            self.oddities.note("duplicate", number)
            return True
        if entries:
            self.oddities.note("id_repeated", number)
        entries.add(entry)
        return False
