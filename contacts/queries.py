"""Every statement on contacts and offers.

The hot path is two of them: `situations` reads all that the first decision on a call needs, `write` stores what was
decided. Both take any number of calls at once, so that requests in flight can share a transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from pydantic_core import to_json

from contacts.models import FINAL, Contact
from kit.database import ReadSession, Row, Session
from kit.ids import first_at
from telephony.inbound import InboundCall

SITUATIONS = """
SELECT c.n, v.version, known_call.id AS contact_id,
       (SELECT true FROM switch_events WHERE call_id = c.call_id AND effect = 'parked' LIMIT 1) AS heard_early,
       d.market_id AS dialled_market_id, d.kind AS dialled_kind, d.owner_id AS dialled_owner_id,
       who.sharing, cu.id AS customer_id, cu.market_id, cu.languages, cu.tier, cu.products,
       r.advisor_id AS related_advisor_id,
       p.advisor_id, p.state, p.since, p.idle_since, p.lease_until, p.deadline_at
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS c(call_id, caller, dialled, n)
CROSS JOIN directory_version v
LEFT JOIN LATERAL (SELECT id FROM contacts WHERE switch_call_id = c.call_id LIMIT 1) known_call ON true
LEFT JOIN LATERAL (
    SELECT market_id, kind, CASE WHEN state = 'assigned' THEN advisor_id END AS owner_id
    FROM direct_dial_numbers WHERE number = c.dialled LIMIT 1
) d ON true
LEFT JOIN LATERAL (
    SELECT customer_id, market_id, count(*) OVER () AS sharing
    FROM customer_phones WHERE number = c.caller LIMIT 1
) who ON true
LEFT JOIN LATERAL (
    SELECT * FROM customers WHERE id = who.customer_id AND market_id = who.market_id AND who.sharing = 1 LIMIT 1
) cu ON true
LEFT JOIN LATERAL (
    SELECT advisor_id FROM relationships
    WHERE customer_id = cu.id AND market_id = cu.market_id AND ends_at IS NULL LIMIT 1
) r ON true
LEFT JOIN LATERAL (
    SELECT * FROM presences WHERE advisor_id = coalesce(r.advisor_id, d.owner_id) LIMIT 1
) p ON true
ORDER BY c.n
"""
# Each LIMIT holds the planner to one way, a look into an index for each call. Without them a statement that is
# prepared while the tables are small is planned as joins over whole tables, and keeps that plan while they grow:
# after 4,000 calls PostgreSQL took 3.6 ms a call instead of 1.5.

WRITE = """
WITH written_contacts AS (
    INSERT INTO contacts SELECT * FROM jsonb_populate_recordset(NULL::contacts, $1)
), written_offers AS (
    INSERT INTO offers SELECT * FROM jsonb_populate_recordset(NULL::offers, $2)
)
INSERT INTO decisions SELECT * FROM jsonb_populate_recordset(NULL::decisions, $3)
"""

WRITE_ONE = {
    "contacts": "INSERT INTO contacts SELECT * FROM jsonb_populate_recordset(NULL::contacts, $1)",
    "offers": "INSERT INTO offers SELECT * FROM jsonb_populate_recordset(NULL::offers, $1)",
}

COLUMNS = frozenset(Contact.model_fields)

CUSTOMER = """
SELECT cu.id AS customer_id, cu.market_id, cu.languages, cu.tier, cu.products, r.advisor_id AS related_advisor_id
FROM customers cu
LEFT JOIN relationships r ON r.customer_id = cu.id AND r.market_id = cu.market_id AND r.ends_at IS NULL
WHERE cu.external_ref = $1
"""

CUSTOMER_BY_ID = CUSTOMER.replace("cu.external_ref = $1", "cu.id = $1")

CUSTOMERS_OF_ADDRESS = CUSTOMER.replace("cu.external_ref = $1", "lower(cu.email) = $1 LIMIT 2")

MOST_RECENT_OF_NUMBER = """
SELECT cu.id AS customer_id, cu.market_id, cu.languages, cu.tier, cu.products, r.advisor_id AS related_advisor_id
FROM customer_phones ph
JOIN customers cu ON cu.id = ph.customer_id AND cu.market_id = ph.market_id
LEFT JOIN relationships r ON r.customer_id = cu.id AND r.market_id = cu.market_id AND r.ends_at IS NULL
LEFT JOIN LATERAL (
    SELECT received_at FROM contacts WHERE customer_id = cu.id ORDER BY received_at DESC LIMIT 1
) last ON true
WHERE ph.number = $1
ORDER BY last.received_at DESC NULLS LAST, cu.created_at, cu.id
LIMIT 1
"""

DIALLED_OWNER = "SELECT advisor_id FROM direct_dial_numbers WHERE number = $1 AND state = 'assigned'"

FAMILIAR = """
SELECT advisor_id, count(*) AS times FROM contacts
WHERE customer_id = $1 AND answered_at IS NOT NULL AND advisor_id IS NOT NULL
GROUP BY advisor_id
"""

GOT_THROUGH = """
SELECT true FROM contacts
WHERE customer_id = $1 AND market_id = $2 AND direction = 'in' AND answered_at > $3 LIMIT 1
"""

OPEN_CHAT_OF = f"""
SELECT * FROM contacts WHERE customer_id = $1 AND channel = 'chat' AND state NOT IN ({FINAL})
"""  # noqa: S608  # constants

OPEN_OF_CUSTOMER_IN_WRITING = f"""
SELECT * FROM contacts WHERE customer_id = $1 AND channel <> 'phone' AND state NOT IN ({FINAL})
ORDER BY id FOR UPDATE
"""  # noqa: S608  # constants

OPEN_OF_THREAD = f"""
SELECT * FROM contacts WHERE thread_id = $1 AND state NOT IN ({FINAL}) FOR UPDATE
"""  # noqa: S608  # constants

IN_WRITING_OF = """
SELECT * FROM contacts
WHERE advisor_id = $1 AND channel <> 'phone' AND state IN ('offered', 'connected') ORDER BY age_at, id LIMIT 100
"""

WAITING_BEFORE = """
SELECT count(*) FILTER (WHERE desk_group_id = $3 AND choice IS DISTINCT FROM 'hold') AS in_group,
       count(*) FILTER (WHERE desk_group_id = ANY($6::uuid[]) AND choice IS DISTINCT FROM 'hold') AS in_reach,
       count(*) FILTER (WHERE own_advisor_id = $4 AND choice = 'hold') AS for_own
