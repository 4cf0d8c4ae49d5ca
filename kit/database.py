"""PostgreSQL: one pool, one transaction per request or job, two manners on the same connection.

`Session.fetch(sql, …)` runs an explicit statement straight on asyncpg: the hot path. `Session.orm` is a SQLModel
session over the very same connection: administration. JSON columns are read as Python values on both, and written
as text on the first. SQLAlchemy's engine is in AUTOCOMMIT, so the transaction is
ours alone, begun and committed here and nowhere else; services never commit.

Failures: whatever says that the connection or its server is gone becomes `DatabaseAway` (503) and the pool is
thrown away as a whole, also for a server that turned read-only under us after a failover (SQLSTATE 25006).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
from pydantic_core import from_json
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel.ext.asyncio.session import AsyncSession

from kit import actors, announcements, failpoints
from kit.announcements import Deed, NewEvent
from kit.errors import Unavailable
from kit.hosts import Hosts
from kit.pool import Lane, Pool, PoolExhausted
from kit.settings import Settings

if TYPE_CHECKING:
    from kit.tracing import Tracing

Record: TypeAlias = asyncpg.Record
Row: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[datetime, UUID] | tuple[None, None]
"""Where a page of a list begins that is sorted by when something starts: start and id of the last row before it."""
T = TypeVar("T")

GONE = (
    "25006",  # read-only: a primary that was demoted, or a standby
    *("57P01", "57P02", "57P03", "57P04", "57P05"),  # shutdown, crash, starting up, database dropped, idle too long
    *("08000", "08001", "08003", "08004", "08006", "08007", "08P01"),  # broken, refused, outcome unknown
    "53300",  # too many connections
)
"""SQLSTATEs after which the connection is useless."""

RETRY = ("40001", "40P01")
"""Serialization failure and deadlock: the transaction had no effect and may be tried again."""

DISK_FULL = "53100"

TOO_SLOW = ("55P03", "57014", DISK_FULL, "53200", "25P03")
"""Lock not had in time, statement cancelled by its time-out, disk full, out of memory, idle in transaction."""


REPORTING = """
SELECT set_config('statement_timeout', $1, true), set_config('enable_seqscan', 'on', true)
"""
"""A report is planned anew each time, and may have every reason to read a whole table."""

Line: TypeAlias = tuple[str, Mapping[str, str]]
NOT_TRACED = contextlib.nullcontext()


class DatabaseAway(Unavailable):
    """Nothing that was asked for is certain to have happened; a repeat with the same key tells."""

    word = "database-away"
    title = "The database can't be reached; nothing was accepted. Try again."


class ReadSession:
    """Reads without a transaction of its own; each statement sees what is committed when it starts."""

    def __init__(self, connection: AsyncConnection, raw: asyncpg.Connection[Record]) -> None:
        self._connection = connection
        self.raw = raw
        self.patience_s: float | None = None
        """How long one statement may take; None: as long as the connection allows."""
        self._orm: AsyncSession | None = None

    @property
    def orm(self) -> AsyncSession:
        """The SQLModel session on this connection; `flush` writes, committing is not its business."""
        if self._orm is None:
            self._orm = AsyncSession(bind=self._connection, expire_on_commit=False, autoflush=True)
        return self._orm

    async def fetch(self, sql: str, *arguments: Any) -> list[Row]:
        return [dict(record) for record in await self.raw.fetch(sql, *arguments, timeout=self.patience_s)]

    async def fetch_row(self, sql: str, *arguments: Any) -> Row | None:
        record = await self.raw.fetchrow(sql, *arguments, timeout=self.patience_s)
        return None if record is None else dict(record)

    async def fetch_value(self, sql: str, *arguments: Any) -> Any:
        return await self.raw.fetchval(sql, *arguments, timeout=self.patience_s)

    async def close(self) -> None:
        if self._orm is not None:
            await self._orm.close()


class Session(ReadSession):
    """One transaction. Whoever takes a `Session` admits to writing."""

    def __init__(self, connection: AsyncConnection, raw: asyncpg.Connection[Record]) -> None:
        super().__init__(connection, raw)
        self.wakes: set[str] = set()
        """What to look at right after the commit, for example `dispatch`."""
        self.actor = actors.current()
        """On whose account this transaction is."""
        self.requests: Mapping[str, str] = {}
        """By subject, which request an announcement is due to, where one transaction serves several."""
        self.alarms: Counter[str] = Counter()
        """How many alarms of which type it has raised."""
        self.lines: list[Line] = []
        """What is logged of it."""
        self._announced: list[NewEvent] = []
        self._done: list[Deed] = []

    @property
    def announced(self) -> Sequence[NewEvent]:
        """What has been announced and is not written yet."""
        return self._announced

    def announce(self, event: NewEvent) -> None:
        """Record `event` in this transaction; everything announced is written right before the commit."""
        self._announced.append(event)

    def alarm(self, event: NewEvent) -> None:
        """Announce what people who watch over the house should look into; it is counted once it is committed."""
        self.announce(event)
        self.alarms[event.type] += 1

    def log(self, event: str, **ids: str) -> None:
        """A line for the log of this process, once it is committed; ids and codes only."""
        self.lines.append((event, ids))

    def audit(self, action: str, at: datetime, subject: str, market_id: str | None = None, **changed: Any) -> None:
        """Note in the audit what is done without an announcement; an announced change is noted by itself."""
        self._done.append(Deed(action, at, subject, market_id, changed))

    async def flush(self) -> None:
        """Write what is still held back: objects of the ORM, then the announcements."""
        if self._orm is not None:
            await self._orm.flush()
        if self._announced:
            announced, self._announced = self._announced, []
            await announcements.write(self, announced, self.actor, self.requests)
            self.wakes.add("events")
        if self._done:
            done, self._done = self._done, []
            await announcements.note(self, done, self.actor)

    async def execute(self, sql: str, *arguments: Any) -> str:
        """Run a statement; returns the command tag, for example `UPDATE 1`."""
        return await self.raw.execute(sql, *arguments)

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        await self.raw.executemany(sql, rows)

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        await self.raw.copy_records_to_table(table, columns=list(columns), records=rows)

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What fails inside is undone alone, its announcements too."""
        await self.flush()
        alarms, lines = self.alarms.copy(), len(self.lines)
        try:
            async with self.raw.transaction():
                yield
                await self.flush()
        except BaseException:
            self._announced.clear()
            self._done.clear()
            self.alarms = alarms
            del self.lines[lines:]
            raise


