"""Calls as they went, told as what the switch said of them: in order, or in any other order, with repeats.

News can't be sent before it has happened: what happened when the n-th phone had begun to ring is never delivered
before the service has made its n-th offer. Everything else may overtake everything else, the call itself included.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from advisors.models import Advisor
from callbacks import queries as callback_queries
from contacts import keeping, service
from kit import invariants
from telephony.inbound import Signal
from tests.support.builders import (
    MONDAY_MORNING,
    a_customer,
    a_desk_group,
    a_number,
    a_private_number,
    an_advisor,
)
from tests.support.world import World

MARKET_NUMBER = "+493023125900"
CALL = "pbx-told"
LONGEST_STEP_S = 0.04
"""Twenty of these pass within the grace after a hang-up."""


@dataclass(frozen=True)
class News:
    """What the switch says, or what somebody does (`type` names the step); `rung`: how many phones had rung."""

    type: str
    leg: str = "caller"
    rung: int = 0
    digits: str | None = None
    ordinal: int | None = None


@dataclass(frozen=True)
class People:
    anna: Advisor
    ben: Advisor
    phone: str
    others_phone: str


async def anna_and_ben(world: World) -> People:
    """Two colleagues; Anna has two customers, one of whom is only known by their customer number, too."""
    group = await a_desk_group(world.session, general_for="DE")
    anna = await an_advisor(world.session, name="Anna", group=group)
    ben = await an_advisor(world.session, name="Ben", group=group, idle_since=MONDAY_MORNING)
    await a_number(world.session, number=MARKET_NUMBER, kind="general")
    phones = a_private_number(), a_private_number()
    await a_customer(world.session, advisor=anna, phones=phones[:1], external_ref="4711")
    await a_customer(world.session, advisor=anna, phones=phones[1:])
    return People(anna, ben, *phones)


Scene = Callable[[World, People], Awaitable[UUID | None]]


@dataclass(frozen=True)
class Story:
    """`scene` comes before; for a dial it returns the token. A `caller` of None withholds the number."""

    name: str
    news: tuple[News, ...]
    scene: Scene
    known: bool = True


@dataclass
class Telling:
    """One delivery of a story."""

    world: World
    people: People
    story: Story
    token: UUID | None = None
    told: dict[int, Signal] = field(default_factory=dict)

    async def deliver(self, n: int) -> None:
        news = self.story.news[n]
        if news.type == "call":
            await self.world.call(self.people.phone if self.story.known else None, MARKET_NUMBER, CALL)
        elif news.type == "anna_is_free":
            await self.world.choose(self.people.anna, "available")
        else:
            await self._hear(self.told.setdefault(n, await self._signal(n, news)))

    async def _signal(self, n: int, news: News) -> Signal:
        offers = await self.offers()
        named = news.leg == "advisor" and news.type != "hangup" and self.token is None
        return Signal(
            identity=f"news-{n}",
            type=news.type,  # type: ignore[arg-type]
            leg=news.leg,  # type: ignore[arg-type]
            offer_id=offers[news.rung - 1] if named else None,
            digits=news.digits,
            ordinal=news.ordinal,
        )

    async def _hear(self, signal: Signal) -> None:
        world = self.world
        if self.token is not None:
            await keeping.hear(world.session, world.exchange, self.token, signal, world.now)
        else:
            await service.hear(world.session, world.exchange, CALL, signal, world.now)
        await world.after_commit()

    async def offers(self) -> list[UUID]:
        """Those of this call, in order; a dial has the one it began with."""
        sql = (
            "SELECT o.id FROM offers o JOIN contacts c ON c.id = o.contact_id WHERE c.switch_call_id = $1 "
            "ORDER BY o.made_at, o.id"
        )
        return [row["id"] for row in await self.world.session.fetch(sql, CALL)]

    async def can_be_told(self, n: int) -> bool:
        news = self.story.news[n]
        return self.token is not None or len(await self.offers()) >= news.rung


async def in_order(telling: Telling) -> None:
    for n in range(len(telling.story.news)):
        assert await telling.can_be_told(n), f"{telling.story.news[n]} could not have happened"
        await telling.deliver(n)
        telling.world.clock.advance(LONGEST_STEP_S)


async def in_any_order(telling: Telling, dice: random.Random) -> list[News]:
    """Deliver everything, some of it again; returns the order."""
    left, delivered = set(range(len(telling.story.news))), list[int]()
    while left:
        ready = [n for n in sorted(left) if await telling.can_be_told(n)]
        assert ready, f"what should have happened did not: {_names(telling, delivered)}"
        n = dice.choice(ready)
        left.discard(n)
        again = [m for m in (*delivered, n) if telling.story.news[m].type != "anna_is_free"]
        for what in [n, *(dice.choice(again) for _ in range(dice.choice((0, 0, 1, 2)) if again else 0))]:
            await telling.deliver(what)
            delivered.append(what)
            telling.world.clock.advance(dice.uniform(0.001, LONGEST_STEP_S / 3))
        if dice.random() < 0.3:
            await telling.world.do_what_is_due()
    return _names(telling, delivered)


def _names(telling: Telling, delivered: Sequence[int]) -> list[News]:
    return [telling.story.news[n] for n in delivered]


async def the_end(telling: Telling) -> dict[str, Any]:
    """How it has ended, once the wrap-up is over: nothing in it depends on when what was heard."""
    world = telling.world
    for seconds in (2, 31):
        await world.pass_time(seconds)
    fetch = world.session.fetch
    broken = await invariants.violations(world.session, world.now, since=MONDAY_MORNING)
    return {
        "contacts": await fetch(
            "SELECT switch_call_id LIKE 'dial:%' AS dial, state, ended_reason, customer_id, advisor_id, "
            "answered_at IS NOT NULL AS answered FROM contacts ORDER BY 1, 2, 3, 4, 5"
        ),
        "offers": await fetch("SELECT advisor_id, state, reason FROM offers ORDER BY 1, 2, 3"),
        "presences": await fetch("SELECT advisor_id, state FROM presences ORDER BY 1"),
        "promises": await fetch(
            "SELECT state, final_reason, owner_state, advisor_id, window_starts_at, number, attempts, "
            "reached_by FROM callbacks ORDER BY 1, 5, 6"
        ),
        "broken": broken,
    }


async def nothing_before(world: World, people: People) -> None:
    return None


async def anna_meets(world: World, people: People) -> None:
    await world.choose(people.anna, "meeting")


async def anna_talks(world: World, people: People) -> None:
    other = await world.call(people.others_phone, MARKET_NUMBER, "pbx-other")
    await other.answered()
    await other.hangs_up()


async def anna_is_rung_for_a_promise(world: World, people: People) -> UUID:
    """The customer was promised a call that is due now; the switch has taken the dial."""
    await world.choose(people.anna, "meeting")
    call = await world.call(people.phone, MARKET_NUMBER, "pbx-before")
    await call.digits("2")
    await call.hangs_up()
    await world.choose(people.anna, "available")
    (promise,) = await world.promises()
    await world.pass_time((promise["window_starts_at"] - world.now).total_seconds())
    (dial,) = await callback_queries.hand_out(world.session, world.now, 10)
    return dial["token"]  # type: ignore[no-any-return]


def advisor(type: str, rung: int = 1) -> News:  # noqa: A002 - it is called so
    return News(type, "advisor", rung)


def caller(type: str, rung: int = 0) -> News:  # noqa: A002
    return News(type, "caller", rung)


def types(digits: str, ordinal: int, rung: int = 0) -> News:
    return News("digits", "caller", rung, digits, ordinal)


THE_CALL = News("call")

STORIES = (
    Story(
        "own_advisor_answers",
        (THE_CALL, advisor("ringing"), advisor("answered"), caller("hangup", 1), advisor("hangup")),
        nothing_before,
    ),
    Story(
        "rings_out_and_a_colleague_answers",
        (
            THE_CALL,
            advisor("ringing"),
            advisor("no_answer"),
            types("1", 1, rung=1),
            advisor("ringing", 2),
            advisor("answered", 2),
            caller("hangup", 2),
        ),
        nothing_before,
    ),
    Story(
        "busy_and_a_callback_later",
        (THE_CALL, advisor("busy"), types("2", 1, rung=1), types("1", 2, rung=1), caller("hangup", 1)),
        nothing_before,
    ),
    Story("callback_and_gone", (THE_CALL, types("2", 1), caller("hangup")), anna_meets),
    Story(
        "holds_for_the_own_advisor",
        (
            THE_CALL,
            types("3", 1),
            News("anna_is_free"),
            advisor("ringing"),
            advisor("answered"),
            caller("alive", 1),
            advisor("hangup"),
        ),
        anna_talks,
    ),
    Story("gone_while_it_rings", (THE_CALL, advisor("ringing"), caller("hangup", 1)), nothing_before),
    Story(
        "says_who_they_are",
        (THE_CALL, types("4711#", 1), advisor("ringing"), advisor("answered"), caller("hangup", 1)),
        nothing_before,
        known=False,
    ),
    Story(
        "chooses_nothing_twice",
        (THE_CALL, types("", 1), types("", 2), advisor("answered"), caller("hangup", 1)),
        anna_meets,
    ),
    Story(
        "promise_is_kept",
        (
            advisor("ringing"),
            advisor("answered"),
            caller("ringing"),
            caller("answered"),
            caller("hangup"),
            advisor("hangup"),
        ),
        anna_is_rung_for_a_promise,
    ),
    Story(
        "promise_reaches_nobody",
        (advisor("ringing"), advisor("answered"), caller("ringing"), caller("no_answer")),
        anna_is_rung_for_a_promise,
    ),
    Story(
        "promise_is_given_up",
        (advisor("answered"), caller("ringing"), advisor("hangup")),
        anna_is_rung_for_a_promise,
    ),
)
