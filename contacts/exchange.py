"""What every decision about a contact needs beside the transaction: who is who, the words, new ids, the rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contacts.directory import DirectoryCache
from contacts.meters import Meters
from contacts.pace import Pace
from kit.catalogue import Catalogue
from kit.ids import new_id
from routing.direct import decide
from routing.plan import Plan
from routing.problem import ContactProblem


@dataclass(frozen=True)
class Exchange:
    """One per process. `decide` is the rule of the house; the replay hands in others to compare with."""

    catalogue: Catalogue
    new_id: Callable[[datetime], UUID] = new_id
    decide: Callable[[ContactProblem], Plan] = decide
    personal: bool = True
    """False: relationships count for nothing, as in a queue without them (to compare with)."""
    directory: DirectoryCache = field(default_factory=DirectoryCache)
    pace: Pace = field(default_factory=Pace)
    meters: Meters = field(default_factory=Meters)
