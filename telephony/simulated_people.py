"""People with telephones, as scripts: who calls and what they choose, and what a phone does when it rings.

Nothing here draws dice: whoever makes a script decides, so that a test says exactly what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Does = Literal["answers", "no_answer", "busy", "failed"]

VerbData = Mapping[str, Any]
"""A verb, or a dial, of the native rendering."""

Target = Mapping[str, Any]
"""A phone: `{"type": "sip", "uri": …, "endpoint": …}` or `{"type": "tel", "number": …}`."""


@dataclass(frozen=True, slots=True)
class Phone:
    """What happens when it rings: `answers` after `after_s`, or not; `failed` is a phone that can't be reached."""

    does: Does = "answers"
    after_s: float = 3.0

    def rings_s(self, at_most: float) -> float:
        """How long it rings in a switch that gives up after `at_most`."""
        if self.does == "no_answer":
            return at_most
        return min(self.after_s, at_most)

    def says_after(self, at_most: float) -> Does:
        """The news that ends the ringing."""
        return "no_answer" if self.does == "answers" and self.after_s > at_most else self.does


Phones = Callable[[Target], Phone]
"""What a phone does, asked each time it rings."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls. Durations in seconds, by the caller's own clock.

    `wants`: choices in the order of preference, of `colleague`, `callback`, `hold`; of those offered the first is
    pressed, none of them: nothing. Patience counts from the first ring until somebody speaks.
    """

    number: str | None
    dials: str
    wants: tuple[str, ...] = ("colleague",)
    customer_number: str = ""
    """Typed when asked who calls; empty: nothing."""
    callback_number: str = ""
    wants_later: int = 0
    """How often a later window is asked for."""
    listens_s: float = 0.0
    """Per announcement."""
    thinks_s: float = 2.0
    patience_s: float = 120.0
    gives_in_after_s: float | None = None
    """While waiting: presses the key for a callback after so long; None: never."""
    talks_s: float = 60.0

    def types(self, gather: VerbData, later: int) -> str | None:
        """The digits for a question; None where the caller says nothing. `later` counts windows put off."""
        match gather.get("for", "choice"):
            case "customer_number":
                return self.customer_number or None
            case "callback_number":
                return self.callback_number or None
            case "slot":
                return _key(gather, "later") if later < self.wants_later else None
            case _:
                return next((key for wish in self.wants if (key := _key(gather, wish))), None)


def _key(gather: VerbData, wish: str) -> str | None:
    return next((key for key, meaning in (gather.get("choices") or {}).items() if meaning == wish), None)
