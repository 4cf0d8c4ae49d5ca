"""Which promises can all be kept at once, and which of the free slots keeps which. Pure.

Somebody's time is cut into unit slots, numbered in the order of time. A promise may be kept by any of a set of
them, which need not lie side by side ("mornings", "Monday or Thursday"). A new promise is taken exactly where all
that were taken before can be kept beside it: a path of promises that each move to another slot ends at a free one
(Kuhn). So nothing is refused that could be kept; who gives slots away as they come, for good, loses some of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

P = TypeVar("P", bound=Hashable)


class Agenda(Generic[P]):
    """`slots` unit slots, 0 to `slots - 1`, and the promises that hold one each. Promises are names of any kind."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._may: dict[P, Sequence[int]] = {}
        self._slot: dict[P, int] = {}
        self._holder: dict[int, P] = {}
        self._wanted_by: dict[int, list[P]] = {}

    @property
    def held(self) -> Mapping[P, int]:
        """Promise → the slot that keeps it at the moment; it may be another one after the next promise."""
        return self._slot

    def take(self, promise: P, slots: Sequence[int]) -> bool:
        """Keep one more promise by any of these slots. False where it can't be kept without breaking another."""
        self._may[promise] = slots
        if not self._find_place(promise):
            del self._may[promise]
            return False
        for slot in slots:
            self._wanted_by.setdefault(slot, []).append(promise)
        return True

    def drop(self, promise: P) -> None:
        """It is kept, cancelled or moved: its slot is free. Nothing happens where it was never taken."""
        if promise in self._slot:
            del self._holder[self._slot.pop(promise)]
            for slot in self._may.pop(promise):
                self._wanted_by[slot].remove(promise)

    def open(self) -> frozenset[int]:
        """Every slot by which one more promise could be kept: free ones, and those whose promise can move."""
        found = {slot for slot in range(self._slots) if slot not in self._holder}
        left = list(found)
        while left:
            for promise in self._wanted_by.get(left.pop(), ()):
                held = self._slot[promise]
                if held not in found:
                    found.add(held)
                    left.append(held)
        return frozenset(found)

    def _find_place(self, promise: P) -> bool:
        """The shortest path of promises that move, from this one to a free slot; walked if there is one."""
        came: dict[int, P] = {}
        waiting = deque([promise])
        while waiting:
            mover = waiting.popleft()
            for slot in self._may[mover]:
                if slot in came:
                    continue
                came[slot] = mover
                if slot not in self._holder:
                    self._shift(slot, came)
                    return True
                waiting.append(self._holder[slot])
        return False

    def _shift(self, slot: int | None, came: Mapping[int, P]) -> None:
        while slot is not None:
            mover = came[slot]
            before = self._slot.get(mover)
            self._slot[mover], self._holder[slot] = slot, mover
            slot = before


def earliest(may: Mapping[P, Sequence[int]], slots: int) -> dict[P, int]:
    """Exact slots for as many promises as can be kept, as early altogether as possible.

    Slots are taken in the order of time, each where some promise can use it beside those taken before: of all sets
    that keep the most promises this one is earliest (slots that can be used together are a matroid, so greed is
    exact). Within the set whoever has the fewest later slots left is called first.
    """
    wanted_by: dict[int, list[P]] = {}
    for promise, its_slots in may.items():
        for slot in its_slots:
            wanted_by.setdefault(slot, []).append(promise)
    names = {promise: number for number, promise in enumerate(may)}
    used: Agenda[int] = Agenda(len(names))
    for slot in range(slots):
        used.take(slot, [names[promise] for promise in wanted_by.get(slot, ())])
    return _in_order(may, sorted(used.held), used, list(may))


def _in_order(
    may: Mapping[P, Sequence[int]], chosen: Iterable[int], used: Agenda[int], promises: Sequence[P]
) -> dict[P, int]:
    """The chosen slots again, each for the promise whose last one comes first; as matched, where that fails."""
    allowed = frozenset(chosen)
    kept = {promises[number]: slot for slot, number in used.held.items()}
    by_last = sorted(kept, key=lambda promise: max(may[promise]))
    found: dict[P, int] = {}
    free = set(allowed)
    for promise in by_last:
        slot = min((slot for slot in may[promise] if slot in free), default=None)
        if slot is None:
            return kept
        found[promise] = slot
        free.discard(slot)
    return found
