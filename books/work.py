"""The loop that works on the one run that is under way: computes it, carries it out, takes it back.

Any number of replicas may run it. Computing is leased, each batch locks the run; whoever dies leaves a run that the
next one goes on with.
"""

from __future__ import annotations

from functools import partial
from uuid import UUID

from books import queries
from books.applying import apply_batch, undo_batch
from books.computing import Workshop, compute
from customers.books import Books
from kit.database import Row, Session


async def run_once(shop: Workshop, books: Books) -> int:
    """Work until nothing is left to do here; returns how many steps that took."""
    steps, before = 0, None
    while (row := await step(shop, books)) is not None and (now := _standing(row)) != before:
        steps, before = steps + 1, now
    return steps


def _standing(row: Row) -> tuple[object, ...]:
    """What a step changes; where it changed nothing the next try waits."""
    return row["id"], row["state"], row["done"], row["skipped"], row["undone"]


async def step(shop: Workshop, books: Books) -> Row | None:
    """One step of the run under way; its row afterwards, None where nothing is to do or somebody else is at it."""
    async with shop.database.reading() as session:
        run = await queries.busy(session)
    if run is None:
        return None
    if run["state"] == "computing":
        return await compute(shop, run["id"])
    return await shop.database.run(partial(_batch, shop, books, run["id"]))


async def _batch(shop: Workshop, books: Books, run_id: UUID, session: Session) -> Row | None:
    run = await queries.taken(session, run_id)
    if run is None or run["state"] not in ("applying", "undoing"):
        return None
    work = apply_batch if run["state"] == "applying" else undo_batch
    return await work(session, books, run, shop.clock.now(), shop.new_id)
