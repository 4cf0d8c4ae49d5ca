"""What `durchwahl assign` and `rebalance` say: a plan with names, what is short and why, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from books.schemas import BookRunAnswer
    from kit.database import ReadSession, Row

ROWS = 20
"""Of each table; the rest is behind `GET /v1/book-runs/{id}/books` and `/moves`."""

SHORT = {
    "has_the_skill": "nobody has all of these skills",
    "speaks_the_language": "nobody who could speaks their language",
    "serves_the_market": "nobody who could serves the market",
    "book_has_room": "the books of all who could are full",
    "not_leaving": "all who could are leaving",
}
WHYS = {"first": "first advisor", "forced": "has to", "voluntary": "evens the books out"}

BECAUSE = {
    "people_or_rules": "people, skills, absences, products or policies are not those of the plan",
    "another_run": "another run has been applied since",
    "customers": "customers of the plan have got another advisor since",
    "not_away_for_long": "the owner's absence goes on for more than four weeks",
    "book_is_open": "the owner's book is closed for new customers",
    "gone": "the owner has left",
}
NEXT = {
    "book-run-in-progress": "Wait for {run}, or stop it: durchwahl rebalance --discard {run}",
    "book-has-changed": "Make a new plan: durchwahl rebalance --dry-run",
    "illegal-transition": "The run is {present_state}.",
    "too-late-to-undo": "A new plan may bring customers back: durchwahl rebalance --dry-run",
    "owner-is-away": "Shorten the absence or open the book first, or wait.",
    "not-found": "There is no such run; GET /v1/book-runs lists them.",
    "database-away": "Nothing is lost; repeat the command when the database is there again.",
}
FAILURES = {
    "no_plan": "no plan was found in time, neither with the solver nor without; nobody has moved. Try one market.",
    "unsound": "the plan did not pass the independent check; nobody has moved. Please report this with the log.",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """Rows of `preview_queries.py`."""

    books: Sequence[Row]
    ways: Sequence[Row]


async def preview(session: ReadSession, run_id: UUID) -> Preview:
    from books import preview_queries

    books = await preview_queries.books_changed(session, run_id, ROWS)
    return Preview(books, await preview_queries.ways(session, run_id, ROWS))


def refusal(word: str, title: str, facts: Mapping[str, Any]) -> str:
    """One or two sentences, and the word that the API says."""
    because = BECAUSE.get(facts.get("because", ""), facts.get("because"))
    lines = [f"refused ({word}): {title}", *([f"Because: {because}."] if because else [])]
    try:
        lines += [NEXT[word].format(**facts)]
    except KeyError:
        lines += [f"{name}: {value}" for name, value in facts.items() if name != "because"]
    return "\n".join(lines)


def show(console: Console, run: BookRunAnswer, found: Preview, *, overtaken: bool) -> None:
    console.print("\n".join(_head(run)), soft_wrap=True)
    if run.state in ("ready", "applied", "undone") and run.planned:
        console.print(_books(found.books))
        console.print(_ways(found.ways))
    console.print("\n".join(_foot(run, overtaken)), soft_wrap=True)


def _head(run: BookRunAnswer) -> list[str]:
    figures = run.figures
    return [
        f"{run.id} {run.kind}: {run.state}",
        f"customers {figures.get('customers', 0)}, to move {run.planned} (first {figures.get('first', 0)}, "
        f"forced {figures.get('forced', 0)}, voluntary {figures.get('voluntary', 0)}), moved {run.done}, "
        f"left alone {run.skipped}, taken back {run.undone}",
        f"spread of the books {figures.get('spread_before')} → {figures.get('spread_after')}",
    ]


def _foot(run: BookRunAnswer, overtaken: bool) -> list[str]:
    lines = [_shortage(short) for short in run.figures.get("shortages", ())]
    if run.failure is not None:
        lines.append(f"failed: {FAILURES.get(run.failure, run.failure)}")
    if overtaken:
        lines.append("not carried out: the book has changed while this was computed; type the command again")
    elif run.state == "ready":
        lines.append(f"carry it out: durchwahl rebalance --apply {run.id}")
    if run.state == "ready":
        lines.append(f"which skills are short: durchwahl skills {run.id}")
    return lines


def _shortage(short: Mapping[str, Any]) -> str:
    count, seconds = short["customers"], short["seconds"]
    needs = ", ".join(f"{need['skill']}:{need['level']}" for need in short["needs"]) or "no skill"
    who = (
        f"{count} customer{'' if count == 1 else 's'} in {short['market']}, {'/'.join(short['languages'])}, {needs}"
    )
    why = SHORT.get(short["bottleneck"] or "", "several rules at once stand in the way")
    near = short["freed_without"].get(short["bottleneck"], 0)
    without = f" ({near} could otherwise)" if near else ""
    return f"short: {who} ({seconds} s a month): {why}{without}"


def _table(title: str, columns: str, rows: Sequence[Sequence[object]]) -> Table:
    """Columns are parted by `|`; those of numbers begin with `#`."""
    more = f", the first {ROWS}" if len(rows) == ROWS else ""
    table = Table(title=f"{title}{more}", title_justify="left", box=None)
    for column in columns.split("|"):
        table.add_column(column.lstrip("#"), justify="right" if column.startswith("#") else "left")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    return table


def _books(books: Sequence[Row]) -> Table:
    rows = [
        (
            row["name"],
            row["customers_before"],
            row["customers_after"],
            f"{row['load_before_s'] / row['cap_s']:.0%}",
            f"{row['load_after_s'] / row['cap_s']:.0%}",
        )
        for row in books
    ]
    return _table("Books that change", "advisor|#customers before|#after|#of the cap before|#after", rows)


def _ways(ways: Sequence[Row]) -> Table:
    rows = [
        (row["from_name"] or "nobody", row["to_name"], row["customers"], row["seconds"], WHYS[row["why"]])
        for row in ways
    ]
    return _table("Who moves", "from|to|#customers|#seconds a month|why", rows)
