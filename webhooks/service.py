"""What admins and control centers do with subscriptions: add, change, rotate, pause, test, replay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kit.database import ReadSession, Row, Session
from kit.errors import Conflict, Error, NotFound, Unprocessable
from kit.ids import IdMaker, encode
from kit.settings import Settings
from kit.states import IllegalTransition
from realtime import log
from webhooks import addresses, events, queries, secrets
from webhooks.rights import complaint_about_type
from webhooks.schedule import GIVE_UP_AFTER
from webhooks.states import DELIVERY, REACHES, Reach

MOST = 100
"""Subscriptions of a deployment; each may keep four connections of every replica busy."""

MOST_REPLAYED = 1_000
TEST = "webhook.test"
REMOVED, PAUSED = "removed", "paused"

Reaches = Collection[str]
EVERY: Reaches = REACHES


class BadWebhook(Unprocessable):
    """Codes: `unreadable`, `not_https`, `with_credentials`, `with_fragment`, `address_not_allowed`, `not_for_you`,
    `unknown`."""

    word, title = "bad-webhook", "A subscription can't be like that."


class TooManyWebhooks(Conflict):
    word, title = "too-many-webhooks", "There are as many subscriptions as there may be; remove one first."


class IsPaused(Conflict):
    """What is paused sends no test."""

    word, title = "webhook-paused", "This subscription is paused; resume it first."


@dataclass(frozen=True, slots=True)
class Wish:
    """What a subscription should be."""

    name: str
    url: str
    types: Sequence[str]
    markets: Sequence[str] = ()
    desk_groups: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class Office:
    """What adding and rotating take beside the session."""

    settings: Settings
    installation: bytes
    new_id: IdMaker


async def add(
    session: Session, office: Office, wish: Wish, reach: Reach, by: str, now: datetime
) -> tuple[Row, str]:
    """The subscription, and its secret in clear. It hears of what happens from now on. Raises `BadWebhook`,
    `TooManyWebhooks`."""
    await _check(session, office.settings, wish, reach)
    await queries.hold_all(session)
    others = await queries.active(session)
    if len(others) >= MOST:
        raise TooManyWebhooks
    if not others:
        await queries.begin_cursor(session, str(await log.present(session)), now)
    identifier, secret = office.new_id(now), secrets.make()
    sealed = secrets.sealed(office.installation, identifier, secret)
    row = await queries.add(session, identifier, *_columns(wish), reach, sealed, now, by)
    session.announce(events.webhook("webhook.added", row, now))
    return row, secret


async def get(session: ReadSession, webhook_id: UUID, reaches: Reaches = EVERY) -> Row:
    return _there(await queries.one(session, webhook_id, reaches))


async def locked(session: Session, webhook_id: UUID, reaches: Reaches = EVERY) -> Row:
    """Nobody else changes it until the end of the transaction. Raises `NotFound`."""
    return _there(await queries.locked(session, webhook_id, reaches))


async def change(session: Session, settings: Settings, row: Row, wish: Wish, now: datetime) -> Row:
    """A locked subscription as it should be; what is on its way goes to the new address. Raises `BadWebhook`."""
    await _check(session, settings, wish, row["reach"])
    changed = await queries.change(session, row["id"], *_columns(wish), now)
    session.announce(events.webhook("webhook.changed", changed, now))
    return changed


async def rotate(
    session: Session, office: Office, webhook_id: UUID, reaches: Reaches, grace: timedelta, now: datetime
) -> tuple[Row, str]:
    """A new secret; the one before signs along for the grace, an older one no longer. Raises `NotFound`."""
    row = await locked(session, webhook_id, reaches)
    secret = secrets.make()
    sealed = secrets.sealed(office.installation, row["id"], secret)
    rotated = await queries.rotate(session, row["id"], sealed, now + grace, now)
    session.announce(events.webhook("webhook.rotated", rotated, now))
    return rotated, secret


async def pause(session: Session, webhook_id: UUID, reaches: Reaches, now: datetime) -> Row:
    """Nothing is sent; what happens is written down, and is dead after three days. A second time nothing more."""
    row = await locked(session, webhook_id, reaches)
    paused = await queries.pause(session, row["id"], now, "by_hand")
    if paused is not None:
        session.announce(events.webhook("webhook.paused", paused, now))
    return paused or row


async def resume(session: Session, webhook_id: UUID, reaches: Reaches, now: datetime) -> Row:
    """What has waited is sent now; a second time nothing more."""
    row = await locked(session, webhook_id, reaches)
    resumed = await queries.resume(session, row["id"], now)
    if resumed is not None:
        session.announce(events.webhook("webhook.resumed", resumed, now))
        session.wakes.add("webhooks")
    return resumed or row


async def remove(session: Session, row: Row, now: datetime) -> None:
    """A locked subscription hears nothing more; what is on its way is dead."""
    await queries.hold_all(session)
    removed = await queries.remove(session, row["id"], now)
    if removed is None:
        return
    session.announce(events.webhook("webhook.removed", removed, now))
    if not await queries.active(session):
        await queries.drop_cursor(session)


async def test(session: Session, webhook_id: UUID, reaches: Reaches, now: datetime, new_id: IdMaker) -> Row:
    """A message of no event, signed and sent like any other. Raises `NotFound`, `IsPaused`."""
    row = await locked(session, webhook_id, reaches)
    if row["paused_at"] is not None:
        raise IsPaused
    identifier = new_id(now)
    (made,) = await queries.queue(
        session,
        [(identifier, row["id"], 0, None, None, TEST, encode("whd", identifier))],
        now,
        now + GIVE_UP_AFTER,
    )
    session.announce(events.webhook("webhook.tested", row, now, delivery=encode("whd", identifier)))
    session.wakes.add("webhooks")
    return made


async def replay_one(session: Session, webhook_id: UUID, reaches: Reaches, delivery_id: UUID, now: datetime) -> Row:
    """A dead letter is sent again under its id. Raises `NotFound`, `IllegalTransition`."""
    row = await locked(session, webhook_id, reaches)
    seen = _there(await queries.delivery(session, row["id"], delivery_id))
    if seen["state"] != "dead":
        raise IllegalTransition(DELIVERY.name, seen["state"], "pending")
    await _replay(session, row, now, only=delivery_id)
    return _there(await queries.delivery(session, row["id"], delivery_id))


async def replay_all(
    session: Session, webhook_id: UUID, reaches: Reaches, since: datetime | None, now: datetime
) -> int:
    """At most `MOST_REPLAYED` dead letters, the oldest first; returns how many. Raises `NotFound`."""
    row = await locked(session, webhook_id, reaches)
    return await _replay(session, row, now, since=since)


async def _replay(
    session: Session, row: Row, now: datetime, *, only: UUID | None = None, since: datetime | None = None
) -> int:
    again = await queries.replay(session, row["id"], now + GIVE_UP_AFTER, MOST_REPLAYED, only=only, since=since)
    await queries.promote(session, row["id"], [one["subject"] for one in again], now)
    session.announce(events.webhook("webhook.replayed", row, now, deliveries=len(again)))
    session.wakes.add("webhooks")
    return len(again)


async def _check(session: ReadSession, settings: Settings, wish: Wish, reach: str) -> None:
    complaint = addresses.complaint_about_url(
        wish.url,
        encrypted_only=settings.environment == "production",
        allowed=addresses.networks(settings.webhook_networks),
    )
    found = [Error("/url", complaint or "")]
    found += [Error(f"/types/{n}", complaint_about_type(kind, reach) or "") for n, kind in enumerate(wish.types)]
    found += await _unknown_places(session, wish)
    errors = [error for error in found if error.code]
    if errors:
        raise BadWebhook(*errors)


async def _unknown_places(session: ReadSession, wish: Wish) -> list[Error]:
    markets = {row["id"] for row in await session.fetch("SELECT id FROM markets")} if wish.markets else set()
    groups = {row["id"] for row in await session.fetch("SELECT id FROM desk_groups")} if wish.desk_groups else set()
    return [
        *(Error(f"/markets/{n}", "unknown") for n, one in enumerate(wish.markets) if one not in markets),
        *(Error(f"/desk_groups/{n}", "unknown") for n, one in enumerate(wish.desk_groups) if one not in groups),
    ]


def _columns(wish: Wish) -> tuple[str, str, list[str], list[str], list[UUID]]:
    return wish.name, wish.url, list(wish.types), list(wish.markets), list(wish.desk_groups)


def _there(row: Row | None) -> Row:
    if row is None:
        raise NotFound
    return row
