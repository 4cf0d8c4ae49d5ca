"""Who sits with whom: desk groups of about ten whose members work at the same hours and cover every skill.

A colleague can only help if present when the own advisor's customers call, and these call, by activation, when
their own advisor usually works. So neighbours on the clock sit together: agents by the middle of their working
day, cut into equal groups. Dealing early and late agents into every group has somebody of the group there for
more of the week (89 % of open half hours instead of 80 % in January) but less often when it matters: 34 % of
colleagues' answers came from the own desk group, against 39 % here. Skills that a group lacks come by a swap.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from simulation.hours import SLOTS_A_DAY

GROUP_SIZE = 10


@dataclass(frozen=True, slots=True)
class Seat:
    """What seating looks at: half hours of the week worked (0 … 335), skills, and calls served so far."""

    agent: str
    slots: frozenset[int]
    skills: frozenset[str]
    served: int

    @property
    def middle_of_day(self) -> float:
        """The mean half hour of the day worked; noon for someone without hours."""
        return sum(slot % SLOTS_A_DAY for slot in self.slots) / len(self.slots) if self.slots else SLOTS_A_DAY / 2


def desk_groups(seats: Collection[Seat], size: int = GROUP_SIZE) -> list[list[Seat]]:
    """Groups of nearly equal size, about `size`, earlier groups working earlier; deterministic."""
    queue = sorted(seats, key=lambda seat: (seat.middle_of_day, seat.agent))
    count = max(1, round(len(queue) / size))
    cuts = [len(queue) * i // count for i in range(count + 1)]
    groups = [queue[start:end] for start, end in pairwise(cuts)]
    for skill in sorted({skill for seat in queue for skill in seat.skills}):
        _share_out(skill, groups)
    return groups


def lead(group: Sequence[Seat]) -> Seat:
    """The member who has served the most calls."""
    return max(group, key=lambda seat: (seat.served, seat.agent))


def minimum_presence(group: Sequence[Seat]) -> int:
    """How many members are usually there at least, in three of four half hours in which anybody of the group is."""
    present = sorted(
        sum(slot in seat.slots for seat in group) for slot in {s for seat in group for s in seat.slots}
    )
    return max(1, present[len(present) // 4]) if present else 1


def neighbours(groups: Sequence[Sequence[Seat]], index: int) -> list[int]:
    """All other groups, the one that shares most hours first."""
    ours = _hours(groups[index])
    others = [i for i in range(len(groups)) if i != index]
    return sorted(others, key=lambda i: (-sum(min(n, ours.get(s, 0)) for s, n in _hours(groups[i]).items()), i))


def _hours(group: Sequence[Seat]) -> dict[int, int]:
    """Half hour → members usually there."""
    slots = {slot for seat in group for slot in seat.slots}
    return {slot: sum(slot in seat.slots for seat in group) for slot in slots}


def _share_out(skill: str, groups: list[list[Seat]]) -> None:
    """Give every group somebody with the skill, where a group that has two can spare one."""
    for poor in (group for group in groups if not _having(skill, group)):
        rich = max(groups, key=lambda group: len(_having(skill, group)))
        swaps = [pair for pair in product(_having(skill, rich), poor) if _is_fair(*pair, rich, poor)]
        if len(_having(skill, rich)) < 2 or not swaps:
            continue
        comes, goes = min(swaps, key=_distance)
        rich[rich.index(comes)], poor[poor.index(goes)] = goes, comes


def _having(skill: str, group: Sequence[Seat]) -> list[Seat]:
    return [seat for seat in group if skill in seat.skills]


def _is_fair(comes: Seat, goes: Seat, rich: Sequence[Seat], poor: Sequence[Seat]) -> bool:
    """No swap may cost either group the last holder of another skill."""
    return _skills(rich, comes, goes) >= _skills(rich) and _skills(poor, goes, comes) >= _skills(poor)


def _skills(group: Sequence[Seat], without: Seat | None = None, instead: Seat | None = None) -> frozenset[str]:
    members = [seat for seat in group if seat is not without] + ([instead] if instead else [])
    return frozenset(skill for seat in members for skill in seat.skills)


def _distance(pair: tuple[Seat, Seat]) -> tuple[float, str, str]:
    comes, goes = pair
    return abs(comes.middle_of_day - goes.middle_of_day), comes.agent, goes.agent
