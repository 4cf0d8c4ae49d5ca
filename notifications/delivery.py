"""Empties the outbox: takes one message after the other, writes it, sends it, notes what became of it.

States and promises
- Intent before effect: `sending` with its attempt is committed before anything leaves; the note is a transaction of
  its own and counts for its own attempt alone.
- A process that dies between sending and noting has sent a letter that nobody knows of. When its lease is over
  another attempt is made under the same Message-ID: at least once, and whoever gets it twice can tell.
- Several lanes, in one process or in many, never take the same message (`SKIP LOCKED`), and each takes one at a
  time: what hangs holds up one lane, for as long as a courier may take, and comes again after a pause.
- A courier that reaches nobody ends its lane's turn: an absent mail server is asked by a few messages at a time.
- A template that this process has no writer for stays for a process that has, as in a rolling upgrade.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from kit import failpoints
from kit.database import Database, Row, Session
from kit.errors import Unavailable
from kit.ids import encode
from kit.logs import facts, logger
from notifications import events, queries
from notifications.couriers import Courier, Refused, SwitchedOff, Undelivered, Unreachable
from notifications.letters import BadAddress, Letter, Nobody, Writers
from notifications.queries import Noted
from notifications.states import LEASE, after_failure, pause_after

LANES = 4
TURN = timedelta(seconds=2)
"""A lane takes no further message after this, so that a process that is told to leave can do so in between."""

PATIENCE_S = 15.0
"""For one letter, whatever the courier's own patience: below what silences a loop's heartbeat."""

log = logger("notifications")

Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Post:
    """What a lane works with."""

    database: Database
    courier: Courier
    writers: Writers
    now: Now


async def run_once(
    database: Database, courier: Courier, writers: Writers, now: Now, *, lanes: int = LANES
) -> Counter[str]:
    """Send what is due; returns by state how many messages have got there. A full turn leaves some for the next."""
    post = Post(database, courier, writers, now)
    done = Counter({"failed": await database.run(partial(_give_up, post))})
    ended = await asyncio.gather(*(_lane(post) for _ in range(lanes)), return_exceptions=True)
    for lane in ended:  # one that fails must not break off another's letter on the way
        if isinstance(lane, BaseException):
            raise lane
        done += lane
    return done


async def _give_up(post: Post, session: Session) -> int:
    rows = await queries.give_up(session, post.courier.channel, post.now())
    for row in rows:
        session.announce(events.moved(row, post.now()))
    return len(rows)


async def _lane(post: Post) -> Counter[str]:
    """One message after the other, until nothing is due, the turn is over, or nobody is reached."""
    done: Counter[str] = Counter()
    until = post.now() + TURN
    while (message := await post.database.run(partial(_take, post))) is not None:
        noted, goes_on = await _attempt(post, message)
        if await post.database.run(partial(_note, post, message, noted)):
            done[noted.state] += 1
        if not goes_on or post.now() >= until:
            break
    return done


async def _take(post: Post, session: Session) -> Row | None:
    now = post.now()
    row = await queries.take(session, post.courier.channel, post.writers.keys(), now, now + LEASE)
    if row is not None:
        session.announce(events.moved(row, now))
    return row


async def _note(post: Post, message: Row, noted: Noted, session: Session) -> bool:
    row = await queries.note(session, message["id"], message["attempts"], noted)
    if row is not None:
        session.announce(events.moved(row, post.now()))
    return row is not None


async def _attempt(post: Post, message: Row) -> tuple[Noted, bool]:
    """What became of it, and whether there is any use in trying another one."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            letter = await _written(post, message)
            if isinstance(letter, Nobody):
                return _dropped(post, letter.reason), True
            await post.courier.carry(letter, encode("msg", message["id"]), post.now())
    except SwitchedOff as off:
        return _dropped(post, off.code), True
    except Refused as refused:
        return _failed(post, message, refused), True
    except Unreachable as away:
        return _failed_for_now(post, message, away.code), False
    except Unavailable:  # the database: nothing is known, and the lease says when to look again
        raise
    except Exception as error:
        log.error("letter.unsendable", id=encode("msg", message["id"]), **facts(error))
        return _failed_for_now(post, message, "timeout" if isinstance(error, TimeoutError) else "defect"), True
    failpoints.reach("after_send")
    return Noted("sent", ended_at=post.now()), True


async def _written(post: Post, message: Row) -> Letter | Nobody:
    async with post.database.reading() as session:
        try:
            return await post.writers[message["template"]](message, session)
        except BadAddress:
            return Nobody("bad_address")


def _dropped(post: Post, reason: str) -> Noted:
    return Noted("dropped", dropped_for=reason, ended_at=post.now())


def _failed(post: Post, message: Row, why: Undelivered) -> Noted:
    log.warning("letter.refused", id=encode("msg", message["id"]), code=why.code)
    return Noted("failed", error=why.code, ended_at=post.now())


def _failed_for_now(post: Post, message: Row, code: str) -> Noted:
    attempts = message["attempts"]
    if after_failure(attempts, message["most_attempts"]) == "failed":
        log.warning("letter.given_up", id=encode("msg", message["id"]), code=code)
        return Noted("failed", error=code, ended_at=post.now())
    return Noted("waiting", due_at=post.now() + pause_after(attempts), error=code)
