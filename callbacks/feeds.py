"""An advisor's calendar: promises, absences and shifts as iCalendar (RFC 5545), for the programs that people use.

Calendars can't send headers, so the address has a secret in it, which is kept as a hash and made anew at will.
In an entry stand the control center's number of the customer and nothing else about anybody; an absence has no
kind. A promise keeps its UID for life, and every change raises its SEQUENCE; one that is another's now is
cancelled.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from uuid import UUID

from icalendar import Calendar, Event

from callbacks import feed_queries as queries
from kit.database import ReadSession, Row, Session
from kit.errors import NotFound
from kit.ids import encode
from kit.intervals import Interval
from kit.words import Words

BACK, AHEAD = timedelta(days=14), timedelta(days=60)
SHIFTS_AHEAD = timedelta(days=14)
SETTLED = frozenset({"cancelled", "settled", "merged", "failed"})


@dataclass(frozen=True, slots=True)
class Entry:
    """`uid` for life, `sequence` growing with every change, instants in UTC."""

    uid: str
    sequence: int
    span: Interval
    summary: str
    changed_at: datetime
    cancelled: bool = False


async def renew(session: Session, advisor_id: UUID, now: datetime) -> str:
    """A new secret; the old address leads nowhere from now on. It is told once."""
    token = secrets.token_urlsafe(32)
    await queries.put(session, advisor_id, _hash(token), now)
    session.audit("calendar_feed.renewed", now, encode("adv", advisor_id))
    return token


async def revoke(session: Session, advisor_id: UUID, now: datetime) -> None:
    await queries.drop(session, advisor_id)
    session.audit("calendar_feed.revoked", now, encode("adv", advisor_id))


async def check(session: ReadSession, advisor_id: UUID, token: str) -> None:
    """Raises `NotFound` for a wrong secret, as for an advisor who has no feed."""
    kept = await queries.token_hash(session, advisor_id)
    if kept is None or not compare_digest(kept, _hash(token)):
        raise NotFound


def promise(row: Row, words: Words) -> Entry:
    """From `feed_queries.promises`; the time planned within the window, where there is one."""
    handed = row["owner_state"] == "handed_to_group"
    cancelled = handed or row["state"] in SETTLED
    begins = row["planned_at"] or row["window_starts_at"]
    ends = begins + timedelta(minutes=row["expected_minutes"]) if row["planned_at"] else row["window_ends_at"]
    changes = (row["moves"] or 0) + row["attempts"]
    return Entry(
        uid=encode("cb", row["id"]),
        sequence=4 * changes + 2 * (row["planned_at"] is not None) + cancelled,
        span=Interval(begins, ends),
        summary=words.say("calendar.callback", customer=row["external_ref"] or encode("cb", row["id"])),
        changed_at=row["since"],
        cancelled=cancelled,
    )


def absence(row: Row, words: Words) -> Entry:
    return Entry(
        uid=encode("abs", row["id"]),
        sequence=int(row["state"] == "cancelled"),
        span=Interval(row["starts_at"], row["ends_at"]),
        summary=words.say("calendar.absence"),
        changed_at=row["entered_at"],
        cancelled=row["state"] == "cancelled",
    )


def shifts(advisor_id: UUID, spans: Sequence[Interval], words: Words, now: datetime) -> list[Entry]:
    """By the beginning: a shift that begins at another time is another one."""
    return [
        Entry(
            uid=f"{encode('adv', advisor_id)}-{int(span.starts_at.timestamp())}",
            sequence=0,
            span=span,
            summary=words.say("calendar.shift"),
            changed_at=now,
        )
        for span in spans
    ]


def written(entries: Iterable[Entry], name: str) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Durchwahl//callbacks//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    for entry in entries:
        calendar.add_component(_event(entry))
    return bytes(calendar.to_ical())


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@durchwahl")
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("dtstart", entry.span.starts_at.astimezone(UTC))
    event.add("dtend", entry.span.ends_at.astimezone(UTC))
    event.add("summary", entry.summary)
    event.add("transp", "TRANSPARENT" if entry.cancelled else "OPAQUE")
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    return event


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
