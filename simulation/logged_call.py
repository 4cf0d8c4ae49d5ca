"""One row of a bank's call log: its fields as numbers, mended where they are odd, and the call they describe.

Clock times start again at 0 after midnight and "0:00:00 to 0:00:00 in 0 seconds" stands for what did not happen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from simulation.oddities import Oddities

FIELDS: tuple[str, ...] = (
    *("line", "call_id", "customer_id", "priority", "type", "date"),
    *("vru_entry", "vru_exit", "vru_time"),
    *("q_start", "q_exit", "q_time", "outcome"),
    *("ser_start", "ser_exit", "ser_time", "agent"),
)
TYPES = ("PS", "NW", "NE", "IN", "PE", "TT")
"""What callers ask for; PS is regular service and the type of most calls."""
REGULAR_SERVICE = "PS"

DAY_S = 86_400
WRAPPED_S = DAY_S // 2
"""A clock that falls back by more than half a day has passed midnight; by less, it was set."""

Outcome = Literal["answered", "abandoned"]


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One call as it happened. Instants are aware UTC, durations whole seconds.

    `arrived_at` is when the caller asked for a person: the start of the wait, or of the service where nobody had
    to wait, or the end of the voice response where it came to neither. `skill` is the type of call asked for.
    `service_s` and `served_at` are None for a call that was not served; `service_s` also where it is not known.
    """

    row: int
    arrived_at: datetime
    customer_id: int | None
    priority: int
    skill: str
    outcome: Outcome
    waited_s: int
    service_s: int | None
    served_at: datetime | None
    agent: str | None

    @property
    def served_until(self) -> datetime | None:
        if self.served_at is None or self.service_s is None:
            return None
        return self.served_at + timedelta(seconds=self.service_s)

    @property
    def hung_up_at_once(self) -> bool:
        """The caller left inside the voice response, before anybody could have answered."""
        return self.outcome == "abandoned" and self.waited_s == 0


