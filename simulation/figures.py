"""The figures of a replay, added up from finished calls and callbacks; what each is a share of is said here.

A caller who is promised a callback leaves the line content and is neither answered nor lost. So two populations:
everybody who called while the company was open (`offered`), and those of them who stayed on the line
(`offered` − `promised` = answered + abandoned).

| key | numerator | denominator |
|---|---|---|
| `own_advisor_share` | calls of known customers answered by their own advisor, or handled by a callback that the own advisor made within the promised window | calls of known customers |
| `within_20s` (the primary one) | answered within 20 s | stayed on the line |
| `within_20s_of_answered` | answered within 20 s | answered |
| `within_20s_of_offered` | answered within 20 s; a promise counts as not | offered |
| `abandonment` | hung up before an answer | stayed on the line |
| `abandonment_of_offered` | hung up before an answer | offered |
| `speed_of_answer_s` | seconds waited by the answered | answered |
| `occupancy` | seconds advisors spent with callers, callbacks included | seconds at work |

Without callbacks the two populations are one, so the baseline's shares and a log's own compare directly. The
primary shares take the smaller population for abandonment as well, where a larger one would flatter the policy.
"""  # noqa: E501 - a table

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from simulation.logged_call import LoggedCall

PROMPT_S = 20

CallOutcome = Literal["answered", "abandoned", "promised", "closed"]
CallbackOutcome = Literal["kept", "late", "open", "settled", "merged", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """One inbound call at its end. `closed`: the company was not open; counted, part of no share.

    `waited_s` from arrival to answer or hanging up, `talked_s` with the advisor; `by_own` where the own advisor
    of a known customer answered. A call of a known customer has `known` set, whatever became of it.
    """

    outcome: CallOutcome
    waited_s: float = 0.0
    talked_s: float = 0.0
    known: bool = False
    by_own: bool = False


@dataclass(frozen=True, slots=True)
class FinishedCallback:
    """One promise when the replay ends. `kept` and `late` were made, inside and after the window.

    `settled`: the customer got through first; `merged`: joined to an earlier promise of the same customer, and
    `calls` on that one counts both. `by_own` where the own advisor made it.
    """

    outcome: CallbackOutcome
    talked_s: float = 0.0
    by_own: bool = False
    calls: int = 1


@dataclass
class Tally:
    """Adds up; the order in which things are added changes nothing. `staffed_s` is the time at work, in seconds."""

    staffed_s: float = 0.0
    _calls: Counter[str] = field(default_factory=Counter)
    _callbacks: Counter[str] = field(default_factory=Counter)
    _waited_s: float = 0.0
    _talked_s: float = 0.0

    def call(self, call: FinishedCall) -> None:
        self._calls[call.outcome] += 1
        if call.outcome == "closed":
            return
        self._calls["offered"] += 1
        self._calls["known"] += call.known
        if call.outcome == "answered":
            self._calls["prompt"] += call.waited_s <= PROMPT_S
            self._calls["own_at_once"] += call.known and call.by_own
            self._waited_s += call.waited_s
            self._talked_s += call.talked_s

    def callback(self, callback: FinishedCallback) -> None:
        self._callbacks[callback.outcome] += 1
        self._callbacks["promised"] += 1
        self._talked_s += callback.talked_s
        if callback.outcome == "kept" and callback.by_own:
            self._calls["own_by_callback"] += callback.calls

    def figures(self) -> dict[str, Any]:
        """The keys of `durchwahl replay --json` for one policy; a share of nothing is 0."""
        calls, line = self._calls, self._calls["answered"] + self._calls["abandoned"]
        own = calls["own_at_once"] + calls["own_by_callback"]
        return {
            "own_advisor_share": _share(own, calls["known"]),
            "within_20s": _share(calls["prompt"], line),
            "within_20s_of_answered": _share(calls["prompt"], calls["answered"]),
            "within_20s_of_offered": _share(calls["prompt"], calls["offered"]),
            "abandonment": _share(calls["abandoned"], line),
            "abandonment_of_offered": _share(calls["abandoned"], calls["offered"]),
            "speed_of_answer_s": _share(self._waited_s, calls["answered"], digits=1),
            "occupancy": _share(self._talked_s, self.staffed_s),
            "callbacks": {kind: self._callbacks[kind] for kind in ("promised", *get_args(CallbackOutcome))},
            "calls": {kind: calls[kind] for kind in ("offered", "answered", "abandoned", "promised", "closed")},
            "known": {kind: calls[kind] for kind in ("known", "own_at_once", "own_by_callback")},
        }


def of_log(calls: Iterable[LoggedCall], staffed_s: float) -> dict[str, Any]:
    """The same figures of the log itself, as the calls really went: nobody was known, nobody promised anything."""
    tally = Tally(staffed_s=staffed_s)
    for call in calls:
        tally.call(FinishedCall(call.outcome, call.waited_s, call.service_s or 0))
    return tally.figures()


def report(
    policy: Mapping[str, Any], baseline: Mapping[str, Any], violations: int, speedup: float, **facts: Any
) -> dict[str, Any]:
    """The one object that `durchwahl replay --json` prints.

    `change` is policy against baseline: shares in points of a hundred, abandonment relative (-0.2 is a fifth
    fewer). `facts` are further keys: inputs, versions, machine.
    """
    return {
        "policy": dict(policy),
        "baseline": dict(baseline),
        "change": {
            "own_advisor_share_points": _points(policy, baseline, "own_advisor_share"),
            "within_20s_points": _points(policy, baseline, "within_20s"),
            "abandonment_relative": _share(
                policy["abandonment"] - baseline["abandonment"], baseline["abandonment"]
            ),
        },
        "violations": violations,
        "speedup": round(speedup, 1),
        **facts,
    }


def _points(policy: Mapping[str, Any], baseline: Mapping[str, Any], key: str) -> float:
    return round(100 * float(policy[key] - baseline[key]), 1)


def _share(part: float, whole: float, digits: int = 4) -> float:
    return round(part / whole, digits) if whole else 0.0
