"""What does not fit in a log: counted by kind, with the first rows, and said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

SAYINGS: Mapping[str, str] = {
    "unreadable": "not in the format (number of fields, a date, a time or a number): left out",
    "phantom": "outcome PHANTOM: left out",
    "unknown_outcome": "outcome neither AGENT, HANG nor PHANTOM: left out",
    "duplicate": "the same call once more: left out",
    "id_repeated": "a call number used before on that line and day: kept",
    "not_identified": "customer number 0: an unknown caller",
    "customer_unreadable": "a customer number cut short by a spreadsheet (like 6.02E+11), which may stand for"
    " several people: an unknown caller",
    "unknown_type": "a type of call nobody knows (like AA): taken as PS, regular service",
    "past_midnight": "times that go on past midnight: moved to the next day",
    "clock_set_back": "a voice response that ends before it begins: its length is not used",
    "negative_time": "a negative time of waiting or service: taken from the clock times instead",
    "time_disagrees": "seconds that disagree with the clock times: the seconds count",
    "service_missing": "served, yet without times of service: a service time is drawn from calls alike",
    "service_zero": "served for 0 seconds: kept",
    "nobody_named": "served, yet by nobody named: part of the load, of nobody's working hours",
    "hung_up_but_served": "hung up, yet with times of service: counted as abandoned",
    "hung_up_at_once": "hung up in the voice response, before waiting for anybody: counted as abandoned",
    "skipped_hour": "a local time that the change to summer time skips: moved on by an hour",
    "doubled_hour": "a local time that comes twice when summer time ends: taken as the first",
}
"""Kind → what it is and what is made of it. Every kind has its sentence; an unnamed kind is an error."""

EXAMPLES = 3


class Oddities:
    """Counts by kind; remembers the first few row numbers of each (the header is row 1)."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._examples: dict[str, list[int]] = {}

    def note(self, kind: str, row: int) -> None:
        """Raises `KeyError` for a kind without a sentence."""
        examples = self._examples.setdefault(kind, []) if SAYINGS[kind] else []
        if len(examples) < EXAMPLES:
            examples.append(row)
        self.counts[kind] += 1

    def sentences(self) -> list[str]:
        """One line per kind that occurred, the kinds in the order of `SAYINGS`."""
        return [self._sentence(kind) for kind in SAYINGS if self.counts[kind]]

    def _sentence(self, kind: str) -> str:
        count = self.counts[kind]
        rows = ", ".join(str(row) for row in self._examples[kind])
        more = ", …" if count > EXAMPLES else ""
        noun, where = ("row", "row") if count == 1 else ("rows", "rows")
        return f"{count:,} {noun}: {SAYINGS[kind]} ({where} {rows}{more})"
