"""Whether enough of a desk group stay when somebody is away. Pure.

What counts is when the one who goes would have worked: outside of it nobody misses them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from advisors.working_time import WorkingTime
from kit.intervals import Interval, around


def thin(who: WorkingTime, others: Sequence[WorkingTime], minimum: int, period: Interval) -> Interval | None:
    """The first stretch of the period in which `who` would have worked and fewer than `minimum` others do."""
    missed = who.intervals(*period)
    at_work = [colleague.intervals(*period) for colleague in others]
    marks = sorted({instant for spans in (missed, *at_work) for span in spans for instant in span})
    for since, until in pairwise(marks):
        if around(missed, since) and sum(around(spans, since) is not None for spans in at_work) < minimum:
            return Interval(since, until)
    return None
