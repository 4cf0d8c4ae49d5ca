"""The replay's report as a table: the policy beside the baseline, with the difference, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Better = Literal["higher", "lower", "neither"]

SHARES: Sequence[tuple[str, str, Better]] = (
    ("own_advisor_share", "Own advisor, known callers", "higher"),
    ("within_20s", "Within 20 s, on the line", "higher"),
    ("within_20s_of_answered", "Within 20 s, of answered", "higher"),
    ("within_20s_of_offered", "Within 20 s, of all callers", "higher"),
    ("abandonment", "Abandoned, on the line", "lower"),
    ("abandonment_of_offered", "Abandoned, of all callers", "lower"),
    ("occupancy", "Occupancy", "neither"),
)
CALLBACKS = ("promised", "kept", "late", "open", "settled")


def comparison(report: Mapping[str, Any], notes: Iterable[str] = ()) -> RenderableType:
    """A renderable for `rich`; `report` as built by `figures.report`, `notes` are printed below, one a line."""
    table = Table(title="Personal advisor against longest-idle-anyone", title_justify="left")
    table.add_column("", no_wrap=True)
    for heading in ("personal", "longest idle", "difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    policy, baseline = report["policy"], report["baseline"]
    for key, label, better in SHARES:
        table.add_row(label, *_shares(policy.get(key, 0.0), baseline.get(key, 0.0), better))
    table.add_row("Speed of answer", *_seconds(policy["speed_of_answer_s"], baseline["speed_of_answer_s"]))
    table.add_section()
    for kind in CALLBACKS:
        table.add_row(f"Callbacks {kind}", *(f"{side['callbacks'].get(kind, 0):,}" for side in (policy, baseline)))
    return Group(table, *_verdict(report), *(Text(f"· {note}", style="dim") for note in notes))


def _verdict(report: Mapping[str, Any]) -> list[Text]:
    violations = report["violations"]
    kept = Text(f"Violations of invariants: {violations}", style="red" if violations else "green")
    return [kept, Text(f"Virtual time ran {report['speedup']:,.0f} times as fast as the clock.")]


def _shares(policy: float, baseline: float, better: Better) -> tuple[str, str, Text]:
    """Both as percentages; the difference in points, for what is to fall also relative."""
    points = 100 * (policy - baseline)
    relative = f" ({policy / baseline - 1:+.0%})" if better == "lower" and baseline else ""
    return f"{policy:.1%}", f"{baseline:.1%}", Text(f"{points:+.1f} pts{relative}", style=_style(points, better))


def _seconds(policy: float, baseline: float) -> tuple[str, str, Text]:
    difference = policy - baseline
    return f"{policy:.1f} s", f"{baseline:.1f} s", Text(f"{difference:+.1f} s", style=_style(difference, "lower"))


def _style(difference: float, better: Better) -> str:
    if better == "neither" or difference == 0:
        return ""
    return "green" if (difference > 0) == (better == "higher") else "red"