FROM contacts
WHERE market_id = $1 AND state = 'waiting' AND hung_up_at IS NULL AND (age_at, id) < ($2, $5) AND channel = $7
"""

WAITING = """
SELECT * FROM contacts
WHERE state = 'waiting' AND channel = 'phone' AND hung_up_at IS NULL AND last_signal_at > $1
ORDER BY age_at, id
LIMIT $2
FOR UPDATE SKIP LOCKED
"""

SEEN_WAITING = """
SELECT * FROM contacts
WHERE state = 'waiting' AND channel = 'phone' AND hung_up_at IS NULL AND last_signal_at > $1
ORDER BY age_at, id
LIMIT $2
"""

STILL_WAITING = """
SELECT * FROM contacts
WHERE id = ANY($1::uuid[]) AND state = 'waiting' AND hung_up_at IS NULL AND last_signal_at > $2
ORDER BY age_at, id
FOR UPDATE SKIP LOCKED
"""

FAMILIAR_WITH = """
SELECT customer_id, advisor_id, count(*) AS times FROM contacts
WHERE customer_id = ANY($1::uuid[]) AND advisor_id = ANY($2::uuid[]) AND answered_at IS NOT NULL
GROUP BY customer_id, advisor_id
"""

HANDLED_LATELY = """
SELECT coalesce(sum(extract(epoch FROM ended_at - answered_at)), 0)::float8 AS total_s, count(*) AS count
FROM (
    SELECT answered_at, ended_at FROM contacts
    WHERE market_id = $1 AND channel = 'phone' AND state = 'completed' AND ended_at <= $2
    ORDER BY ended_at DESC, id LIMIT 200
) lately
"""

ANSWERED_BY = """
SELECT answered_at, ended_at FROM contacts
WHERE advisor_id = $1 AND answered_at >= $2 AND answered_at < $3 AND state = 'completed'
ORDER BY answered_at
"""

ENDED_LATELY = """
SELECT * FROM (
    SELECT id, state, received_at, own_advisor_id, own_by, language, needs, choice, answered_at, hung_up_at,
           ended_at
    FROM contacts
    WHERE market_id = $1 AND id >= $2 AND received_at >= $3 AND received_at < $4 AND ended_at IS NOT NULL
      AND channel = 'phone' AND direction = 'in' AND state <> 'lost_signal'
      AND (state <> 'closed_hours' OR ended_reason = 'full')
    ORDER BY id DESC LIMIT $5
) newest ORDER BY received_at, id
"""

ACTIVE_OF = """
SELECT * FROM contacts WHERE advisor_id = $1 AND channel = 'phone' AND state IN ('connected', 'wrapping')
"""


def records(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as the one JSON parameter of `jsonb_populate_recordset`."""
    return to_json(list(rows)).decode()


