"""What the doctor says: a stable code, how bad it is, a sentence, and what to do. Ids only, nobody's name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]

WORST: Sequence[Severity] = ("error", "warning", "info")
EXIT_CODES: dict[Severity, int] = {"error": 2, "warning": 1, "info": 0}

MOST_IDS = 5


@dataclass(frozen=True)
class Finding:
    """`error`: something does not work, or will lose what was promised. `warning`: it will not work before long, or
    not as it should. `info`: good to know.

    `code` is `area.what-it-is` and never changes; `facts` are counts, ids and codes.
    """

    code: str
    severity: Severity
    sentence: str
    do: str
    facts: dict[str, Any] = field(default_factory=dict)


def exit_code(findings: Iterable[Finding]) -> int:
    """0: nothing but information; 1: warnings; 2: errors."""
    return max((EXIT_CODES[finding.severity] for finding in findings), default=0)


def some(ids: Sequence[str]) -> dict[str, Any]:
    """How many there are, and the first few."""
    return {"count": len(ids), "first": list(ids[:MOST_IDS])}