class Row:
    """The fields of one line as numbers, mended where they are odd. Raises `ValueError` where they are none.

    Times are seconds after the midnight that begins the row's date; after the next midnight they go on counting.
    """

    def __init__(self, number: int, fields: Sequence[str], oddities: Oddities) -> None:
        if len(fields) != len(FIELDS):
            raise ValueError("number of fields")
        self.number, self.oddities = number, oddities
        text = dict(zip(FIELDS, fields, strict=True))
        self.day = _date(text["date"])
        self.priority = int(text["priority"] or 0)
        clocks = {name: _clock(text[name]) for name in FIELDS if name.endswith(("_entry", "_exit", "_start"))}
        lengths = {name: _whole(text[name]) for name in ("vru_time", "q_time", "ser_time")}
        self.outcome = self._outcome(text["outcome"].upper())
        if self.outcome is None:
            return
        self.customer_id = self._customer(text["customer_id"])
        self.skill = self._skill(text["type"].upper())
        self.agent = text["agent"] or None
        self._times(clocks, lengths)
        self._remarks()

    def call(self, zone: ZoneInfo) -> LoggedCall:
        assert self.outcome is not None
        served = self.outcome == "answered"
        arrived_s = self._arrived_s(served)
        arrived_at = self._instant(arrived_s, zone)
        answered_s = self.served_s if self.served_s is not None else arrived_s + self.waited_s
        return LoggedCall(
            row=self.number,
            arrived_at=arrived_at,
            customer_id=self.customer_id,
            priority=self.priority,
            skill=self.skill,
            outcome=self.outcome,
            waited_s=self.waited_s,
            service_s=self.service_s if served else None,
            served_at=arrived_at + timedelta(seconds=answered_s - arrived_s) if served else None,
            agent=self.agent if served else None,
        )

    def _note(self, kind: str) -> None:
        self.oddities.note(kind, self.number)

    def _outcome(self, word: str) -> Outcome | None:
        outcomes: dict[str, Outcome] = {"AGENT": "answered", "HANG": "abandoned"}
        if word not in outcomes:
            self._note("phantom" if word == "PHANTOM" else "unknown_outcome")
        return outcomes.get(word)

    def _customer(self, text: str) -> int | None:
        if not text.isascii() or not text.isdigit():
            float(text or "0")  # what is no number at all makes the row unreadable
            self._note("customer_unreadable" if text else "not_identified")
            return None
        if int(text) == 0:
            self._note("not_identified")
        return int(text) or None

    def _skill(self, word: str) -> str:
        if word in TYPES:
            return word
        self._note("unknown_type")
        return REGULAR_SERVICE

    def _times(self, clocks: dict[str, int], lengths: dict[str, int | None]) -> None:
        self._wrapped = False
        entry = clocks["vru_entry"]
        self.left_menu_s = self._after(clocks["vru_exit"], entry)
        if self.left_menu_s < entry:
            self._note("clock_set_back")
        self.queued_s, self.waited_s = self.left_menu_s, 0
        if not _absent(clocks["q_start"], clocks["q_exit"], lengths["q_time"]):
            self.queued_s, waited = self._stretch("q", clocks, lengths["q_time"], self.left_menu_s)
            self.waited_s = waited
        self.served_s: int | None = None
        self.service_s: int | None = None
        if not _absent(clocks["ser_start"], clocks["ser_exit"], lengths["ser_time"]):
            self.served_s, self.service_s = self._stretch("ser", clocks, lengths["ser_time"], self.queued_s)

    def _stretch(self, name: str, clocks: dict[str, int], length: int | None, after: int) -> tuple[int, int]:
        """(start, seconds) of a wait or a service; the seconds count where they are sound."""
        start = self._after(clocks[f"{name}_start"], after)
        by_clock = self._after(clocks[f"{name}_exit"], start) - start
        if length is not None and length >= 0:
            if by_clock != length:
                self._note("time_disagrees")
            return start, length
        if length is not None:
            self._note("negative_time")
        return start, max(0, by_clock)

    def _after(self, clock: int, earlier: int) -> int:
        """The clock time on the day of `earlier` or, past midnight, on the next."""
        clock += earlier // DAY_S * DAY_S
        if clock < earlier - WRAPPED_S:
            clock += DAY_S
            self._wrapped = True
        return clock

    def _arrived_s(self, served: bool) -> int:
        if self.waited_s:
            return self.queued_s
        return self.served_s if served and self.served_s is not None else self.left_menu_s

    def _remarks(self) -> None:
        for kind, holds in (
            ("past_midnight", self._wrapped),
            ("service_missing", self.outcome == "answered" and self.service_s is None),
            ("service_zero", self.outcome == "answered" and self.service_s == 0),
            ("nobody_named", self.outcome == "answered" and self.agent is None),
            ("hung_up_but_served", self.outcome == "abandoned" and self.served_s is not None),
            ("hung_up_at_once", self.outcome == "abandoned" and self.waited_s == 0),
        ):
            if holds:
                self._note(kind)

    def _instant(self, seconds: int, zone: ZoneInfo) -> datetime:
        local = datetime.combine(self.day, datetime.min.time()) + timedelta(seconds=seconds)
        instant = local.replace(tzinfo=zone).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) != local:
            self._note("skipped_hour")
        elif local.replace(tzinfo=zone, fold=1).astimezone(UTC) != instant:
            self._note("doubled_hour")
        return instant


def _absent(start: int, end: int, length: int | None) -> bool:
    """0:00:00 to 0:00:00 in 0 seconds means: did not happen, or was not written down."""
    return start == end == 0 and not length


def _date(text: str) -> date:
    """yymmdd; a spreadsheet drops the leading zeros of the year 2000 and after."""
    digits = text.zfill(6)
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        raise ValueError("date")
    year = int(digits[:2])
    return date(1900 + year if year >= 70 else 2000 + year, int(digits[2:4]), int(digits[4:]))


def _clock(text: str) -> int:
    """h:mm:ss in seconds; nothing at all is 0:00:00, as the format writes what is missing."""
    if not text:
        return 0
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    if not (0 <= hours <= 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
        raise ValueError("time")
    return hours * 3600 + minutes * 60 + seconds


def _whole(text: str) -> int | None:
    """Seconds of a stretch; nothing of a call lasts a day."""
    if text and abs(int(text)) > DAY_S:
        raise ValueError("length")
    return int(text) if text else None
