"""Snapshot + deltas = snapshot, for every order in which transactions begin, change things, and end.

The database is a model here: transactions get their number when they begin, draw a sequence when they change a
thing, hold the thing until they end, and are seen by snapshots once they have committed. The hub, the cursor, the
listeners and the fold are the real ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from advisors.public import left
from realtime import envelope
from realtime.cursor import Cursor, parse
from realtime.envelope import Message
from realtime.fold import Data, View
from realtime.hub import Hub
from realtime.log import Logged
from realtime.topics import Topics, belongs
from tests.realtime.listening import Notes, a_listener, seen

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
THINGS = [f"con_{number}" for number in range(2)]
GROUPS = ["grp_1", "grp_2", None]
ADVISORS = ["adv_1", "adv_2", None]
STATES = ["waiting", "offered", "connected", "completed"]
TOPICS = [Topics(names) for names in (["all"], ["desk:grp_1"], ["me:adv_1"], ["desk:grp_2", "me:adv_1"])]


@dataclass
class Transaction:
    xid: int
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[Logged] = field(default_factory=list)


class World(RuleBasedStateMachine):
    """A database in which anything may happen, and listeners that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.xid = self.sequence = 0
        self.running: list[Transaction] = []
        self.things: dict[str, dict[str, Any]] = {}
        self.log: list[Logged] = []
        self.hub = Hub(kept=6)
        self.hub.begin(Cursor(1, 0, 0))
        self.views: list[tuple[Topics, View, Notes]] = []

    @precondition(lambda self: len(self.running) < 4)
    @rule()
    def begin(self) -> None:
        self.xid += 1
        self.running.append(Transaction(self.xid))

    @precondition(lambda self: self.running)
    @rule(
        which=st.integers(0, 3),
        thing=st.sampled_from(THINGS),
        state=st.sampled_from(STATES),
        group=st.sampled_from(GROUPS),
        advisor=st.sampled_from(ADVISORS),
    )
    def change(self, which: int, thing: str, state: str, group: str | None, advisor: str | None) -> None:
        transaction = self.running[which % len(self.running)]
        if any(thing in other.changes for other in self.running if other is not transaction):
            return  # it would wait for the lock
        before = transaction.changes.get(thing) or self.things.get(thing)
        if before is not None and before["state"] == "completed":
            return
        after = {"id": thing, "state": state, "group": group, "advisor": advisor, "own_advisor": "adv_2"}
        self.sequence += 1
        data = json.dumps({"contact": after, **left(before, after)}).encode()
        event = Logged(transaction.xid, self.sequence, AT, "contact.changed", thing, None, None, None, data)
        transaction.changes[thing] = after
        transaction.events.append(event)

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 3), well=st.sampled_from([True, True, True, False]))
    def end(self, which: int, well: bool) -> None:
        transaction = self.running.pop(which % len(self.running))
        if well:
            self.things |= transaction.changes
            self.log += transaction.events

    @rule(most=st.integers(1, 5))
    def read(self, most: int) -> None:
        assert self.hub.position is not None
        rows = self.after(self.hub.position)[:most]
        if rows:
            self.hub.deliver([Message(row, 1) for row in rows], Cursor(1, rows[-1].xid, rows[-1].id))

    @precondition(lambda self: len(self.views) < 4)
    @rule(topics=st.sampled_from(TOPICS))
    def subscribe(self, topics: Topics) -> None:
        cursor = self.present()
        if self.hub.reaches(cursor):
            notes = self.join(topics, cursor, envelope.snapshot(cursor, topics, self.snapshot(topics)))
            self.views.append((topics, seen(notes.heard), notes))
            notes.heard.clear()

    @precondition(lambda self: self.views)
    @rule(which=st.integers(0, 3))
    def come_back(self, which: int) -> None:
        """The socket is lost with what was in it; the page resumes from the last cursor that it has."""
        topics, view, notes = self.views.pop(which % len(self.views))
        cursor = parse(self.last_cursor(notes))
        if self.hub.reaches(cursor):
            resumed = self.join(topics, cursor, envelope.resumed(cursor, topics))
            self.views.append((topics, view, resumed))

    @precondition(lambda self: self.views)
    @rule(which=st.integers(0, 3), most=st.integers(1, 3))
    def hear(self, which: int, most: int) -> None:
        """A page takes some of what has arrived."""
        _, view, notes = self.views[which % len(self.views)]
        now, notes.heard[:] = notes.heard[:most], notes.heard[most:]
        seen(now, view)
        self.note_cursor(notes, now)

    def teardown(self) -> None:
        """When all is quiet, every page shows what is."""
        while self.running:
            self.end(0, True)
        while self.hub.position is not None and self.after(self.hub.position):
            self.read(5)
        for topics, view, notes in self.views:
            assert seen(notes.heard, view).data == self.snapshot(topics)

    def join(self, topics: Topics, cursor: Cursor, opening: envelope.Frame) -> Notes:
        listener, notes = a_listener()
        self.hub.enter(listener)
        assert self.hub.tell(listener, topics, cursor, [opening])
        self.note_cursor(notes, notes.heard[:1])
        return notes

    def note_cursor(self, notes: Notes, heard: list[dict[str, Any]]) -> None:
        notes.reached = [*getattr(notes, "reached", []), *(one["cursor"] for one in heard)]  # type: ignore[attr-defined]

    def last_cursor(self, notes: Notes) -> str:
        last: str = notes.reached[-1]  # type: ignore[attr-defined]
        return last

    def xmin(self) -> int:
        return min((transaction.xid for transaction in self.running), default=self.xid + 1)

    def after(self, cursor: Cursor) -> list[Logged]:
        safe = [row for row in self.log if (row.xid, row.id) > cursor.position and row.xid < self.xmin()]
        return sorted(safe, key=lambda row: (row.xid, row.id))

    def present(self) -> Cursor:
        below = [(row.xid, row.id) for row in self.log if row.xid < self.xmin()]
        xid, identifier = max(below, default=(0, 0))
        return Cursor(1, xid, identifier, frozenset(row.xid for row in self.log if row.xid >= self.xmin()))

    def snapshot(self, topics: Topics) -> Data:
        shown = {
            key: thing
            for key, thing in self.things.items()
            if thing["state"] != "completed" and belongs(thing, topics)
        }
        return {"presences": {}, "contacts": shown, "offers": {}, "callbacks": {}, "notes": {}}


def test_of_two_changes_the_later_one_stands_though_its_transaction_is_the_older() -> None:
    world, thing = World(), THINGS[0]
    world.subscribe(TOPICS[0])
    for _ in range(2):
        world.begin()

    world.change(1, thing, "waiting", "grp_1", None)
    world.end(1, True)
    world.change(0, thing, "offered", "grp_1", "adv_1")
    world.end(0, True)
    world.read(5)

    world.teardown()


@pytest.mark.parametrize("comes_back", [False, True])
def test_what_a_snapshot_holds_of_younger_transactions_is_not_told_again(comes_back: bool) -> None:
    world, thing, other = World(), *THINGS
    for _ in range(4):
        world.begin()
    world.change(3, thing, "waiting", "grp_1", None)
    world.end(3, True)
    world.change(0, thing, "offered", "grp_1", "adv_1")
    world.end(0, True)
    world.change(1, other, "waiting", None, None)
    world.end(1, True)

    world.subscribe(TOPICS[0])
    world.change(0, other, "offered", None, "adv_1")
    world.end(0, True)
    world.read(3)
    if comes_back:
        world.hear(0, 1)
        world.come_back(0)
    world.read(5)

    world.teardown()


TestWorld = World.TestCase
TestWorld.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
