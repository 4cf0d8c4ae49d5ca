"""The chain on a database of its own: what is sealed, and how every kind of meddling is found."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import asyncpg
import pytest

from audit import queries, sealing, verifying
from audit.chain import GENESIS, Break, link
from audit.verifying import Verdict
from kit import months
from kit.actors import acting
from kit.announcements import NewEvent
from kit.database import Database
from migrations.ground import with_database
from tests.realtime.writing import until
from tests.support import postgres

pytestmark = pytest.mark.database

NOVEMBER, DECEMBER = date(2024, 11, 1), date(2024, 12, 1)
MONDAY = datetime(2024, 11, 11, 9, tzinfo=UTC)
"""Long ago by the clock of the database, too, which lets no month go that is younger than a year."""


async def something_done(database: Database, count: int = 1, at: datetime = MONDAY) -> None:
    """`count` changes in transactions of their own, announced and not announced in turn."""
    for n in range(count):
        with acting("acc_somebody", f"req_{n}"):
            async with database.transaction() as session:
                if n % 2:
                    session.audit("toy.moved", at, f"toy_{n}", "DE", to=n)
                else:
                    session.announce(NewEvent("toy.made", at, f"toy_{n}", {"toy": {"n": n}}))


async def seal_once(database: Database, most: int = 10_000) -> int:
    async with database.transaction() as session:
        return await sealing.run_once(session, MONDAY, most)


async def seal(database: Database, most: int = 10_000) -> int:
    """Until nothing waits any more: transactions of other databases hold it up a little."""
    done = await seal_once(database, most)

    async def all_sealed() -> bool:
        nonlocal done
        done += await seal_once(database, most)
        async with database.reading() as session:
            return await sealing.waiting(session) == 0

    await until(all_sealed)
    return done


async def verified(database: Database) -> Verdict:
    async with database.snapshot() as session:
        return await verifying.verify(session)


async def meddle(database: Database, *statements: str) -> None:
    """As somebody may who owns the tables; all or nothing."""
    async with database.reading() as session:
        name = await session.fetch_value("SELECT current_database()")
    uri = postgres.as_owner(with_database(postgres.server_uri(), name))
    await postgres.execute(uri, f"BEGIN; {'; '.join(statements)}; COMMIT")


def why(verdict: Verdict) -> tuple[str, int | None] | None:
    """What is broken first; in which seal depends on who else was writing."""
    return (verdict.broken.why, verdict.broken.id) if verdict.broken is not None else None


async def ids(database: Database) -> list[int]:
    async with database.reading() as session:
        return [row["id"] for row in await session.fetch("SELECT id FROM audit ORDER BY epoch, xid, id")]


@pytest.fixture
async def sealed(database: Database) -> Database:
    """Six changes, sealed."""
    await something_done(database, 6)
    assert await seal(database) == 6
    return database


async def test_what_is_sealed_holds(sealed: Database) -> None:
    verdict = await verified(sealed)

    assert (verdict.broken, verdict.rows) == (None, 6)


async def test_row_says_who_did_what_by_which_request(sealed: Database) -> None:
    async with sealed.reading() as session:
        rows = await queries.found(session, queries.Search(subject="toy_1"), None, 10)

    assert [(row["actor"], row["request_id"], row["action"], row["changed"]) for row in rows] == [
        ("acc_somebody", "req_1", "toy.moved", {"to": 1})
    ]


async def test_what_an_event_said_is_found_with_its_row(sealed: Database) -> None:
    async with sealed.reading() as session:
        (row,) = await queries.found(session, queries.Search(subject="toy_2"), None, 10)

    assert row["changed"] == {"toy": {"n": 2}}


async def test_canonical_text_can_be_hashed_by_anybody(sealed: Database) -> None:
    async with sealed.reading() as session:
        texts = await session.fetch(f"SELECT {queries.CANONICAL} AS text FROM audit AS a ORDER BY epoch, xid, id")
        seal = (await queries.seals_after(session, 0, 1))[0]

    digests = b"".join(sha256(row["text"].encode()).digest() for row in texts[: len(seal["ids"])])
    assert digests == seal["digests"]
    assert link(GENESIS, 1, NOVEMBER, seal["ids"], digests) == seal["hash"]


async def test_changed_row_is_found(sealed: Database) -> None:
    third = (await ids(sealed))[2]

    await meddle(sealed, f"UPDATE audit SET actor = 'acc_nobody' WHERE id = {third}")

    assert why(await verified(sealed)) == ("row_changed", third)


async def test_removed_row_is_found(sealed: Database) -> None:
    third = (await ids(sealed))[2]

    await meddle(sealed, f"DELETE FROM audit WHERE id = {third}")

    assert why(await verified(sealed)) == ("row_missing", third)


async def test_swapped_rows_are_found(sealed: Database) -> None:
    """Each takes the other's place: instant, words and all, but for the id."""
    second, third = (await ids(sealed))[1:3]

    await meddle(
        sealed,
        f"""
        UPDATE audit a SET actor = b.actor, request_id = b.request_id, action = b.action, subject = b.subject,
            market_id = b.market_id, event_id = b.event_id, digest = b.digest, changed = b.changed
        FROM audit b WHERE a.id IN ({second}, {third}) AND b.id = {second + third} - a.id
        """,
    )

    assert why(await verified(sealed)) == ("row_changed", second)


