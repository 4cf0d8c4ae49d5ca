"""Who may listen to what, and whom an event concerns. Pure.

Topics on the wire: `me`, `desk:grp_…`, `market:DE`, `all`. Inside, `me` is resolved to `me:adv_…`.

    advisor      me, the own desk group
    lead         me, the own desk group and those they lead
    supervisor   everything
    admin        everything
    auditor      nothing: reads decisions and the audit, watches nobody at work
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kit.errors import Forbidden
from kit.ids import encode

ALL = "all"
ME = "me"
EVERYTHING = frozenset({"supervisor", "admin"})
MOST = 20
"""Topics of one subscription."""

SHAPE = re.compile(r"me|all|desk:grp_[0-9A-HJKMNP-TV-Z]{26}|market:[A-Z][A-Z0-9_-]{1,15}", re.ASCII)

Topics = frozenset[str]


class NotYours(Forbidden):
    """A topic that does not exist or may not be listened to; nobody learns which."""

    word, title = "topic-not-allowed", "That is not yours to listen to."


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who listens, as the database says now; `sign_in` is the hash of the sign-in that the ticket came from."""

    sign_in: bytes
    role: str
    advisor: str | None = None
    group: str | None = None
    leads: frozenset[str] = frozenset()


def resolved(viewer: Viewer, wanted: Collection[object]) -> Topics:
    """The topics as they are called inside. Raises `NotYours`."""
    if not 0 < len(wanted) <= MOST:
        raise NotYours
    return frozenset(_resolved(viewer, topic) for topic in wanted)


def _resolved(viewer: Viewer, topic: object) -> str:
    if not isinstance(topic, str) or not SHAPE.fullmatch(topic) or not _may(viewer, topic):
        raise NotYours
    return f"me:{viewer.advisor}" if topic == ME else topic


def _may(viewer: Viewer, topic: str) -> bool:
    if topic == ME:
        return viewer.advisor is not None and viewer.role != "auditor"
    if viewer.role in EVERYTHING:
        return True
    group = topic.removeprefix("desk:")
    if group == topic or viewer.role not in {"advisor", "lead"}:
        return False
    return group == viewer.group or (viewer.role == "lead" and group in viewer.leads)


def audience(
    data: Mapping[str, Any], market_id: str | None, desk_group_id: UUID | None, advisor_id: UUID | None
) -> Topics:
    """Every topic on which an event belongs: by its columns, by the thing it tells of, and by who has lost it."""
    return frozenset(
        [
            ALL,
            *_named("market", market_id),
            *_named("desk", desk_group_id and encode("grp", desk_group_id)),
            *_named("me", advisor_id and encode("adv", advisor_id)),
            *(topic for thing in data.values() if isinstance(thing, dict) for topic in scope(thing)),
            *(f"desk:{group}" for group in data.get("left", {}).get("groups", ())),
            *(f"me:{advisor}" for advisor in data.get("left", {}).get("advisors", ())),
        ]
    )


def scope(thing: Mapping[str, Any]) -> Iterator[str]:
    """The topics on which a public state belongs, besides `all`."""
    yield from _named("market", thing.get("market"))
    yield from _named("desk", thing.get("group"))
    yield from _named("me", thing.get("advisor"))
    yield from _named("me", thing.get("own_advisor"))


def belongs(thing: Mapping[str, Any], topics: Topics) -> bool:
    return ALL in topics or any(topic in topics for topic in scope(thing))


def _named(kind: str, name: object) -> Iterator[str]:
    if isinstance(name, str) and name:
        yield f"{kind}:{name}"
