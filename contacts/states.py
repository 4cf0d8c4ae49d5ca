"""The life of a contact and of an offer, as tables of what may follow what.

Promises: a final state is never left, and every open contact can end as `lost_signal` when the switch goes
silent. A contact that arrives after hours still passes `waiting` or `choosing`: there is no shorter way out.
"""

from __future__ import annotations

from kit.states import machine

LOST_SIGNAL = "lost_signal"

CONTACT = machine(
    "contact",
    {"received"},
    received="identifying lost_signal",
    identifying="offered choosing waiting abandoned lost_signal",
    offered="connected choosing waiting abandoned lost_signal",
    choosing="offered waiting promised abandoned lost_signal",
    waiting="offered choosing promised abandoned closed_hours lost_signal",
    connected="offered wrapping lost_signal",
    wrapping="completed lost_signal",
)
"""`connected → offered` is a transfer; `promised` ends the call with a callback stored."""

OFFER = machine("offer", {"open"}, open="accepted rejected timed_out rescinded")
"""For phone the device is the truth: answering accepts, and the desk's reject ends the ringing."""

NOTE = machine("note", {"unread"}, unread="read withdrawn")
"""A note to a customer's own advisor: until it was read, or there is nobody any more whom it is about."""
