"""Many records in: read as a stream, written in batches, answered line by line.

- A line is read alone: what is wrong with one is said with its number, and the others go on.
- A batch is one short transaction, since a long one would hold back everybody's event stream. Where the database
  refuses a batch for one of its records it is halved until that record is found.
- The same file again changes nothing, so whoever was interrupted simply repeats.
- Memory stays flat: one batch is written while the next is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, Literal, Protocol, TypeVar

import asyncpg
import stamina
from pydantic import ValidationError
from pydantic_core import to_json

from kit.database import Database, DatabaseAway, ReadSession, Session, as_away
from kit.errors import Error, Fault
from kit.ids import IdMaker
from kit.records import Columns, Format, Line, comma_separated, ndjson
from kit.strict_json import step
from kit.wire import CODES

Outcome = Literal["created", "updated", "skipped", "error"]

BATCH = 2000
BREATH = 50
"""Records between two looks at the event loop: some 5 ms, so that calls beside an import are answered."""

AT_ONCE = timedelta(0)

Record = TypeVar("Record")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a line; `more` are members of its own kind."""

    line: int
    outcome: Outcome
    errors: Sequence[Error] = ()
    word: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def written(self) -> bytes:
        """As one line of NDJSON."""
        members: dict[str, Any] = {"line": self.line, "outcome": self.outcome, **self.more}
        if self.word is not None:
            members["code"] = self.word
        if self.errors:
            members["errors"] = [{"pointer": error.pointer, "code": error.code} for error in self.errors]
        return to_json(members) + b"\n"


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a record that was written."""

    outcome: Outcome
    more: Mapping[str, Any] = field(default_factory=dict)


class Importer(Protocol[Record]):
    """One kind of records."""

    name: str
    columns: Columns
    batch: int

    async def prepare(self, session: ReadSession, /) -> None:
        """Look up what reading records takes; called before each batch."""

    def read(self, value: Mapping[str, Any], /) -> Record:
        """One record. Raises pydantic's `ValidationError` or a `Fault` for what can't be."""

    def key(self, record: Record, /) -> str:
        """What may not come twice in one batch."""

    async def write(
        self, session: Session, records: Sequence[Record], now: datetime, new_id: IdMaker, /
    ) -> Sequence[Done | Fault]:
        """Write a batch; one answer per record, in order."""


def lines_of(chunks: AsyncIterable[bytes], written_as: Format, importer: Importer[Any]) -> AsyncIterator[Line]:
    if written_as == "csv":
        return comma_separated(chunks, importer.columns)
    return ndjson(chunks)


def reasons(error: ValidationError) -> list[Error]:
    """What pydantic complains about, with JSON pointers and codes; never the value."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [Error(_pointer(one["loc"]), CODES.get(one["type"], one["type"])) for one in found]


def _pointer(location: Sequence[str | int]) -> str:
    pointer = ""
    for part in location:
        pointer = f"{pointer}/{part}" if isinstance(part, int) else step(pointer, part)
    return pointer


@dataclass
class Batch(Generic[Record]):
    """Lines that were read and the records that will be written, in the order of the lines."""

    reports: dict[int, Report] = field(default_factory=dict)
    records: dict[int, Record] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.reports) + len(self.records)


async def run(
    database: Database,
    importer: Importer[Record],
    lines: AsyncIterable[Line],
    now: Callable[[], datetime],
    new_id: IdMaker,
    patience: timedelta = AT_ONCE,
) -> AsyncIterator[list[Report]]:
    """Bring in all lines; yields the reports of each batch after its commit.

    A batch is tried again for as long as `patience` while the database is away, so that an import outlives a
    failover; what had been committed when the answer was lost then counts as updated or skipped. Raises
    `DatabaseAway` when that was not enough; what was reported until then is in.
    """
    writing: asyncio.Task[list[Report]] | None = None
    try:
        async for batch in _batches(database, importer, lines, patience):
            if writing is not None:
                yield await writing
            written = partial(_written, database, importer, batch, now(), new_id)
            writing = asyncio.create_task(patiently(written, patience))
        if writing is not None:
            yield await writing
    finally:
        if writing is not None and not writing.done():
            writing.cancel()


async def _batches(
    database: Database, importer: Importer[Record], lines: AsyncIterable[Line], patience: timedelta
) -> AsyncIterator[Batch[Record]]:
    """A batch ends when it is full, or before a record whose like it holds already."""
    batch: Batch[Record] = Batch()
    async for line in lines:
        if not batch:
            await patiently(partial(_prepared, database, importer), patience)
        if len(batch) % BREATH == 0:
            await asyncio.sleep(0)
        read = _read(importer, line)
        if isinstance(read, Report):
            batch.reports[line.number] = read
        else:
            key = importer.key(read)
            if key in batch.keys:
                yield batch
                batch = Batch()
            batch.keys.add(key)
            batch.records[line.number] = read
        if len(batch) >= importer.batch:
            yield batch
            batch = Batch()
    if batch:
        yield batch


async def _prepared(database: Database, importer: Importer[Any]) -> None:
    async with database.reading() as session:
        await importer.prepare(session)


async def patiently(work: Callable[[], Awaitable[T]], patience: timedelta) -> T:
    """`work` again and again while the database is away, but not for longer than `patience`."""
    if not patience:
        return await work()
    waits = {"wait_initial": 0.1, "wait_max": 2.0}
    async for attempt in stamina.retry_context(on=DatabaseAway, attempts=None, timeout=patience, **waits):
        with attempt:
            return await work()
    raise AssertionError("unreachable")


def _read(importer: Importer[Record], line: Line) -> Record | Report:
    if line.error is not None:
        return Report(line.number, "error", [line.error])
    try:
        return importer.read(line.value)
    except ValidationError as error:
        return Report(line.number, "error", reasons(error))
    except Fault as fault:
        return Report(line.number, "error", fault.errors, fault.word)


async def _written(
    database: Database, importer: Importer[Record], batch: Batch[Record], now: datetime, new_id: IdMaker
) -> list[Report]:
    reports = dict(batch.reports)
    if batch.records:
        for report in await _write(database, importer, batch.records, now, new_id):
            reports[report.line] = report
    return [reports[number] for number in sorted(reports)]


async def _write(
    database: Database, importer: Importer[Record], records: Mapping[int, Record], now: datetime, new_id: IdMaker
) -> list[Report]:
    """One transaction, or two halves where the database refuses it as a whole."""

    async def work(session: Session) -> Sequence[Done | Fault]:
        return await importer.write(session, list(records.values()), now, new_id)

    try:
        written = await database.run(work)
    except asyncpg.PostgresError as error:
        if as_away(error) is not None:
            raise
        return await _halved(database, importer, records, now, new_id)
    return [_report(number, one) for number, one in zip(records, written, strict=True)]


async def _halved(
    database: Database, importer: Importer[Record], records: Mapping[int, Record], now: datetime, new_id: IdMaker
) -> list[Report]:
    if len(records) == 1:
        return [Report(number, "error", [Error("", "refused")]) for number in records]
    items = list(records.items())
    middle = len(items) // 2
    halves = dict(items[:middle]), dict(items[middle:])
    return [report for half in halves for report in await _write(database, importer, half, now, new_id)]


def _report(number: int, written: Done | Fault) -> Report:
    if isinstance(written, Fault):
        return Report(number, "error", written.errors, written.word)
    return Report(number, written.outcome, more=written.more)
