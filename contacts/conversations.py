"""From the ringing phone to the end of wrap-up: offers taken and not taken, talks ended, notes made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from advisors import presence_queries, presences
from advisors.presence import NotTaken
from callbacks import queries as callback_queries
from callbacks import service as callbacks
from contacts import channels, notes, offer_queries, queries
from contacts.placing import place
from contacts.public import contact_changed, offer_changed
from contacts.situation import Case, Scene
from contacts.states import CONTACT

Contact = dict[str, Any]


async def answered(scene: Scene, row: Contact, offer: Mapping[str, Any]) -> Contact:
    """The advisor's phone was picked up: accepted, connected, and what was promised to this customer is settled."""
    now, session = scene.now, scene.session
    promise = await open_promise(scene, row)
    if not await close_offer(scene, offer, "accepted", None):
        return row
    await presences.contact_accepted(session, offer["advisor_id"], now)
    row = await step(scene, row, "connected", "contact.connected", answered_at=now, deadline_at=None, tried=[])
    if promise is not None:
        await settle(scene, promise)
    return await ended(scene, row) if row["hung_up_at"] is not None else row


async def open_promise(scene: Scene, row: Contact) -> Mapping[str, Any] | None:
    """What was promised to the customer who calls or writes, locked before anybody's presence is."""
    if row["customer_id"] is None or row["direction"] == "out":
        return None
    return await callback_queries.lock_open_of_customer(scene.session, row["customer_id"], row["market_id"])


async def settle(scene: Scene, promise: Mapping[str, Any]) -> None:
    """The customer got through first: a promise that is still open has lost its point.

    While their phone rings for it, the end of that attempt settles it (`keeping.missed`).
    """
    if promise["state"] in callbacks.CLOSABLE:
        await rescind_callback_offer(scene, promise)
        await callbacks.settle(scene.session, promise, scene.now)


async def rescind_callback_offer(scene: Scene, promise: Mapping[str, Any]) -> None:
    """Stop ringing the advisor for a promise that has just ended, and free its attempt."""
    offer = await offer_queries.open_callback_offer(scene.session, promise["id"])
    if offer is not None and await close_offer(scene, offer, "rescinded", "promise_ended"):
        await presences.offer_rescinded(scene.session, offer["advisor_id"], scene.now)
    attempt = await callback_queries.open_attempt(scene.session, promise["id"])
    if attempt is not None:
        await callback_queries.end_attempt(scene.session, attempt["token"], "rescinded", scene.now)


async def not_taken(scene: Scene, row: Contact, offer: Mapping[str, Any], state: str, reason: NotTaken) -> Contact:
    """Rang out, refused or busy: the contact keeps its age and is placed anew, without this advisor."""
    if not await close_offer(scene, offer, state, reason):
        return row
    if offer["channel"] == "phone":
        await presences.offer_not_taken(scene.session, offer["advisor_id"], reason, scene.now)
    else:
        await channels.free(scene, row["id"])
    if row["state"] != "offered":
        return row
    return await place_again(scene, row, tried=[*row["tried"], offer["advisor_id"]])


async def place_again(scene: Scene, row: Contact, **learnt: Any) -> Contact:
    """Decide anew on a stored contact, with what has just become known of it."""
    case = Case.stored(row, await own_presence(scene, {**row, **learnt}), **learnt)
    return (await place(scene, [case]))[0].case.row


