"""What is measured in the database for operators: the figures, and which of them are measured together how often.

All of it is about the whole deployment or a market, never about a person. A figure that grows (a counter) is
counted from where the last count ended up to a little before now, so that transactions under way are not missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from kit import invariants
from reporting import measure_queries as queries

SETTLING = timedelta(seconds=10)
"""How far behind the present growing figures end: longer than any transaction may take."""

HISTORIES_EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Figure:
    """`values` are there from the beginning, with 0, so that a rate can be told from the first one on."""

    words: str
    labels: tuple[str, ...] = ()
    grows: bool = False
    values: tuple[str, ...] = ()


FIGURES: Mapping[str, Figure] = {
    "advisors": Figure("Advisors by presence, in the whole company.", ("state",)),
    "contacts": Figure("Contacts that have not ended, by state.", ("state",)),
    "waiting_contacts": Figure("Callers who wait for somebody to be free.", ("market",)),
    "oldest_wait_seconds": Figure("How long the one who has waited longest has waited; 0 for nobody.", ("market",)),
    "promises": Figure(
        "Callbacks that have not ended: all (`open`), those to be kept now (`due`), and those whose window is over "
        "(`overdue`).",
        ("state",),
    ),
    "numbers": Figure("Direct dial numbers by state.", ("market", "state")),
    "messages": Figure(
        "Messages that have not been delivered: they wait (`waiting`), are being sent, or `failed`.", ("state",)
    ),
    "oldest_message_seconds": Figure("How long the message that has been due longest is due; 0 for none."),
    "messages_ended_total": Figure(
        "Messages that ended: `sent`, `failed`, or `dropped` as there was nobody to write to.",
        ("outcome",),
        grows=True,
        values=("sent", "failed", "dropped"),
    ),
    "webhook_deliveries": Figure(
        "Events for subscribers: on their way (`pending`), or dead letters (`dead`).", ("state",)
    ),
    "oldest_webhook_seconds": Figure(
        "How long the oldest event that a subscriber, not paused, has not taken has been waiting; 0 for none."
    ),
    "webhook_overdue_seconds": Figure(
        "How long the attempt that has been due longest is due; 0 for none. It is we who are late, not a receiver."
    ),
    "webhooks_ended_total": Figure(
        "Events that subscribers took (`delivered`), or that are dead letters (`dead`).",
        ("outcome",),
        grows=True,
        values=("delivered", "dead"),
    ),
    "books_over_cap": Figure("Advisors whose book is fuller than its cap."),
    "promises_ended_total": Figure(
        "Callbacks that ended: `kept` in their window, `late` after it, `settled` as the customer got through "
        "first, `failed`, `cancelled`, `merged`.",
        ("outcome",),
        grows=True,
        values=("kept", "late", "settled", "failed", "cancelled", "merged"),
    ),
    "first_attempts_total": Figure(
        "Windows that opened: whether within five minutes the advisor's call was begun or the promise ended "
        "otherwise (`in_time`), or not (`late`).",
        ("when",),
        grows=True,
        values=("in_time", "late"),
    ),
    "invariant_violations": Figure("Rows that break an invariant; more than 0 is a defect.", ("id",)),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What is measured together. `statements` take the instant; those that `grow` take two and count in between."""

    name: str
    pause: timedelta
    statements: Sequence[str] = ()
    grow: Sequence[str] = ()
    invariants: Sequence[str] = ()

    @property
    def is_slow(self) -> bool:
        """Reads histories: one such kind in a turn."""
        return self.pause >= HISTORIES_EVERY


COUNTED = (queries.PROMISES_ENDED, queries.FIRST_ATTEMPTS, queries.MESSAGES_ENDED, queries.WEBHOOKS_ENDED)

OF_THE_PRESENT = ("I1", "I2", "I3", "I5", "I7", "I8", "I9", "I21", "I29", "I40")
"""They read what is open now, by indexes: cheap however long the history is."""


def kinds() -> list[Kind]:
    """All of them; each invariant that reads histories is a kind of its own."""
    histories = [identifier for identifier in invariants.load() if identifier not in OF_THE_PRESENT]
    return [
        Kind("live", timedelta(seconds=10), statements=(queries.LIVE, queries.MESSAGES, queries.WEBHOOKS)),
        Kind("counted", timedelta(seconds=30), grow=COUNTED),
        Kind("present", timedelta(seconds=30), invariants=OF_THE_PRESENT),
        Kind("stock", timedelta(minutes=5), statements=(queries.STOCK,)),
        *(Kind(identifier, HISTORIES_EVERY, invariants=(identifier,)) for identifier in histories),
    ]
