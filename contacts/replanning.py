"""What an absence breaks, and what is done about it.

Entering one shows it beforehand (`preview`). When it holds, `absences.replan_at` is set in the same transaction,
and a loop plans the promises anew right afterwards, an absence in one transaction: a failure loses nothing, as it
is still to be done. When an absence is called off, questions that need no answer any more are withdrawn.

Customers are told nothing about why: what leaves here has no absence in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from advisors import absences
from advisors import queries as advisors
from advisors.events import replanned
from callbacks import letters, questions
from callbacks import queries as callback_queries
from callbacks import service as callbacks
from callbacks.replans import Answering, Asked, Handed, Moved, Replan, Stands, replan
from callbacks.rooms import Calendar
from contacts.arrivals import scene_for
from contacts.directory import MarketEntry
from contacts.exchange import Exchange
from contacts.promises import advisor_calendar, slot_policy
from contacts.situation import Scene
from kit.database import Row, Session
from kit.intervals import Interval, subtract
from notifications import service as notifications

AWAY = "own_advisor_away"
FARTHEST = timedelta(days=61)
"""Nobody promises further ahead (`horizon_days`)."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A promise that an absence breaks, and what becomes of it."""

    promise: Row
    replan: Replan


async def preview(scene: Scene, advisor_id: UUID, period: Interval) -> list[Planned]:
    """The promises that would not be kept if the advisor were away; nothing is changed."""
    found = await callback_queries.own_within(scene.session, advisor_id, period)
    return [one for one in await _planned(scene, advisor_id, found, period) if not isinstance(one.replan, Stands)]


async def absence_changed(session: Session, exchange: Exchange, absence_id: UUID, now: datetime) -> None:
    """Plan anew what an absence breaks, and let stand what it no longer does."""
    seen = await absences.lock(session, absence_id)
    if seen["replan_at"] is None:
        return
    scene = await scene_for(session, exchange, now)
    done: Counter[str] = Counter()
    if seen["advisor_id"] in scene.directory.advisors:
        done = await _replanned(scene, seen["advisor_id"], _touched(seen, now))
    await advisors.replan(session, absence_id, None)
    if done.total():
        session.announce(replanned(seen, seen["desk_group_id"], dict(done), now))
        await _brief(scene, seen, done)


def _touched(absence: Row, now: datetime) -> Interval:
    """From when to when promises are looked at: what was called off may have reached further than it now says."""
    holds = absence["state"] == "approved" and absence["ends_at"] > now
    end = absence["ends_at"] if holds else max(absence["ends_at"], now + FARTHEST)
    return Interval(min(absence["starts_at"], end - timedelta(seconds=1)), end)


async def _replanned(scene: Scene, advisor_id: UUID, period: Interval) -> Counter[str]:
    """How many promises were moved, asked about, handed over and left as they were promised."""
    group_id = scene.directory.advisors[advisor_id].group_id
    for owner_id in sorted(i for i in (advisor_id, group_id) if i is not None):
        await callback_queries.hold_ledger(scene.session, owner_id)
    found = await callback_queries.lock_own_within(scene.session, advisor_id, period)
    done: Counter[str] = Counter()
    for one in await _planned(scene, advisor_id, found, None):
        if await _carry_out(scene, one):
            done[one.replan.kind] += 1
    return done


async def _planned(scene: Scene, advisor_id: UUID, promises: Sequence[Row], away: Interval | None) -> list[Planned]:
    """One after the other, so that two are not moved into the same room. `away` where it isn't entered yet."""
    planned: list[Planned] = []
    calendars: dict[str, Calendar] = {}
    for promise in promises:
        market = scene.directory.markets[promise["market_id"]]
        if market.id not in calendars:
            calendars[market.id] = await _calendar(scene, market, advisor_id, away)
        calendar = calendars[market.id]
        policy = slot_policy(market, scene.now)
        found = replan(promise, scene.now, calendar, policy, answering(market, scene.now))
        if isinstance(found, Moved):
            calendars[market.id] = replace(calendar, promises=[*calendar.promises, found.slot])
        planned.append(Planned(promise, found))
    return planned


async def _calendar(scene: Scene, market: MarketEntry, advisor_id: UUID, away: Interval | None) -> Calendar:
    calendar = await advisor_calendar(scene, market, advisor_id)
    return calendar if away is None else replace(calendar, working=subtract(calendar.working, [away]))


def answering(market: MarketEntry, now: datetime) -> Answering:
    rules = market.policy(now).callback
    return Answering(timedelta(minutes=rules.answer_minutes), timedelta(minutes=rules.least_answer_minutes))


async def _carry_out(scene: Scene, planned: Planned) -> bool:
    """Whether anything was done."""
    session, promise, now = scene.session, planned.promise, scene.now
    match planned.replan:
        case Stands():
            if promise["question_id"] is None:
                return False
            await questions.withdraw(session, promise, now)
        case Moved(slot):
            await callbacks.move(session, promise, slot, now)
        case Asked(until, choices):
            if promise["question_id"] is not None:
                return False
            question_id = scene.exchange.new_id(now)
            await questions.ask(session, promise, until, choices, question_id, now)
            await notifications.queue(
                session, [letters.of_question(promise, question_id)], now, scene.exchange.new_id
            )
        case Handed():
            await callbacks.hand_to_group(session, promise, AWAY, now)
    return True


async def unanswered(session: Session, _: Exchange, question_id: UUID, now: datetime) -> None:
    """The time for an answer is over: the desk group keeps the promise at the time that was promised."""
    found = await questions.locked(session, question_id)
    if found is None:
        return
    question, promise = found
    if question["state"] == "open" and question["answer_until"] <= now:
        row = await questions.unanswered(session, promise, now)
        await callbacks.hand_to_group(session, row, AWAY, now)


async def _brief(scene: Scene, absence: Row, done: Counter[str]) -> None:
    """The lead of the group reads how many promises it has taken over and how many customers are being asked."""
    group_id = absence["desk_group_id"]
    if group_id is None or not done["handed"] + done["asked"]:
        return
    message = await letters.of_replanning(
        scene.session, group_id, absence["advisor_id"], done, absence["replan_at"]
    )
    if message is not None:
        await notifications.queue(scene.session, [message], scene.now, scene.exchange.new_id)
