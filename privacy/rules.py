"""The rules of retention: what goes when. A rule by months drops partitions; one by rows deletes or empties them.

`$1` is the instant before which something must have ended, `$2` how many rows at most in a transaction; rules that
walk along a large table also take `$3` and `$4`, between which ids were made, so that no day is looked at twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from books.reading import LOOK_AHEAD
from contacts.models import FINAL as FINAL_CONTACTS
from kit.settings import Settings

BATCH = 2_000
DELIVERED = timedelta(days=3)
"""How long it is kept what was delivered to whom: as long as retries may take."""


@dataclass(frozen=True, slots=True)
class Months:
    """Partitions of `parent` whose last day is older than `keep`."""

    name: str
    parent: Literal["events", "decisions", "audit"]
    keep: timedelta


@dataclass(frozen=True, slots=True)
class Rows:
    """`count` says how many rows are due, `treat` does them, a batch at a time until nothing is left.

    `walks`: along ids in the order in which they were made, and never back.
    """

    name: str
    table: str
    keep: timedelta
    what: Literal["deleted", "emptied"]
    due: str
    treat: str
    walks: bool = False

    @property
    def count(self) -> str:
        return f"SELECT count(*) FROM {self.table} AS t WHERE {self.due}"  # noqa: S608 - constants of ours


def _deleted(name: str, table: str, keep: timedelta, due: str) -> Rows:
    treat = f"DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} AS t WHERE {due} LIMIT $2))"  # noqa: S608
    return Rows(name, table, keep, "deleted", due, treat)


CONTACTS_DUE = (
    "t.ended_at < $1 AND (t.caller_number IS NOT NULL OR t.note IS NOT NULL OR t.disposition IS NOT NULL)"
)
THREADS_DUE = f"""
t.last_at < $1 AND NOT EXISTS (
    SELECT FROM contacts c
    WHERE c.thread_id = t.id AND c.market_id = t.market_id AND c.state NOT IN ({FINAL_CONTACTS})
)
"""

FORGET_THREADS = f"""
WITH old AS (
    SELECT id, market_id FROM threads AS t WHERE {THREADS_DUE} LIMIT $2
), freed AS (
    UPDATE contacts c SET thread_id = NULL FROM old WHERE c.thread_id = old.id AND c.market_id = old.market_id
)
DELETE FROM threads WHERE (id, market_id) IN (SELECT id, market_id FROM old)
"""  # noqa: S608 - constants of ours

CALLBACKS_DUE = "t.final_at < $1 AND (t.number IS NOT NULL OR t.topic IS NOT NULL)"
MESSAGES_DUE = "t.ended_at < $1 AND num_nonnulls(t.customer_id, t.advisor_id, t.thread_id) > 0"
ATTEMPTS_DUE = "t.ended_at < $1 AND t.number IS NOT NULL"


LEAVERS_DUE = """
t.leaving_at < $1 AND t.name <> '' AND NOT EXISTS (
    SELECT FROM relationships AS r WHERE r.advisor_id = t.id AND r.ends_at IS NULL
)
"""

FORGET_LEAVERS = f"""
WITH gone AS (
    UPDATE advisors SET name = '', external_ref = 'left-' || id, email = NULL, mail_name = NULL,
        photo_url = NULL, sip_uri = NULL,
        sip_endpoint = NULL, working_pattern = '{{}}', phone_capacity = 0
    WHERE id IN (SELECT id FROM advisors AS t WHERE {LEAVERS_DUE} LIMIT $2)
    RETURNING id
), closed AS (
    UPDATE accounts SET active = false, name = '', email = 'left-' || id || '@invalid', password_hash = '!'
    WHERE advisor_id IN (SELECT id FROM gone)
), unskilled AS (
    DELETE FROM advisor_skills WHERE advisor_id IN (SELECT id FROM gone)
), followed AS (
    DELETE FROM calendar_feeds WHERE advisor_id IN (SELECT id FROM gone)
), present AS (
    DELETE FROM absences WHERE advisor_id IN (SELECT id FROM gone)
)
SELECT id FROM gone
"""  # noqa: S608 - constants of ours


def rules(settings: Settings) -> list[Months | Rows]:
    """In the order in which they run: what is smallest first."""
    contacts = settings.keep_contacts
    return [
        _deleted("sign_ins", "sign_ins", settings.keep_sign_ins, "coalesce(t.ended_at, t.expires_at) < $1"),
        _deleted("stream_tickets", "stream_tickets", timedelta(0), "t.expires_at < $1"),
        _deleted("stored_answers", "stored_answers", timedelta(0), "t.kept_until < $1"),
        _deleted("switch_events", "switch_events", settings.keep_switch_events, "t.heard_at < $1"),
        _deleted("book_run_skills", "book_run_skills", LOOK_AHEAD, "t.made_at < $1"),
        _deleted("webhooks", "webhook_deliveries", DELIVERED, "t.state = 'delivered' AND t.ended_at < $1"),
        _deleted(
            "dead_letters", "webhook_deliveries", settings.keep_webhooks, "t.state = 'dead' AND t.ended_at < $1"
        ),
        Rows("leavers", "advisors", settings.keep_leavers, "emptied", LEAVERS_DUE, FORGET_LEAVERS),
        _deleted("absences", "absences", settings.keep_absences, "t.ends_at < $1"),
        Rows(
            "contacts",
            "contacts",
            contacts,
            "emptied",
            CONTACTS_DUE,
            "UPDATE contacts SET caller_number = NULL, note = NULL, disposition = NULL WHERE (id, market_id) IN "  # noqa: S608
            f"(SELECT id, market_id FROM contacts AS t WHERE {CONTACTS_DUE} AND t.id >= $3 AND t.id < $4 LIMIT $2)",
            walks=True,
        ),
        Rows("threads", "threads", contacts, "deleted", THREADS_DUE, FORGET_THREADS),
        Rows(
            "callbacks",
            "callbacks",
            contacts,
            "emptied",
            CALLBACKS_DUE,
            "UPDATE callbacks SET number = NULL, topic = NULL WHERE (id, market_id) IN "  # noqa: S608
            f"(SELECT id, market_id FROM callbacks AS t WHERE {CALLBACKS_DUE} LIMIT $2)",
        ),
        Rows(
            "callback_attempts",
            "callback_attempts",
            contacts,
            "emptied",
            ATTEMPTS_DUE,
            "UPDATE callback_attempts SET number = NULL WHERE (token, market_id) IN "  # noqa: S608
            f"(SELECT token, market_id FROM callback_attempts AS t WHERE {ATTEMPTS_DUE} LIMIT $2)",
        ),
        Rows(
            "messages",
            "messages",
            settings.keep_messages,
            "emptied",
            MESSAGES_DUE,
            "UPDATE messages SET customer_id = NULL, advisor_id = NULL, thread_id = NULL, args = '{}' WHERE id IN "  # noqa: S608
            f"(SELECT id FROM messages AS t WHERE {MESSAGES_DUE} LIMIT $2)",
        ),
        Months("events", "events", settings.keep_events),
        Months("decisions", "decisions", settings.keep_decisions),
        Months("audit", "audit", settings.keep_audit),
    ]


def first_id(at: datetime) -> UUID:
    """The least id that can have been made at this instant."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