AfterCommit: TypeAlias = Callable[[frozenset[str]], Awaitable[None] | None]
OnCommit: TypeAlias = Callable[[Session], None]


class Database:
    """The pool, opened by the process that starts and closed by it."""

    def __init__(
        self, url: str, settings: Settings, *, application: str = "durchwahl", tracing: Tracing | None = None
    ) -> None:
        self.tracing = tracing
        self.url = url
        """For another process of ours that opens a pool of its own; it has the password in it."""
        self.settings = settings
        self._application = application
        self._hosts = Hosts(url)
        self._listeners: list[AfterCommit] = []
        self._witnesses: list[OnCommit] = []
        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self.connect,
            isolation_level="AUTOCOMMIT",
            json_deserializer=from_json,
            poolclass=NullPool,
        )
        self.pool = Pool(engine, settings.pool_size, settings.connect_timeout.total_seconds())
        self.without_room = 0
        """How often the server said that its disk is full."""

    @property
    def exhausted(self) -> bool:
        """Whether every connection is lent out at this moment."""
        return self.pool.exhausted

    async def connect(self) -> asyncpg.Connection[Record]:
        """A connection of its own, outside the pool: for the pool itself, and for LISTEN."""
        settings = self.settings
        connection = await self._hosts.connect(
            settings.connect_timeout.total_seconds(),
            command_timeout=settings.statement_timeout.total_seconds() + 1,
            statement_cache_size=512,
            server_settings={
                "application_name": self._application,
                "timezone": "UTC",
                "jit": "off",
                "enable_seqscan": "off",  # plans are kept, and what is small when they are made may grow
                "statement_timeout": _milliseconds(settings.statement_timeout.total_seconds()),
                "lock_timeout": _milliseconds(settings.lock_timeout.total_seconds()),
                "idle_in_transaction_session_timeout": _milliseconds(
                    settings.idle_in_transaction_timeout.total_seconds()
                ),
            },
        )
        if self.tracing is not None:
            connection.add_query_logger(self.tracing.statement)
        return connection

    async def close(self) -> None:
        await self.pool.close()

    def after_commit(self, listener: AfterCommit) -> None:
        """`listener` is told after each commit what the transaction wants looked at."""
        self._listeners.append(listener)

    def on_commit(self, witness: OnCommit) -> None:
        """`witness` sees each session once it is committed, for what it has raised and what is logged of it."""
        self._witnesses.append(witness)

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadSession]:
        async with self.lane() as lane:
            session = ReadSession(lane.connection, lane.raw)
            try:
                yield session
            finally:
                await session.close()

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[ReadSession]:
        """Several statements that see one and the same instant."""
        async with (
            self.lane() as lane,
            lane.raw.transaction(isolation="repeatable_read", readonly=True),
        ):
            session = ReadSession(lane.connection, lane.raw)
            try:
                yield session
            finally:
                await session.close()

    @contextlib.asynccontextmanager
    async def report(self, patience: timedelta) -> AsyncIterator[ReadSession]:
        """As `snapshot`, for statements that may take longer than those of the day's work."""
        async with self.snapshot() as session:
            seconds = patience.total_seconds()
            await session.fetch_value(REPORTING, _milliseconds(seconds))
            session.patience_s = seconds + 1
            yield session

    @contextlib.asynccontextmanager
    async def transaction(
        self,
        isolation: Literal["read_committed", "serializable"] = "read_committed",
        *,
        lock_wait: timedelta | None = None,
    ) -> AsyncIterator[Session]:
        """Commit at the end, roll back on any exception; then tell the listeners.

        `lock_wait`: how long to wait for a row that another transaction holds, where not as long as is usual.
        """
        with NOT_TRACED if self.tracing is None else self.tracing.span("transaction"):
            async with self.lane() as lane:
                session = Session(lane.connection, lane.raw)
                try:
                    async with lane.raw.transaction(isolation=isolation):
                        if lock_wait is not None:
                            await lane.raw.execute(
                                f"SET LOCAL lock_timeout = {_milliseconds(lock_wait.total_seconds())}"
                            )
                        yield session
                        failpoints.reach("after_insert")
                        await session.flush()
                        failpoints.reach("before_commit")
                    failpoints.reach("after_commit")
                finally:
                    await session.close()
        for witness in self._witnesses if session.alarms or session.lines else ():
            witness(session)
        await self._tell(frozenset(session.wakes))

    async def run(self, work: Callable[[Session], Awaitable[T]], *, attempts: int = 5) -> T:
        """`work` in a transaction, tried again when the database undid it for a deadlock or a serialization
        failure, or when a lock was not had in time; `work` must not act outside the transaction."""
        for attempt in range(1, attempts + 1):
            try:
                async with self.transaction() as session:
                    return await work(session)
            except asyncpg.PostgresError as error:
                if error.sqlstate not in RETRY or attempt == attempts:
                    raise
        raise AssertionError("unreachable")

    async def _tell(self, wakes: frozenset[str]) -> None:
        if not wakes:
            return
        for listener in self._listeners:
            result = listener(wakes)
            if result is not None:
                await result

    @contextlib.asynccontextmanager
    async def lane(self) -> AsyncIterator[Lane]:
        """A connection without a transaction, for who keeps one of their own; everybody else wants the above."""
        lane = await self._take()
        try:
            yield lane
        except BaseException as error:
            self.without_room += _state(error) == DISK_FULL
            if is_gone(error):
                await self.pool.throw_away(lane)
            elif isinstance(error, asyncio.CancelledError) or lane.raw.is_in_transaction():
                await self.pool.discard(lane)
            else:
                await self.pool.give_back(lane)
            away = as_away(error)
            if away is not None:
                raise away from error
            raise
        await self.pool.give_back(lane)

    async def _take(self) -> Lane:
        try:
            return await self.pool.take()
        except PoolExhausted as error:
            raise DatabaseAway(retry_after_s=2) from error
        except Exception as error:
            self.without_room += _state(error) == DISK_FULL
            raise as_away(error) or DatabaseAway(retry_after_s=1) from error


def is_gone(error: BaseException) -> bool:
    """Whether the connection that raised this is of no more use."""
    error = _cause(error)
    if isinstance(error, asyncpg.PostgresError):
        return error.sqlstate in GONE
    # InternalClientError: the server has said farewell on a connection at rest, and the socket is not closed yet
    return isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError)


def as_away(error: BaseException) -> DatabaseAway | None:
    """The 503 that an outside failure of the database is answered with; None for every other error."""
    if is_gone(error):
        return DatabaseAway(retry_after_s=1)
    return DatabaseAway(retry_after_s=1) if _state(error) in TOO_SLOW else None


def _state(error: BaseException) -> str | None:
    cause = _cause(error)
    return cause.sqlstate if isinstance(cause, asyncpg.PostgresError) else None


def _cause(error: BaseException) -> BaseException:
    """The driver's own error under what the ORM made of it."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return (original.__cause__ or original) if original is not None else error


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