async def test_inserted_row_is_found(sealed: Database) -> None:
    await meddle(
        sealed,
        """
        INSERT INTO audit (epoch, xid, at, actor, action, subject)
        SELECT epoch, xid, at, 'acc_nobody', 'toy.broken', 'toy_1' FROM audit ORDER BY epoch, xid, id LIMIT 1
        """,
    )

    broken = (await verified(sealed)).broken
    assert broken is not None
    assert broken.why == "row_inserted"


async def test_changed_event_is_found(sealed: Database) -> None:
    await meddle(sealed, """UPDATE events SET data = '{"toy": {"n": 7}}' WHERE subject = 'toy_2'""")

    broken = (await verified(sealed)).broken
    assert broken is not None
    assert broken.why == "event_changed"


async def test_removed_event_is_found(sealed: Database) -> None:
    await meddle(
        sealed, "SELECT ensure_month('events', '2024-11-01')", "DELETE FROM events WHERE subject = 'toy_2'"
    )

    broken = (await verified(sealed)).broken
    assert broken is not None
    assert broken.why == "event_missing"


async def test_changed_and_removed_seals_are_found(database: Database) -> None:
    for _ in range(3):
        await something_done(database, 2)
        await seal(database)
    await meddle(database, "UPDATE audit_seals SET digests = decode(repeat('00', 64), 'hex') WHERE n = 2")
    assert (await verified(database)).broken == Break(2, "seal_changed")

    await meddle(database, "DELETE FROM audit_seals WHERE n = 2")

    assert (await verified(database)).broken == Break(2, "seal_missing")


async def test_whole_rewritten_chain_differs_from_the_head_that_was_noted(sealed: Database) -> None:
    """The last defence: all seals are made anew over other rows, and only the noted head knows."""
    noted = await verified(sealed)
    await meddle(sealed, "UPDATE audit SET actor = 'acc_nobody'", "DELETE FROM audit_seals")
    await seal(sealed)

    assert (await verified(sealed)).broken is None
    async with sealed.reading() as session:
        assert not await verifying.holds(session, f"{noted.n}:{noted.head}")


async def test_noted_head_stays_in_a_chain_that_goes_on(sealed: Database) -> None:
    noted = await verified(sealed)
    await something_done(sealed, 3)
    await seal(sealed)

    async with sealed.reading() as session:
        assert await verifying.holds(session, f"{noted.n}:{noted.head}")
        assert not await verifying.holds(session, "nonsense")


async def test_nothing_is_sealed_before_what_may_still_come(database: Database) -> None:
    """Its transaction began first and commits last: a seal over the later one would leave no place for it."""
    async with database.transaction() as early:
        early.audit("toy.made", MONDAY, "toy_early")
        await early.flush()
        await something_done(database, 1)
        assert await seal_once(database) == 0

    assert await seal(database) == 2
    assert (await verified(database)).broken is None


