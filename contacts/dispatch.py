"""Who is free gets who waits: run right after a commit that frees an advisor or makes somebody wait.

One pass looks at everything that waits (contacts, oldest first, and promises that are due) and at everybody who is
free and may take any of it. A promise whose window runs out goes before the queue. Where several contacts and
several advisors compete they are matched at once (`bursts.py`); else the longest idle picks first. The other
promises come after it and leave the last who is free to the next caller for a short while. What another replica is
looking at is passed over; the claim decides if both want the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from advisors import presence_queries
from callbacks import queries as callback_queries
from contacts import arrivals, keeping, queries
from contacts.bursts import MOST_AT_ONCE, Burst
from contacts.exchange import Exchange
from contacts.line import HEARD_LATELY, Promise, seen_all, who_is_free, with_familiar
from contacts.placing import Placed, carry_out
from contacts.situation import Case, Scene
from kit.database import Session
from routing.matching import Pair
from routing.plan import Explanation, Offer, Reason, Trail
from routing.problem import Person, Waiting
from routing.waiting import may_take, next_for


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What one pass did."""

    contacts: int = 0
    callbacks: int = 0
    again_at: datetime | None = None
    """When there is more to do though nothing happens; who polls need not care."""
    burst: Burst | None = None
    """Too many to be matched in this pass: whoever asked for `elsewhere` has them matched and offers the pairs."""

    def __bool__(self) -> bool:
        return bool(self.contacts or self.callbacks or self.burst)


Rule = Literal["here", "elsewhere", "one_by_one"]
"""How those who compete are matched: at once in this pass; small bursts here and large ones handed back; not."""


async def dispatch(session: Session, exchange: Exchange, now: datetime, rule: Rule = "here") -> Dispatched:
    """Match who is free with who waits; returns how many were offered."""
    rows = await queries.waiting(session, now - HEARD_LATELY)
    promises = await callback_queries.due(session)
    if not rows and not promises:
        return Dispatched()
    scene = await arrivals.scene_for(session, exchange, now)
    waiting = seen_all(scene, rows)
    people = await who_is_free(scene, waiting, promises)
    matched = _press(scene, people, promises)
    matches = matched.matches
    burst = Burst(waiting, _left(people, matched), now) if exchange.personal and rule != "one_by_one" else None
    if burst is not None and burst.competes:
        if rule == "elsewhere" and not burst.is_small:
            return Dispatched(burst=burst)
        burst = replace(burst, waiting=await with_familiar(scene, rows, waiting, burst.people))
        matches += _together(burst, burst.matched() or ())
    _pick(_left(people, matched), _without_matched(waiting, matched), matched)
    _match_the_rest(scene, _left(people, matched), matched)
    offered = await _offer(scene, {row["id"]: row for row in rows}, matches)
    return replace(offered, again_at=matched.again_at)


async def whole_burst(session: Session, exchange: Exchange, burst: Burst) -> Burst:
    """The burst with everybody who waits by now, up to `MOST_AT_ONCE`, and whom of those who are free they know;
    nobody is locked."""
    rows = await queries.seen_waiting(session, burst.now - HEARD_LATELY, MOST_AT_ONCE)
    scene = await arrivals.scene_for(session, exchange, burst.now)
    waiting = seen_all(scene, rows)
    return replace(burst, waiting=await with_familiar(scene, rows, waiting, burst.people))


async def offer_pairs(
    session: Session, exchange: Exchange, now: datetime, pairs: Sequence[Pair], burst: Burst
) -> Dispatched:
    """Offer what was matched elsewhere, as far as it still holds: the contact waits, the advisor is free, and no
    rule stands between them."""
    rows = await queries.still_waiting(session, [pair.contact for pair in pairs], now - HEARD_LATELY)
    scene = await arrivals.scene_for(session, exchange, now)
    waiting = seen_all(scene, rows)
    people = await who_is_free(scene, waiting, (), [pair.advisor for pair in pairs])
    held = _together(Burst(waiting, people, now), pairs, len(burst.waiting), len(burst.people))
    return await _offer(scene, {row["id"]: row for row in rows}, held)


@dataclass(frozen=True, slots=True)
class Match:
    person: Person
    contact: Waiting | None = None
    promise: Promise | None = None
    burst: tuple[int, int] | None = None
    """Of how many contacts and advisors, where they were matched at once."""


