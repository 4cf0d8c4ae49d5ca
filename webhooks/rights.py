"""Which events a subscription hears of: by type, by place, and by what its owner may know. Pure.

    wants(("contact.*", "callback.done"), "all", "contact.offered")

Types: `*`, `noun.*`, or one type. A subscription that a control center's key has made hears of customers and of
what happens to them; who of the staff sits where, is absent or signs in is not its business, whatever it asks for.
What is told of webhooks goes to nobody this way, or every letter would write another one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from uuid import UUID

from kit.ids import encode
from realtime.topics import ALL, Topics

SHAPE = re.compile(r"\*|[a-z_]{1,40}\.(\*|[a-z_]{1,60})", re.ASCII)

OF_CONTROL_CENTERS = frozenset(
    {"customer", "customers", "relationship", "contact", "callback", "message", "number", "numbers", "market",
     "policy", "product"}
)  # fmt: skip
OURS_ALONE = frozenset({"webhook"})


def complaint_about_type(kind: str, reach: str) -> str | None:
    """A code for what is wrong with a type that somebody wants to hear of."""
    if not SHAPE.fullmatch(kind):
        return "unreadable"
    noun = kind.split(".")[0]
    return None if kind == "*" or _may(noun, reach) else "not_for_you"


def wants(types: Collection[str], reach: str, kind: str) -> bool:
    noun = kind.split(".")[0]
    return _may(noun, reach) and not {"*", f"{noun}.*", kind}.isdisjoint(types)


def _may(noun: str, reach: str) -> bool:
    return noun not in OURS_ALONE and (reach == "all" or noun in OF_CONTROL_CENTERS)


def places(markets: Iterable[str], groups: Iterable[UUID]) -> Topics:
    """The topics to which a subscription is limited; without any it is the whole company."""
    named = [*(f"market:{market}" for market in markets), *(f"desk:{encode('grp', group)}" for group in groups)]
    return frozenset(named or [ALL])
