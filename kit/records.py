"""Records of CSV and NDJSON files, one by one from a stream of bytes; a line that can't be read spoils no other."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kit import strict_json
from kit.errors import Error, Fault

Format = Literal["csv", "ndjson"]

LONGEST_LINE = 64 * 1024
MOST_LINES = 100
"""Lines of one record; a quote that is still open then was a slip."""

CHUNK = 256 * 1024
LIST_MARK = "|"
"""Between the members of a list in a CSV cell: `de|en`."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record, numbered by its first line (from 1, the header counted); `error` where it is unreadable."""

    number: int
    value: Mapping[str, Any] = field(default_factory=dict)
    error: Error | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """What a CSV header may name, which cells hold lists, which hold JSON, and which a whole number."""

    names: frozenset[str]
    lists: frozenset[str] = frozenset()
    documents: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()


def format_of(path: Path) -> Format:
    """By the name of the file; what is not `.csv` is taken for NDJSON."""
    return "csv" if ".csv" in path.suffixes else "ndjson"


async def chunks_of(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


async def raw_lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes | None]:
    """Lines without their ends; None for one that is longer than 64 KiB."""
    rest, skipping = b"", False
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield None if skipping or len(line) > LONGEST_LINE else line.removesuffix(b"\r")
            skipping = False
        if len(rest) > LONGEST_LINE:
            rest, skipping = b"", True
    if skipping:
        yield None
    elif rest:
        yield rest.removesuffix(b"\r")


async def ndjson(chunks: AsyncIterable[bytes]) -> AsyncIterator[Line]:
    """A JSON object per line; empty lines are passed over."""
    number = 0
    async for raw in raw_lines(chunks):
        number += 1
        if raw is None:
            yield Line(number, error=Error("", "too_long"))
        elif raw.strip():
            yield _object(number, raw)


def _object(number: int, raw: bytes) -> Line:
    try:
        value = strict_json.loads(raw)
    except Fault as fault:
        return Line(number, error=fault.errors[0] if fault.errors else Error("", "malformed"))
    return Line(number, value) if isinstance(value, dict) else Line(number, error=Error("", "not_an_object"))


async def comma_separated(chunks: AsyncIterable[bytes], columns: Columns) -> AsyncIterator[Line]:
    """Records of a CSV file in UTF-8 with a header; `,` or `;` between cells, whichever the header has more of.

    An empty cell is a field left out; lists are written `de|en`, weeks as JSON. A header that is unreadable or
    has unknown columns is one error, and nothing more is read.
    """
    header: list[str] | None = None
    delimiter = ","
    async for number, text in _records(chunks):
        cells = None if text is None else _cells(text, delimiter)
        if header is None and text is not None:
            delimiter = ";" if text.count(";") > text.count(",") else ","
            header = [name.strip() for name in _cells(text.removeprefix("\ufeff"), delimiter) or ()]
            code = _complaint(header, columns)
            if code is not None:
                yield Line(number, error=Error("", code))
                return
        elif header is None:
            yield Line(number, error=Error("", "unreadable"))
            return
        elif text is None or cells is None:
            yield Line(number, error=Error("", "unreadable"))
        else:
            yield _record(number, text, dict(zip(header, cells, strict=False)), len(cells) == len(header), columns)


def _complaint(header: Sequence[str], columns: Columns) -> str | None:
    if not columns.names.issuperset(header):
        return "unknown_columns"
    return "column_twice" if len(set(header)) < len(header) else None


async def _records(chunks: AsyncIterable[bytes]) -> AsyncIterator[tuple[int, str | None]]:
    """First line and text of each record; a quoted cell may hold line ends. A quote that is never closed costs its
    own line only: those behind it are read anew."""
    kept = _Kept()
    number = 0
    async for raw in raw_lines(chunks):
        number += 1
        kept.lines.append((number, raw))
        for record in kept.closed(at_end=False):
            yield record
    for record in kept.closed(at_end=True):
        yield record


class _Kept:
    """Lines that have come and may be part of a record; each is looked at once, however long a quote stays open."""

    def __init__(self) -> None:
        self.lines: deque[tuple[int, bytes | None]] = deque()
        self._looked_at = self._size = 0
        self._within = False

    def closed(self, *, at_end: bool) -> Iterator[tuple[int, str | None]]:
        """Take the records that are whole, and where none can be any more the first line, as unreadable."""
        while self.lines:
            whole = self._look()
            if not whole and not at_end and self._looked_at < MOST_LINES and self._size <= LONGEST_LINE:
                return
            number, text = self._take(self._looked_at if whole else 1)
            if not whole or text is None or text.strip():
                yield number, text if whole else None

    def _look(self) -> bool:
        """Go on until the first record is whole; False while a quoted cell is open."""
        while self._looked_at < len(self.lines):
            raw = self.lines[self._looked_at][1]
            if raw is None:
                return self._looked_at == 0 and self._count(b"")
            if self._count(raw):
                return True
        return False

    def _count(self, raw: bytes) -> bool:
        self._looked_at += 1
        self._size += len(raw)
        self._within = _is_within(raw, within=self._within)
        return not self._within

    def _take(self, lines: int) -> tuple[int, str | None]:
        taken = [self.lines.popleft() for _ in range(lines)]
        self._looked_at = self._size = 0
        self._within = False
        raws = [raw for _, raw in taken if raw is not None]
        return taken[0][0], _decoded(b"\n".join(raws)) if raws else None


_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_CELL_OPENS = re.compile(rb'(?:\A|[,;])"')
_CELL_CLOSES = re.compile(rb'(?:[^"]|"")*+"')


def _is_within(raw: bytes, *, within: bool) -> bool:
    """Whether a quoted cell is open at the end of a line, `within` at its beginning; a quote in the midst of an
    unquoted cell is a mere letter."""
    place = 0
    while found := (_CELL_CLOSES.match(raw, place) if within else _CELL_OPENS.search(raw, place)):
        within, place = not within, found.end()
    return within


def _decoded(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _cells(text: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return None


def _record(number: int, text: str, cells: Mapping[str, str], fits: bool, columns: Columns) -> Line:
    if not fits:
        return Line(number, error=Error("", "wrong_number_of_cells"))
    if (code := strict_json.unsafe(text)) is not None:
        return Line(number, error=Error("", code))
    value: dict[str, Any] = {}
    for name, cell in cells.items():
        if cell and not cell.isspace():
            try:
                value[name] = _cell(name, cell, columns)
            except Fault:
                return Line(number, error=Error(f"/{name}", "malformed"))
    return Line(number, value)


def _cell(name: str, cell: str, columns: Columns) -> Any:
    if name in columns.documents:
        return strict_json.loads(cell.encode())
    if name in columns.lists:
        return [part.strip() for part in cell.split(LIST_MARK) if part.strip()]
    return whole(cell.strip()) if name in columns.numbers else cell.strip()


def whole(text: str) -> int | str:
    """The whole number that is written here; else the text, for whoever reads it to refuse."""
    return int(text) if _WHOLE.fullmatch(text) else text
