"""Records of CSV and NDJSON files, one by one from a stream of bytes; a line that can't be read spoils no other."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
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
    """What a CSV header may name, which cells hold lists, and which hold JSON."""

    names: frozenset[str]
    lists: frozenset[str] = frozenset()
    documents: frozenset[str] = frozenset()


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
    kept: deque[tuple[int, bytes | None]] = deque()
    number = 0
    async for raw in raw_lines(chunks):
        number += 1
        kept.append((number, raw))
        for record in _closed(kept, at_end=False):
            yield record
    for record in _closed(kept, at_end=True):
        yield record


def _closed(kept: deque[tuple[int, bytes | None]], *, at_end: bool) -> list[tuple[int, str | None]]:
    """Take the records that are whole out of `kept`."""
    found: list[tuple[int, str | None]] = []
    while kept:
        number, first = kept[0]
        taken = 1 if first is None else _length(kept)
        if taken == 0 and not at_end and len(kept) < MOST_LINES and _size(kept) <= LONGEST_LINE:
            break
        raws = [kept.popleft()[1] for _ in range(taken or 1)]
        text = _decoded(b"\n".join(raw for raw in raws if raw is not None)) if taken and first is not None else None
        if text is None or text.strip():
            found.append((number, text))
    return found


def _size(kept: deque[tuple[int, bytes | None]]) -> int:
    return sum(len(raw) for _, raw in kept if raw is not None)


def _length(kept: deque[tuple[int, bytes | None]]) -> int:
    """How many lines the first record has; 0 while a quoted cell is still open."""
    whole = b""
    for taken, (_, raw) in enumerate(kept, start=1):
        if raw is None:
            return 0
        whole = whole + b"\n" + raw if taken > 1 else raw
        if whole.count(b'"') % 2 == 0 or not _is_open(whole):
            return taken
    return 0


def _is_open(text: bytes) -> bool:
    """Whether a cell that began with a quote has not ended; a quote within an unquoted cell is a mere letter."""
    within, at_start, place = False, True, 0
    while place < len(text):
        letter = text[place : place + 1]
        if within:
            if letter == b'"':
                if text[place + 1 : place + 2] == b'"':
                    place += 1
                else:
                    within = False
        elif letter == b'"' and at_start:
            within = True
        at_start = not within and letter in {b",", b";", b"\n"}
        place += 1
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
    return cell.strip()
