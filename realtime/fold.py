"""What a listener makes of a snapshot and the events after it. Pure; the browser's fold mirrors this one.

    view = View.of(snapshot["topics"], snapshot["data"])
    view.apply(event)                      # a CloudEvent, in the order received

Rules
- `data` maps a noun to the whole public state of one thing, which replaces what was there. Other members are not
  folded.
- A thing in a final state, or one that belongs to none of the topics any more, is removed.
- An event that is older than what is known of its thing, by `sequence`, changes nothing, and what is gone stays
  gone for it. For the log is ordered by transaction, and of two transactions the one that began first may have
  changed the thing last. `sequence` is drawn while the thing's row is locked: per thing it is the true order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from callbacks.states import CALLBACK
from contacts.states import CONTACT, NOTE, OFFER
from realtime.topics import Topics, belongs

Thing = dict[str, Any]
Data = dict[str, dict[str, Thing]]


@dataclass(frozen=True)
class Noun:
    """Where things of this kind stand in a snapshot, what names them, and which states end them."""

    shelf: str
    key: str
    final: frozenset[str]


NOUNS = {
    "presence": Noun("presences", "advisor", frozenset()),
    "contact": Noun("contacts", "id", CONTACT.final),
    "offer": Noun("offers", "id", OFFER.final),
    "callback": Noun("callbacks", "id", CALLBACK.final),
    "note": Noun("notes", "id", NOTE.final),
}


@dataclass
class View:
    """What is seen on `topics` (with `me` resolved to `me:adv_…`)."""

    topics: Topics
    data: Data
    _sequences: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, topics: Iterable[str], data: Mapping[str, Mapping[str, Thing]]) -> View:
        shelves = {noun.shelf: dict(data.get(noun.shelf, {})) for noun in NOUNS.values()}
        return cls(frozenset(topics), shelves)

    def apply(self, event: Mapping[str, Any]) -> None:
        for name, noun in NOUNS.items():
            if name in event["data"]:
                self._put(noun, event["data"][name], event["sequence"])

    def _put(self, noun: Noun, thing: Thing, sequence: str) -> None:
        shelf, key = self.data[noun.shelf], thing[noun.key]
        if sequence <= self._sequences.get((noun.shelf, key), ""):
            return
        self._sequences[noun.shelf, key] = sequence
        if thing["state"] in noun.final or not belongs(thing, self.topics):
            shelf.pop(key, None)
        else:
            shelf[key] = thing