async def own_presence(scene: Scene, row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if row["own_advisor_id"] is None:
        return None
    found = await presence_queries.of_advisors(scene.session, [row["own_advisor_id"]])
    return found.get(row["own_advisor_id"])


async def close_offer(scene: Scene, offer: Mapping[str, Any], state: str, reason: str | None) -> bool:
    """Decide an open offer; False when somebody else has decided it already."""
    closed = await offer_queries.decide_offer(scene.session, offer, state, scene.now, reason)
    if closed is None:
        return False
    group_id = scene.directory.advisors[offer["advisor_id"]].group_id
    event = offer_changed(f"offer.{state}", {**closed, "desk_group_id": group_id}, scene.now)
    scene.session.announce(event)
    return True


async def ended(scene: Scene, row: Contact) -> Contact:
    """The talk is over: wrap-up within its limit, or at once whatever the advisor has chosen meanwhile."""
    now = scene.now
    limit = timedelta(seconds=scene.market(row).policy(now).wrap_up_limit_s)
    presence = await presences.contact_ended(scene.session, row["advisor_id"], now, wrap_up=limit)
    wrapping = presence.state == "wrap_up"
    deadline = presence.deadline_at if wrapping else now
    row = await step(scene, row, "wrapping", "contact.wrapping", hung_up_at=now, deadline_at=deadline)
    if row["callback_id"] is not None and row["direction"] == "out":
        promise = await callback_queries.lock(scene.session, row["callback_id"])
        if promise is not None and promise["state"] == "dialling":
            await callbacks.done(scene.session, promise, now)
    return row if wrapping else await complete(scene, row)


async def complete(scene: Scene, row: Contact) -> Contact:
    """Wrap-up is done: the contact has come to its end, and so has the advisor's pause after it."""
    now = scene.now
    await presences.wrapped_up(scene.session, row["advisor_id"], now)
    await notes.leave(scene, row)
    return await step(
        scene, row, "completed", "contact.completed", ended_at=now, ended_reason="served", deadline_at=None
    )


async def abandon(scene: Scene, row: Contact) -> Contact:
    """The caller has gone; an advisor whose phone still rings is free again. With a promise stored it is kept."""
    if row["callback_id"] is not None and row["state"] == "choosing":
        return await promised(scene, row)
    await rescind(scene, row, "caller_gone")
    if not CONTACT.may(row["state"], "abandoned"):
        row = await step(scene, row, "identifying", "contact.identifying")
    return await step(
        scene, row, "abandoned", "contact.abandoned", ended_at=scene.now, ended_reason="hung_up", deadline_at=None
    )


async def promised(scene: Scene, row: Contact) -> Contact:
    """The call ends with a callback stored."""
    return await step(
        scene, row, "promised", "contact.promised", ended_at=scene.now, ended_reason="promised", deadline_at=None
    )


async def lost(scene: Scene, row: Contact) -> Contact:
    """The switch has gone silent: the contact is over for us, and whoever it held is free."""
    now = scene.now
    if row["callback_id"] is not None and row["state"] == "choosing":
        return await promised(scene, row)
    await rescind(scene, row, "switch_silent")
    if row["state"] in ("connected", "wrapping"):
        await presences.contact_ended(scene.session, row["advisor_id"], now, wrap_up=timedelta(0))
    if row["direction"] == "out" and row["callback_id"] is not None and row["state"] == "connected":
        promise = await callback_queries.lock(scene.session, row["callback_id"])
        if promise is not None and promise["state"] == "dialling":
            await callbacks.done(scene.session, promise, now)
    return await step(
        scene,
        row,
        "lost_signal",
        "contact.lost_signal",
        ended_at=now,
        ended_reason="switch_silent",
        deadline_at=None,
    )


async def rescind(scene: Scene, row: Mapping[str, Any], reason: str) -> None:
    offer = await offer_queries.open_offer(scene.session, row["id"])
    if offer is None or not await close_offer(scene, offer, "rescinded", reason):
        return
    if offer["channel"] == "phone":
        await presences.offer_rescinded(scene.session, offer["advisor_id"], scene.now)
    else:
        await channels.free(scene, row["id"])


async def step(scene: Scene, row: Contact, state: str, kind: str, **changes: Any) -> Contact:
    """One legal step of a contact, saved and announced."""
    CONTACT.check(row["state"], state)
    before = dict(row)
    saved = await queries.save(scene.session, row, state=state, since=scene.now, **changes)
    scene.session.announce(contact_changed(kind, saved, scene.now, before=before))
    return saved