@dataclass
class Matched:
    """Who takes what, and the promises that are left; `again_at` is when one that was held back for the moment
    should be looked at again."""

    promises: list[Promise]
    matches: list[Match] = field(default_factory=list)
    again_at: datetime | None = None


def _left(people: Sequence[Person], matched: Matched) -> list[Person]:
    taken = {match.person.id for match in matched.matches}
    return [one for one in people if one.id not in taken]


def _without_matched(waiting: Sequence[Waiting], matched: Matched) -> list[Waiting]:
    given = {match.contact.id for match in matched.matches if match.contact is not None}
    return [contact for contact in waiting if contact.id not in given]


def _press(scene: Scene, people: Sequence[Person], promises: Sequence[Promise]) -> Matched:
    """Promises whose window runs out, the longest idle first."""
    matched = Matched(list(promises))
    for free in people:
        may = _own_first(free, matched.promises)
        urgent = next((promise for promise in may if keeping.urgent(scene, promise)), None)
        if urgent is not None:
            matched.matches.append(Match(free, promise=urgent))
            matched.promises = _without(matched.promises, urgent)
    return matched


def _together(burst: Burst, pairs: Sequence[Pair], contacts: int = 0, advisors: int = 0) -> list[Match]:
    """The pairs that hold now; told with the size of the burst in which they were matched."""
    waiting, people = {c.id: c for c in burst.waiting}, {p.id: p for p in burst.people}
    size = contacts or len(waiting), advisors or len(people)
    known = [(people[p.advisor], waiting[p.contact]) for p in pairs if p.advisor in people and p.contact in waiting]
    return [Match(who, contact=contact, burst=size) for who, contact in known if may_take(who, contact)]


def _pick(people: Sequence[Person], waiting: Sequence[Waiting], matched: Matched) -> None:
    """One after the other, the longest idle first."""
    left = list(waiting)
    for free in people:
        contact = next_for(free, left)
        if contact is not None:
            matched.matches.append(Match(free, contact=contact))
            left.remove(contact)


def _without(promises: Sequence[Promise], taken: Promise) -> list[Promise]:
    """Two phones can't ring for the same number."""
    return [promise for promise in promises if promise["number"] != taken["number"]]


def _own_first(free: Person, promises: Sequence[Promise]) -> Iterator[Promise]:
    """What they may keep: their own promises, which nobody else can, before the desk group's."""
    may = [promise for promise in promises if keeping.may_keep(free, promise)]
    yield from sorted(may, key=lambda promise: promise["owner_state"] != "own")


def _match_the_rest(scene: Scene, spare: Sequence[Person], matched: Matched) -> None:
    """Nobody waits: promises that are due, but somebody is left free for the next caller, for a short while."""
    unused, promises = len(spare), matched.promises
    for free in spare:
        promise = next(_own_first(free, promises), None)
        if promise is None:
            continue
        rested_at = keeping.rested_at(scene, free, promise)
        if unused == 1 and scene.now < rested_at:
            matched.again_at = rested_at
            continue
        matched.matches.append(Match(free, promise=promise))
        promises, unused = _without(promises, promise), unused - 1


async def _offer(scene: Scene, rows: Mapping[UUID, dict[str, Any]], matched: Sequence[Match]) -> Dispatched:
    """Claim everybody at once; who was taken meanwhile drops out and is looked at again in the next pass."""
    if not matched:
        return Dispatched()
    claimed = await presence_queries.claim(scene.session, sorted(m.person.id for m in matched), scene.now)
    scene.exchange.meters.claimed(len(matched), len(claimed))
    won = {row["advisor_id"]: row for row in claimed}
    contacts = [m for m in matched if m.contact is not None and m.person.id in won]
    promises = [m for m in matched if m.promise is not None and m.person.id in won]
    keeping.announce_claims(scene, claimed)
    await carry_out(scene, [_placed(scene, rows[m.contact.id], m) for m in contacts if m.contact is not None])
    for match in promises:
        await keeping.offer(scene, match.promise, match.person)  # type: ignore[arg-type]
    return Dispatched(len(contacts), len(promises))


def _placed(scene: Scene, row: dict[str, Any], match: Match) -> Placed:
    own = row["own_advisor_id"] == match.person.id
    reason = Reason("own_advisor_became_free" if own else "became_free")
    ring_s = scene.market(row).policy(scene.now).routing.ring_timeout_s
    plan = Offer((reason,), Trail(Explanation), match.person.id, ring_s, own)
    return Placed(Case(row), dict(row), plan, burst=match.burst)
