"""Tickets open a stream once, within 30 s, so that no lasting secret travels where URLs and frames are logged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts import tokens
from accounts.principal import Principal
from kit.database import ReadSession, Row, Session
from kit.errors import Forbidden
from kit.ids import encode
from realtime import queries
from realtime.topics import Viewer

LIFETIME = timedelta(seconds=30)


async def issue(session: Session, principal: Principal, now: datetime) -> tuple[str, datetime]:
    """A ticket, told now and never again, and until when it is good. Raises `Forbidden` for machines."""
    if principal.sign_in_hash is None or principal.role is None:
        raise Forbidden
    ticket, expires_at = tokens.make("ticket"), now + LIFETIME
    await queries.drop_expired_tickets(session, now)
    await queries.keep_ticket(
        session,
        tokens.digest(ticket.encode()),
        principal.name_for_keys,
        principal.sign_in_hash,
        principal.role,
        principal.advisor_id,
        expires_at,
    )
    return ticket, expires_at


async def redeem(session: Session, ticket: str, now: datetime) -> Viewer | None:
    """Who comes with this ticket; None where it is unknown, used or expired, or its sign-in has ended since."""
    token = ticket.encode(errors="replace")
    if not tokens.looks_like_one(token):
        return None
    row = await queries.take_ticket(session, tokens.digest(token), now)
    if row is None or row["sign_in_hash"] is None:
        return None
    found = await viewers(session, [row["sign_in_hash"]], now)
    return found[0] if found else None


async def viewers(session: ReadSession, sign_ins: Sequence[bytes], now: datetime) -> list[Viewer]:
    """Those of the sign-ins that still hold, with the role, advisor and groups that their people have now."""
    return [_viewer(row) for row in await queries.viewers(session, sign_ins, now)]


def _viewer(row: Row) -> Viewer:
    return Viewer(
        sign_in=row["token_hash"],
        role=row["role"],
        advisor=row["advisor_id"] and encode("adv", row["advisor_id"]),
        group=row["desk_group_id"] and encode("grp", row["desk_group_id"]),
        leads=frozenset(encode("grp", group) for group in row["leads"]),
    )
