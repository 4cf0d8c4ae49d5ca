"""What the switch is told to do, as data. One list of verbs, rendered by each adapter.

Durations are whole seconds. Texts are already in the caller's language; numbers never stand in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Say:
    """Speak `text`; `language` is a BCP 47 tag with region, for example `de-DE`."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Gather:
    """Collect up to `digits` digits; `choices` names what each single digit means."""

    digits: int
    timeout_s: int
    choices: Mapping[str, str] = field(default_factory=dict)
    expected_wait_s: Mapping[str, int | None] = field(default_factory=dict)
    finish_on: str | None = None
    asks_for: str = "choice"
    """choice, customer_number, callback_number or slot"""


@dataclass(frozen=True, slots=True)
class Target:
    """A phone to ring: a SIP URI, and the switch's own name for it where it has one."""

    uri: str | None
    endpoint: str | None


@dataclass(frozen=True, slots=True)
class Dial:
    """Ring the targets for `timeout_s`; the caller keeps hearing ringing until somebody answers."""

    targets: tuple[Target, ...]
    timeout_s: int
    offer_id: UUID
    token: UUID


@dataclass(frozen=True, slots=True)
class Wait:
    """Play music; look again after `poll_after_s`, or poll `…/wait` which answers as soon as something changes."""

    position: int | None
    expected_wait_s: tuple[int, int] | None
    poll_after_s: int
    whom: str = "group"


@dataclass(frozen=True, slots=True)
class Redirect:
    """Hand the call to another destination of the switch, for example its fallback."""

    target: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call: both legs, whichever still lives."""

    cause: str = "normal"


Verb = Say | Gather | Dial | Wait | Redirect | Hangup
