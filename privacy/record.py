"""`docs/privacy/record-of-processing.md` as it follows from the tables: `python -m privacy.record` writes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Table

from kit.tables import PURPOSES, RETENTIONS
from privacy.tags import tables, tags_of

HEAD = """\
# Record of processing

Made from the tables by `./run python -m privacy.record`; a test keeps it true. *Personal* is what says, or may say,
something about a person by itself; *pseudonymous* is what only an id connects with one; *operational* is of nobody.
"""


def written() -> str:
    """The whole page."""
    parts = [HEAD]
    by_purpose = sorted(tables(), key=lambda table: (list(PURPOSES).index(table.info["purpose"]), table.name))
    for purpose, group in groupby(by_purpose, key=lambda table: table.info["purpose"]):
        parts.append(f"\n## {PURPOSES[purpose]}\n")
        parts.extend(line for table in group for line in _lines(table))
    return "".join(parts)


def _lines(table: Table) -> Iterator[str]:
    yield f"\n### `{table.name}`\nKept: {RETENTIONS[table.info['retention']]}\n\n"
    for concern in ("personal", "pseudonymous", "operational"):
        names = [f"`{tags.column}`" for tags in tags_of(table) if tags.concern == concern]
        if names:
            yield f"- {concern}: {', '.join(names)}\n"


def main() -> None:
    import migrations.metadata  # noqa: F401 - every table

    sys.stdout.write(written())


if __name__ == "__main__":
    main()