async def test_sealing_goes_on_in_pieces(database: Database) -> None:
    await something_done(database, 5)

    assert await seal(database, most=2) == 5
    verdict = await verified(database)
    assert (verdict.rows, verdict.broken) == (5, None)
    assert verdict.seals >= 3


async def test_two_replicas_seal_each_row_once(database: Database) -> None:
    await something_done(database, 8)

    done = await asyncio.gather(*(seal_once(database) for _ in range(6)))

    assert sum(done) + await seal(database) == 8
    assert (await verified(database)).rows == 8


async def test_killed_sealer_leaves_the_chain_as_it_was(sealed: Database) -> None:
    """As a kill does: the transaction is gone, wherever it was."""
    await something_done(sealed, 2)

    async def half_sealed() -> None:
        async with sealed.transaction() as session:
            await sealing.run_once(session, MONDAY)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await half_sealed()

    assert (await verified(sealed)).rows == 6
    assert await seal(sealed) == 2
    assert (await verified(sealed)).broken is None


async def test_chain_goes_on_after_a_restore(sealed: Database) -> None:
    """Transaction numbers begin anew in another cluster; the epoch says that they do."""
    await meddle(sealed, "UPDATE audit_seals SET xid = xid + 1000000000", "UPDATE audit SET xid = xid + 1000000000")
    await meddle(sealed, "DELETE FROM audit_seals")
    await something_done(sealed, 1)
    await meddle(sealed, "UPDATE event_epoch SET epoch = epoch + 1")
    await something_done(sealed, 2)

    assert await seal(sealed) == 9
    assert (await verified(sealed)).broken is None


async def test_chain_holds_when_its_first_months_are_dropped(database: Database) -> None:
    await meddle(database, *(f"SELECT ensure_month('{table}', '{month}')"
                             for table in ("audit", "events") for month in (NOVEMBER, DECEMBER)))  # fmt: skip
    await something_done(database, 4)
    await something_done(database, 2, MONDAY + timedelta(days=30))
    await something_done(database, 1)  # whose clock is behind
    await seal(database)
    noted = await verified(database)

    async with database.transaction() as session:
        assert await months.drop(session, "audit", NOVEMBER)

    verdict = await verified(database)
    assert (verdict.broken, verdict.head) == (None, noted.head)
    await meddle(database, "UPDATE audit SET actor = 'acc_nobody' WHERE at >= '2024-12-01' AND subject = 'toy_1'")
    broken = (await verified(database)).broken
    assert broken is not None
    assert broken.why == "row_changed"


async def test_chain_of_which_only_the_last_seal_is_left_holds_and_goes_on(database: Database) -> None:
    await meddle(database, "SELECT ensure_month('audit', '2024-11-01')")
    await something_done(database, 4)
    await seal(database, 2)

    async with database.transaction() as session:
        assert await months.drop(session, "audit", NOVEMBER)

    assert (await verified(database)).broken is None
    await something_done(database, 2, MONDAY + timedelta(days=30))
    assert await seal(database) == 2
    verdict = await verified(database)
    assert verdict.broken is None
    assert verdict.n >= 3


async def test_month_is_not_dropped_before_it_is_sealed(database: Database) -> None:
    await meddle(database, "SELECT ensure_month('audit', '2024-11-01')")
    await something_done(database, 1)

    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
        async with database.transaction() as session:
            await months.drop(session, "audit", NOVEMBER)


async def test_service_may_neither_change_nor_remove_what_was_done(sealed: Database) -> None:
    for statement in (
        "UPDATE audit SET actor = 'acc_nobody'",
        "DELETE FROM audit",
        "UPDATE audit_seals SET n = 7",
        "DELETE FROM audit_seals",
        "INSERT INTO audit_anchors SELECT",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with sealed.transaction() as session:
                await session.execute(statement)
