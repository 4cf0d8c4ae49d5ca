"""What falls due by itself, and when: every statement that looks for it.

How long silence may last and how long late news is awaited are a market's own to say; `LIMITS` has them for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.database import ReadSession
from markets.policy import DEFAULT

LONGEST_CALL = timedelta(hours=4)
"""A switch that never hangs up must not keep an advisor for ever."""

NOT_YET_CONNECTED = "('received', 'identifying', 'offered', 'choosing', 'waiting')"
ON_THE_LINE = "('received', 'identifying', 'offered', 'choosing', 'waiting', 'connected')"

LIMITS = f"""
WITH limits AS (
    SELECT m.id AS market_id,
           make_interval(secs => coalesce((p.rules ->> 'silence_ask_s')::int, {DEFAULT.silence_ask_s})) AS ask,
           make_interval(secs => coalesce((p.rules ->> 'silence_end_s')::int, {DEFAULT.silence_end_s})) AS silent,
           make_interval(
               secs => coalesce((p.rules ->> 'settle_grace_ms')::int, {DEFAULT.settle_grace_ms}) / 1000.0) AS grace
    FROM markets m LEFT JOIN LATERAL (
        SELECT rules FROM policies
        WHERE market_id = m.id AND valid_from <= $1 ORDER BY valid_from DESC, version DESC LIMIT 1
    ) p ON true
)
"""  # noqa: S608  # numbers

OVERDUE_OFFERS = """
SELECT id FROM offers WHERE state = 'open' AND deadline_at <= $1 ORDER BY deadline_at LIMIT $2
"""

HUNG_UP = f"""{LIMITS}
SELECT c.id FROM contacts c JOIN limits USING (market_id)
WHERE c.hung_up_at <= $1::timestamptz - grace AND c.state IN {NOT_YET_CONNECTED} LIMIT $2
"""  # noqa: S608  # constants

HEARD_EARLY = """
SELECT c.id FROM contacts c
WHERE c.state IN ('identifying', 'offered', 'choosing', 'waiting', 'connected', 'wrapping')
  AND c.direction = 'in' AND c.received_at > $1
  AND EXISTS (
    SELECT FROM switch_events e
    WHERE e.call_id = c.switch_call_id AND e.effect = 'parked' AND e.heard_at < c.received_at + interval '2 s'
)
LIMIT $2
"""

OVER = """
SELECT id FROM contacts
WHERE state IN ('choosing', 'waiting', 'wrapping') AND deadline_at <= $1 AND channel = 'phone' LIMIT $2
"""

OVER_IN_WRITING = """
SELECT id FROM contacts
WHERE state IN ('choosing', 'waiting', 'connected') AND deadline_at <= $1 AND channel <> 'phone' LIMIT $2
"""

SILENT = f"""{LIMITS}
SELECT c.id FROM contacts c JOIN limits USING (market_id)
WHERE c.state IN {ON_THE_LINE} AND c.channel = 'phone' AND (
    c.last_signal_at <= $1::timestamptz - silent
    OR (c.last_signal_at <= $1::timestamptz - ask AND c.asked_after_at IS NULL)
    OR c.received_at <= $1::timestamptz - $3::interval
)
LIMIT $2
"""  # noqa: S608  # constants

SILENT_DIALS = f"""{LIMITS}
SELECT a.token AS id FROM callback_attempts a JOIN limits USING (market_id)
WHERE a.ended_at IS NULL AND (
    coalesce(a.last_signal_at, a.committed_at) <= $1::timestamptz - silent
    OR a.committed_at <= $1::timestamptz - $3::interval
)
LIMIT $2
"""  # noqa: S608  # constants

NEXT_DUE = f"""{LIMITS}
SELECT (SELECT min(deadline_at) FROM offers WHERE state = 'open') AS offers,
       (SELECT min(hung_up_at + grace) FROM contacts JOIN limits USING (market_id)
        WHERE state IN {NOT_YET_CONNECTED}) AS hang_ups,
       (SELECT min(deadline_at) FROM contacts
        WHERE state IN ('choosing', 'waiting', 'wrapping') AND channel = 'phone') AS deadlines,
       (SELECT min(deadline_at) FROM contacts
        WHERE state IN ('choosing', 'waiting', 'connected') AND channel <> 'phone') AS letters,
       (SELECT min(deadline_at) FROM presences WHERE state = 'wrap_up') AS wrap_ups,
       (SELECT min(replan_at) FROM absences) AS absences,
       (SELECT min(answer_until) FROM callback_questions WHERE state = 'open') AS questions,
       (SELECT min(next_action_at) FROM callbacks WHERE state = 'scheduled') AS promises_due,
       (SELECT min(next_action_at) FROM callbacks WHERE state = 'due') AS promises_overdue,
       (SELECT min(least(
            last_signal_at + CASE WHEN asked_after_at IS NULL THEN ask ELSE silent END, received_at + $2::interval))
        FROM contacts JOIN limits USING (market_id)
        WHERE state IN {ON_THE_LINE} AND channel = 'phone') AS silent_calls,
       (SELECT min(coalesce(last_signal_at, committed_at) + silent)
        FROM callback_attempts JOIN limits USING (market_id) WHERE ended_at IS NULL) AS silent_dials,
       (SELECT min(coalesce(lease_until, since)) FROM presences
        WHERE state NOT IN ('offline', 'offered', 'in_contact')) AS leases
"""  # noqa: S608  # constants


async def overdue_offers(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    return await ids(session, OVERDUE_OFFERS, now, limit)


async def hung_up(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    """Callers who hung up and about whom nothing more was heard in the time that their market allows for it."""
    return await ids(session, HUNG_UP, now, limit)


async def heard_early(session: ReadSession, since: datetime, limit: int = 200) -> list[UUID]:
    """Calls received since then with news that came as early as they did, and has had no effect yet."""
    return await ids(session, HEARD_EARLY, since, limit)


async def over(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    """Choices, waits and wrap-ups whose time has run out."""
    return await ids(session, OVER, now, limit)


async def over_in_writing(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    """The same of chats and mails, and those in which nobody writes any more."""
    return await ids(session, OVER_IN_WRITING, now, limit)


async def silent(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    """Calls of which nothing was heard for as long as their market bears: to be asked after, or to be ended; and
    those that have lasted too long."""
    return await ids(session, SILENT, now, limit, LONGEST_CALL)


async def silent_dials(session: ReadSession, now: datetime, limit: int = 200) -> list[UUID]:
    """Attempts to dial of which the same is true."""
    return await ids(session, SILENT_DIALS, now, limit, LONGEST_CALL)


async def next_due(session: ReadSession, now: datetime) -> Mapping[str, datetime]:
    """Work of `deadlines.DUE_WORK` by name → the instant at which there is some: what virtual time may jump to."""
    row = await session.fetch_row(NEXT_DUE, now, LONGEST_CALL)
    assert row is not None  # a row of its own
    return {name: instant for name, instant in row.items() if instant is not None}


async def ids(session: ReadSession, sql: str, *arguments: Any) -> list[UUID]:
    return [row["id"] for row in await session.fetch(sql, *arguments)]
