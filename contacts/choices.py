"""What the caller typed: a customer number, a choice, a number to call back, another window."""

from __future__ import annotations

from typing import Any

from contacts import arrivals, asking, promises, queries
from contacts.answers import KEEP_KEY, KEYS, OTHER_NUMBER_KEY
from contacts.conversations import place_again, step
from contacts.situation import Scene
from telephony.inbound import Signal

Contact = dict[str, Any]

EXPECTS_DIGITS = frozenset({"identifying", "choosing", "waiting"})


async def typed(scene: Scene, row: Contact, signal: Signal) -> Contact:
    """Digits, or none before the time ran out, while the contact expects some."""
    digits = (signal.digits or "").strip().rstrip("#")
    if row["state"] == "identifying":
        return await _customer_number(scene, row, digits)
    match row["step"]:
        case "callback_number":
            found = await promises.number_typed(scene, row, digits)
            return found if found is not None else await _no_callback(scene, row)
        case "callback_placed":
            return await _adjusted(scene, row, digits)
        case _:
            return await _choice(scene, row, digits)


async def _adjusted(scene: Scene, row: Contact, digits: str) -> Contact:
    """What is promised is adjusted: a later window, or the number that was typed is typed again."""
    if digits == "1":
        return await promises.later(scene, row)
    if digits == OTHER_NUMBER_KEY and row["menu"].get("typed"):
        return await promises.ask_number(scene, row)
    return row


async def _customer_number(scene: Scene, row: Contact, digits: str) -> Contact:
    found = await arrivals.identify(scene, row, digits or None)
    if found is None and row["choices_asked"] == 0:
        return await queries.save(scene.session, row, choices_asked=1)
    if found is None:
        found = await arrivals.identify(scene, row, None)
    return await place_again(scene, row, **(found or {}), choices_asked=0)


async def _choice(scene: Scene, row: Contact, digits: str) -> Contact:
    if digits == KEEP_KEY and row["state"] == "choosing" and (kept := await asking.keep_time(scene, row)):
        return kept
    choice = KEYS.get(digits)
    offered = (row["menu"] or {}).get("choices", ())
    if choice == "callback" and (choice in offered or row["state"] == "waiting"):
        found = await promises.choose_callback(scene, row)
        return found if found is not None else await _no_callback(scene, row)
    if row["state"] == "waiting":
        return row
    if row["step"] in ("closed", "full"):
        return await _nothing_chosen_while_closed(scene, row)
    if choice in offered:
        told = row["menu"]["expected_wait_s"].get("hold") if choice == "hold" else None
        return await place_again(scene, row, choice=choice, hold_told_s=told)
    return await place_again(scene, row)


async def _no_callback(scene: Scene, row: Contact) -> Contact:
    """Nothing can be promised: a colleague then, or the queue."""
    return await place_again(scene, row, choice="colleague")


async def _nothing_chosen_while_closed(scene: Scene, row: Contact) -> Contact:
    row = await step(scene, row, "waiting", "contact.waiting")
    why = row["menu"]["closed"]
    return await step(
        scene, row, "closed_hours", "contact.closed_hours", ended_at=scene.now, ended_reason=why, deadline_at=None
    )