async def situations(session: ReadSession, calls: Sequence[InboundCall]) -> Sequence[Row]:
    """For each call, in order: the directory's version, the call if it is known already, the customer if the
    caller's number is one customer's alone, the advisor whose call it is (`advisor_id` …) with the presence."""
    return await session.fetch(
        SITUATIONS,
        [call.call_id for call in calls],
        [call.caller for call in calls],
        [call.dialled for call in calls],
    )


async def write(
    session: Session,
    contacts: Sequence[Mapping[str, Any]],
    offers: Sequence[Mapping[str, Any]],
    decisions: Sequence[Mapping[str, Any]],
) -> None:
    """Insert whole rows (every column present) in one statement."""
    await session.execute(WRITE, records(contacts), records(offers), records(decisions))


async def insert(session: Session, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    await session.execute(WRITE_ONE[table], records(rows))


async def lock_by_call(session: Session, switch_call_id: str) -> dict[str, Any] | None:
    sql = "SELECT * FROM contacts WHERE switch_call_id = $1 FOR UPDATE"
    return await session.fetch_row(sql, switch_call_id)


async def lock(session: Session, contact_id: UUID) -> dict[str, Any] | None:
    return await session.fetch_row("SELECT * FROM contacts WHERE id = $1 FOR UPDATE", contact_id)


async def by_call(session: ReadSession, switch_call_id: str) -> dict[str, Any] | None:
    return await session.fetch_row("SELECT * FROM contacts WHERE switch_call_id = $1", switch_call_id)


async def state_of_call(session: ReadSession, switch_call_id: str) -> str | None:
    sql = "SELECT state FROM contacts WHERE switch_call_id = $1"
    return cast("str | None", await session.fetch_value(sql, switch_call_id))


async def advisor_of_phone(session: ReadSession, endpoint: str | None, uri: str | None) -> UUID | None:
    sql = "SELECT id FROM advisors WHERE sip_endpoint = $1 OR sip_uri = $2 ORDER BY id LIMIT 1"
    return cast("UUID | None", await session.fetch_value(sql, endpoint, uri))


async def by_id(session: ReadSession, contact_id: UUID) -> dict[str, Any] | None:
    return await session.fetch_row("SELECT * FROM contacts WHERE id = $1", contact_id)


async def save(session: Session, row: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """Change some columns of a locked contact; returns the row as it is then."""
    assert changes.keys() <= COLUMNS
    sets = ", ".join(f"{column} = ${n}" for n, column in enumerate(changes, start=3))
    sql = f"UPDATE contacts SET {sets} WHERE id = $1 AND market_id = $2 RETURNING *"  # noqa: S608  # checked above
    values = [to_json(value).decode() if isinstance(value, dict) else value for value in changes.values()]
    saved = await session.fetch_row(sql, row["id"], row["market_id"], *values)
    assert saved is not None  # locked before
    return saved


async def customer(session: ReadSession, external_ref: str) -> Row | None:
    return await session.fetch_row(CUSTOMER, external_ref)


async def customer_by_id(session: ReadSession, customer_id: UUID) -> Row | None:
    return await session.fetch_row(CUSTOMER_BY_ID, customer_id)


async def customer_of_address(session: ReadSession, address: str) -> Row | None:
    """Whose mail address this is, in small letters; None where it is nobody's, or that of several."""
    found = await session.fetch(CUSTOMERS_OF_ADDRESS, address)
    return found[0] if len(found) == 1 else None


async def phones_of(session: ReadSession, customer_id: UUID) -> list[str]:
    """The customer's numbers, always in the same order."""
    sql = "SELECT number FROM customer_phones WHERE customer_id = $1 ORDER BY number LIMIT 100"
    return [row["number"] for row in await session.fetch(sql, customer_id)]


async def most_recent_of_number(session: ReadSession, number: str) -> Row | None:
    """Of the customers who share this number the one with the most recent contact."""
    return await session.fetch_row(MOST_RECENT_OF_NUMBER, number)


async def dialled_owner(session: ReadSession, number: str) -> UUID | None:
    return cast("UUID | None", await session.fetch_value(DIALLED_OWNER, number))


async def hold_customer(session: Session, customer_id: UUID) -> bool:
    """Until the end of the transaction; False where they have just been erased."""
    sql = "SELECT true FROM customers WHERE id = $1 FOR NO KEY UPDATE"
    return bool(await session.fetch_value(sql, customer_id))


async def open_chat_of(session: ReadSession, customer_id: UUID) -> dict[str, Any] | None:
    """The customer's chat that is not over; there is at most one."""
    return await session.fetch_row(OPEN_CHAT_OF, customer_id)


async def lock_in_writing_of(session: Session, customer_id: UUID) -> list[dict[str, Any]]:
    """The customer's chats and mails that are not over, locked."""
    return await session.fetch(OPEN_OF_CUSTOMER_IN_WRITING, customer_id)


async def lock_open_of_thread(session: Session, thread_id: UUID) -> dict[str, Any] | None:
    """The thread's contact that is not over, locked; there is at most one."""
    return await session.fetch_row(OPEN_OF_THREAD, thread_id)


async def in_writing_of(session: ReadSession, advisor_id: UUID) -> list[dict[str, Any]]:
    """Chats and mails that are offered to an advisor or that they have taken, the oldest first."""
    return await session.fetch(IN_WRITING_OF, advisor_id)


async def familiar(session: ReadSession, customer_id: UUID) -> dict[UUID, int]:
    """How often each advisor has spoken with this customer."""
    return {row["advisor_id"]: row["times"] for row in await session.fetch(FAMILIAR, customer_id)}


async def got_through(session: ReadSession, customer_id: UUID | None, market_id: str, since: datetime) -> bool:
    """Whether somebody has answered this customer's call since then."""
    return bool(await session.fetch_value(GOT_THROUGH, customer_id, market_id, since))


async def waiting_before(session: ReadSession, contact: Mapping[str, Any], groups: Sequence[UUID] = ()) -> Row:
    """How many wait ahead of this contact in its group, in all of these groups, and for its own advisor."""
    row = await session.fetch_row(
        WAITING_BEFORE,
        contact["market_id"],
        contact["age_at"],
        contact["desk_group_id"],
        contact["own_advisor_id"],
        contact["id"],
        groups,
        contact["channel"],
    )
    assert row is not None
    return row


async def waiting(session: Session, heard_after: datetime, limit: int = 200) -> list[dict[str, Any]]:
    """Contacts that wait and whose switch has been heard lately, oldest first, locked; what another replica
    is looking at is passed over."""
    return await session.fetch(WAITING, heard_after, limit)


async def seen_waiting(session: ReadSession, heard_after: datetime, limit: int) -> list[dict[str, Any]]:
    """The same, of whoever is looking at them and without a lock."""
    return await session.fetch(SEEN_WAITING, heard_after, limit)


async def still_waiting(
    session: Session, contact_ids: Sequence[UUID], heard_after: datetime
) -> list[dict[str, Any]]:
    """Those of the contacts that still wait, locked; what another replica is looking at is passed over."""
    return await session.fetch(STILL_WAITING, contact_ids, heard_after)


async def familiar_with(
    session: ReadSession, customer_ids: Sequence[UUID], advisor_ids: Sequence[UUID]
) -> dict[UUID, dict[UUID, int]]:
    """Customer → how often each of the advisors has spoken with them."""
    known: defaultdict[UUID, dict[UUID, int]] = defaultdict(dict)
    for row in await session.fetch(FAMILIAR_WITH, customer_ids, advisor_ids):
        known[row["customer_id"]][row["advisor_id"]] = row["times"]
    return dict(known)


async def handled_lately(session: ReadSession, market_id: str, now: datetime) -> tuple[float, int]:
    row = await session.fetch_row(HANDLED_LATELY, market_id, now)
    assert row is not None
    return row["total_s"], row["count"]


async def answered_by(
    session: ReadSession, advisor_id: UUID, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """When an advisor was with customers, wrap-up included."""
    return await session.fetch(ANSWERED_BY, advisor_id, since, until)


async def ended_lately(
    session: ReadSession, market_id: str, since: datetime, until: datetime, limit: int
) -> list[dict[str, Any]]:
    """Inbound calls that came while the market was open and are over, the newest so many, in the order they came.
    Ids are made from the clock, so the primary key finds them."""
    return await session.fetch(ENDED_LATELY, market_id, first_at(since), since, until, limit)


async def active_of(session: ReadSession, advisor_id: UUID) -> dict[str, Any] | None:
    """The phone contact that an advisor is in or wraps up; there is at most one."""
    return await session.fetch_row(ACTIVE_OF, advisor_id)


async def wrapping_of(session: ReadSession, advisor_id: UUID) -> list[UUID]:
    sql = "SELECT id FROM contacts WHERE advisor_id = $1 AND channel = 'phone' AND state = 'wrapping'"
    return await ids(session, sql, advisor_id)


async def alive(session: Session, call_ids: Sequence[str], now: datetime) -> None:
    """The switch still knows these calls; one statement, however many. What has ended stays as it is."""
    sql = """
    UPDATE contacts SET last_signal_at = $2, asked_after_at = NULL
    WHERE switch_call_id = ANY($1::text[]) AND ended_at IS NULL
    """
    await session.execute(sql, call_ids, now)


async def ids(session: ReadSession, sql: str, *arguments: Any) -> list[UUID]:
    return [row["id"] for row in await session.fetch(sql, *arguments)]
