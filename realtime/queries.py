"""Every statement of the stream: the log, the snapshot, tickets, and who is still signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from callbacks.models import FINAL as FINAL_CALLBACKS
from contacts.models import FINAL as FINAL_CONTACTS
from kit.database import ReadSession, Row, Session


@dataclass(frozen=True)
class Selection:
    """Which things are wanted: everything, or what belongs to one of these."""

    everything: bool
    groups: Sequence[UUID]
    advisors: Sequence[UUID]
    markets: Sequence[str]


AFTER = """
SELECT xid, id, at, type, subject, market_id, desk_group_id, advisor_id, data::text AS data
FROM events
WHERE (xid, id) > ($1::bigint, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY xid, id
LIMIT $3
"""


async def events_after(session: ReadSession, xid: int, identifier: int, limit: int) -> Sequence[Row]:
    """What is safe to read after (xid, id): of transactions below the oldest that still runs.

    No pruning by month: `at` may be a virtual time, and a probe of each month's index costs some microseconds.
    """
    return await session.fetch(AFTER, xid, identifier, limit)


LAST = """
SELECT (SELECT max(epoch) FROM event_epoch) AS epoch, coalesce(last.xid, 0) AS xid, coalesce(last.id, 0) AS id,
       ARRAY(
           SELECT DISTINCT xid FROM events
           WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
       ) AS seen
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (
    SELECT xid, id FROM events
    WHERE xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY xid DESC, id DESC LIMIT 1
) AS last ON true
"""


async def last_event(session: ReadSession) -> Row:
    """The last event that is safe to read, and the transactions above it whose events are visible here."""
    row = await session.fetch_row(LAST)
    assert row is not None
    return row


BOUNDS = """
SELECT (SELECT max(epoch) FROM event_epoch) AS epoch,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin, first.xid, first.id
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (SELECT xid, id FROM events ORDER BY xid, id LIMIT 1) AS first ON true
"""


async def bounds(session: ReadSession) -> Row:
    """The epoch, and from where to where the log can be read; `xid` and `id` of its first event, if any."""
    row = await session.fetch_row(BOUNDS)
    assert row is not None
    return row


PRESENCES = """
SELECT p.advisor_id, p.state, p.since, p.reason, p.next_state, m.desk_group_id
FROM presences AS p LEFT JOIN desk_group_members AS m USING (advisor_id)
WHERE $1 OR m.desk_group_id = ANY ($2::uuid[]) OR p.advisor_id = ANY ($3::uuid[])
"""


async def presences(session: ReadSession, of: Selection) -> Sequence[Row]:
    """All of them, or those of the groups and advisors; a presence belongs to no market."""
    return await session.fetch(PRESENCES, of.everything, of.groups, of.advisors)


CONTACTS = f"""
SELECT id, state, since, channel, direction, market_id, customer_id, own_advisor_id, advisor_id, desk_group_id,
       choice, age_at, first_offered_at, answered_at, language, callback_id
FROM contacts
WHERE state NOT IN ({FINAL_CONTACTS})
  AND ($1 OR desk_group_id = ANY ($2::uuid[]) OR advisor_id = ANY ($3::uuid[]) OR own_advisor_id = ANY ($3::uuid[])
       OR market_id = ANY ($4::text[]))
"""  # noqa: S608 - a constant of ours


async def open_contacts(session: ReadSession, of: Selection) -> Sequence[Row]:
    return await session.fetch(CONTACTS, of.everything, of.groups, of.advisors, of.markets)


OFFERS = """
SELECT o.id, o.state, o.market_id, o.contact_id, o.callback_id, o.advisor_id, m.desk_group_id, o.made_at,
       o.deadline_at
FROM offers AS o LEFT JOIN desk_group_members AS m USING (advisor_id)
WHERE o.state = 'open'
  AND ($1 OR m.desk_group_id = ANY ($2::uuid[]) OR o.advisor_id = ANY ($3::uuid[])
       OR o.market_id = ANY ($4::text[]))
"""


async def open_offers(session: ReadSession, of: Selection) -> Sequence[Row]:
    return await session.fetch(OFFERS, of.everything, of.groups, of.advisors, of.markets)


CALLBACKS = f"""
SELECT id, state, since, market_id, customer_id, advisor_id, desk_group_id, owner_state, window_starts_at,
       window_ends_at, attempts, contact_id
FROM callbacks
WHERE state NOT IN ({FINAL_CALLBACKS})
  AND ($1 OR desk_group_id = ANY ($2::uuid[]) OR advisor_id = ANY ($3::uuid[]) OR market_id = ANY ($4::text[]))
"""  # noqa: S608 - a constant of ours


async def open_callbacks(session: ReadSession, of: Selection) -> Sequence[Row]:
    return await session.fetch(CALLBACKS, of.everything, of.groups, of.advisors, of.markets)


NOTES = """
SELECT * FROM contact_notes
WHERE state = 'unread' AND ($1 OR to_advisor_id = ANY ($2::uuid[]) OR market_id = ANY ($3::text[]))
"""


async def unread_notes(session: ReadSession, of: Selection) -> Sequence[Row]:
    """Notes to advisors that they have not read."""
    return await session.fetch(NOTES, of.everything, of.advisors, of.markets)


async def keep_ticket(
    session: Session,
    hashed: bytes,
    principal: str,
    sign_in: bytes,
    role: str,
    advisor_id: UUID | None,
    expires_at: datetime,
) -> None:
    await session.execute(
        "INSERT INTO stream_tickets (ticket_hash, principal, sign_in_hash, role, advisor_id, expires_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        hashed,
        principal,
        sign_in,
        role,
        advisor_id,
        expires_at,
    )


async def drop_expired_tickets(session: Session, now: datetime) -> None:
    await session.execute("DELETE FROM stream_tickets WHERE expires_at <= $1", now)


async def take_ticket(session: Session, hashed: bytes, now: datetime) -> Row | None:
    """The ticket, which is gone afterwards; of two who come at once only one gets it."""
    return await session.fetch_row(
        "DELETE FROM stream_tickets WHERE ticket_hash = $1 AND expires_at > $2 RETURNING sign_in_hash", hashed, now
    )


VIEWERS = """
SELECT s.token_hash, a.role, a.advisor_id, m.desk_group_id,
       ARRAY(SELECT g.id FROM desk_groups AS g WHERE g.lead_id = a.advisor_id) AS leads
FROM sign_ins AS s
JOIN accounts AS a ON a.id = s.account_id AND a.active
LEFT JOIN desk_group_members AS m ON m.advisor_id = a.advisor_id
WHERE s.token_hash = ANY ($1::bytea[]) AND s.ended_at IS NULL AND s.expires_at > $2
"""


async def viewers(session: ReadSession, sign_ins: Sequence[bytes], now: datetime) -> Sequence[Row]:
    """Those of the sign-ins that hold at `now`, with what their people may see."""
    return await session.fetch(VIEWERS, sign_ins, now)


async def directory(session: ReadSession) -> tuple[Sequence[Row], Sequence[Row], Sequence[Row]]:
    """Names: of advisors with their group, of desk groups with their lead, of markets."""
    advisors = await session.fetch(
        "SELECT a.id, a.name, a.photo_url, m.desk_group_id "
        "FROM advisors AS a LEFT JOIN desk_group_members AS m ON m.advisor_id = a.id ORDER BY a.name, a.id"
    )
    groups = await session.fetch("SELECT id, name, lead_id FROM desk_groups ORDER BY name")
    markets = await session.fetch("SELECT id, name FROM markets ORDER BY id")
    return advisors, groups, markets
