"""How long callers wait before they hang up, and how long a service lasts, learnt from a log.

Patience is a survival curve after Kaplan and Meier: hanging up is the event, being served ends the observation.
Who hung up inside the voice response (a wait of 0) had not begun to wait and tells nothing about waiting.
The dice are handed in as uniforms from [0, 1): the same uniform, the same answer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from statistics import fmean, median, pstdev

from simulation.logged_call import LoggedCall

TRUSTED_AT_RISK = 30
"""Below this number of callers still observed, one of them moves the curve by more than 3 %."""
SAMPLES_PER_TYPE = 30
"""A type with fewer observed services borrows from all types."""


@dataclass(frozen=True)
class Patience:
    """The curve as steps: after `seconds[i]` the share `surviving[i]` is still there; both strictly monotone.

    Beyond the last step callers leave at the constant rate `tail_per_s`: the events of the curve's later half over
    the time that callers spent waiting there, cut-off waits included.
    """

    seconds: tuple[int, ...]
    surviving: tuple[float, ...]
    tail_per_s: float
    abandoned: int
    censored: int

    def still_there(self, seconds: float) -> float:
        """The share of callers who would wait longer than `seconds`."""
        step = bisect_right(self.seconds, seconds) - 1
        return self.surviving[step] if step >= 0 else 1.0

    def draw(self, uniform: float, beyond_s: float = 0) -> float:
        """Patience in seconds, longer than `beyond_s`, of a caller who waited that long without leaving."""
        left = (1.0 - uniform) * self.still_there(beyond_s)
        step = bisect_left(self.surviving, -left, key=lambda share: -share)
        if step < len(self.seconds):
            return max(float(self.seconds[step]), beyond_s + 1)
        start = max(self.seconds[-1], beyond_s) if self.seconds else beyond_s
        floor = self.surviving[-1] if self.surviving else 1.0
        return start + 1 - log(left / floor) / self.tail_per_s

    def of(self, call: LoggedCall, uniform: float) -> float:
        """What is known of this caller, the rest drawn: who hung up is as patient in any replay; who was served
        would have waited longer than they did."""
        if call.outcome == "abandoned":
            return float(call.waited_s)
        return self.draw(uniform, beyond_s=call.waited_s)

    def sentences(self) -> list[str]:
        marks = ", ".join(f"{self.still_there(s):.0%} at {s} s" for s in (10, 30, 60, 180, 300))
        last = self.seconds[-1] if self.seconds else 0
        return [
            f"Patience from {self.abandoned:,} who hung up and {self.censored:,} who were served: "
            f"still there {marks}.",
            f"Beyond {last} s fewer than {TRUSTED_AT_RISK} callers were left to observe; from there callers leave "
            f"at a constant rate (after {1 / self.tail_per_s:.0f} s more in the mean).",
        ]


def learn_patience(calls: Iterable[LoggedCall]) -> Patience:
    """The curve of these calls. Without a single abandonment nobody ever leaves within a day."""
    left, served = Counter[int](), Counter[int]()
    for call in calls:
        if call.outcome == "answered":
            served[call.waited_s] += 1
        elif call.waited_s > 0:
            left[call.waited_s] += 1
    seconds, surviving = _kaplan_meier(left, served)
    return Patience(seconds, surviving, _tail_rate(left, served), left.total(), served.total())


def _kaplan_meier(left: Counter[int], served: Counter[int]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Steps of the product-limit curve, as far as enough callers are at risk.

    Who is served in the second in which another hangs up was still at risk then.
    """
    at_risk, share = left.total() + served.total(), 1.0
    seconds: list[int] = []
    surviving: list[float] = []
    for second in sorted(left | served):
        if at_risk < TRUSTED_AT_RISK and seconds:
            break
        if left[second] and left[second] < at_risk:
            share *= 1 - left[second] / at_risk
            seconds.append(second)
            surviving.append(share)
        at_risk -= left[second] + served[second]
    return tuple(seconds), tuple(surviving)


def _tail_rate(left: Counter[int], served: Counter[int]) -> float:
    """Events per second of waiting beyond the median wait of those who left (the exponential that fits best)."""
    if not left:
        return 1 / 86_400
    middle = int(median(left.elements()))
    events = sum(count for second, count in left.items() if second >= middle)
    waited = sum((second - middle + 1) * count for second, count in (left + served).items() if second >= middle)
    return events / waited


@dataclass(frozen=True)
class ServiceTimes:
    """Observed services longer than 0 s, sorted, by type of call and all together."""

    by_skill: Mapping[str, Sequence[int]]
    overall: Sequence[int]

    def draw(self, skill: str, uniform: float) -> int:
        """A service time in seconds as observed for this type, or for all types where it is rare."""
        observed = self.by_skill.get(skill, ())
        samples = observed if len(observed) >= SAMPLES_PER_TYPE else self.overall
        return samples[int(uniform * len(samples))] if samples else 180

    def of(self, call: LoggedCall, uniform: float) -> int:
        """The call's own service time where it is known, else one drawn from calls alike; at least a second."""
        return max(1, call.service_s if call.service_s is not None else self.draw(call.skill, uniform))

    def sentences(self) -> list[str]:
        if not self.overall:
            return ["No service was observed; every service lasts 180 s."]
        mean, spread = fmean(self.overall), pstdev(self.overall)
        return [
            f"Service of {len(self.overall):,} calls: mean {mean:.0f} s, median {median(self.overall):.0f} s, "
            f"coefficient of variation {spread / mean:.2f}."
        ]


def learn_service_times(calls: Iterable[LoggedCall]) -> ServiceTimes:
    by_skill: defaultdict[str, list[int]] = defaultdict(list)
    for call in calls:
        if call.service_s:
            by_skill[call.skill].append(call.service_s)
    return ServiceTimes(
        {skill: tuple(sorted(seconds)) for skill, seconds in by_skill.items()},
        tuple(sorted(second for seconds in by_skill.values() for second in seconds)),
    )
