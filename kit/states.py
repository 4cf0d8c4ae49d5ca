"""State machines as data: what may follow what, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kit.errors import Conflict


class IllegalTransition(Conflict):
    """The change asked for is not in the table of transitions; the present state stands."""

    word = "illegal-transition"
    title = "That is not possible in the present state."

    def __init__(self, machine: str, present: str, wanted: str) -> None:
        super().__init__(present_state=present)
        self.machine, self.present, self.wanted = machine, present, wanted

    def __str__(self) -> str:
        return f"{self.machine}: {self.present} → {self.wanted} is not a transition"


@dataclass(frozen=True)
class Machine:
    """A named table `state → states that may follow`. A state that nothing follows is final."""

    name: str
    transitions: Mapping[str, frozenset[str]]
    initial: frozenset[str]

    @property
    def states(self) -> frozenset[str]:
        return frozenset(self.transitions)

    @property
    def final(self) -> frozenset[str]:
        return frozenset(state for state, following in self.transitions.items() if not following)

    @property
    def open(self) -> frozenset[str]:
        return self.states - self.final

    def may(self, present: str, wanted: str) -> bool:
        return wanted in self.transitions[present]

    def check(self, present: str, wanted: str) -> None:
        """Raise `IllegalTransition` unless `wanted` may follow `present`."""
        if not self.may(present, wanted):
            raise IllegalTransition(self.name, present, wanted)


def machine(name: str, initial: Iterable[str], **transitions: str) -> Machine:
    """Build a machine from `state="next next …"`; states named only as a target are final."""
    table = {state: frozenset(following.split()) for state, following in transitions.items()}
    for target in frozenset().union(*table.values()):
        table.setdefault(target, frozenset())
    return Machine(name, table, frozenset(initial))
