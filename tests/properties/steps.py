"""What may happen next: each step is a name and three small numbers that pick among what there is at that moment.

So a list of steps can be shortened anywhere and still means something.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from kit.database import Row
from tests.properties.life import KnownCall, Life

T = TypeVar("T")

TYPES = ("ringing", "answered", "no_answer", "busy", "failed", "digits", "hangup", "alive")
MOSTLY_ANSWERED = ("answered", "answered", "answered", "no_answer", "ringing", "answered", "busy", "hangup")
LEGS = ("advisor", "caller")
DIGITS = ("1", "1", "2", "2", "3", "", "9", "03023125017")
STATES = ("available", "available", "break", "meeting", "training", "offline")
MOMENTS = (0.0, 0.3, 1.0, 1.0, 3.0, 5.0, 5.0, 11.0)
WHILES = (21.0, 26.0, 31.0, 61.0, 95.0, 600.0, 1900.0)
DIALLED = (0, 0, 0, 1, 2, 3)
MOST = 64

UNFINISHED = """
SELECT what, id, call_id, token, advisor_id FROM (
    SELECT 'rings' AS what, o.id, c.switch_call_id AS call_id, NULL::uuid AS token, o.advisor_id
    FROM offers o JOIN contacts c ON c.id = o.contact_id WHERE o.state = 'open'
    UNION ALL
    SELECT 'dial_rings', o.id, NULL, a.token, o.advisor_id
    FROM offers o JOIN callback_attempts a ON a.callback_id = o.callback_id AND a.ended_at IS NULL
    WHERE o.state = 'open'
    UNION ALL
    SELECT CASE c.state WHEN 'connected' THEN 'talks' WHEN 'wrapping' THEN 'wraps_up' WHEN 'offered' THEN 'dials'
           ELSE 'asks' END, c.id, c.switch_call_id, a.token, c.advisor_id
    FROM contacts c LEFT JOIN callback_attempts a ON a.ended_at IS NULL AND c.switch_call_id = 'dial:' || a.token
    WHERE c.state IN ('identifying', 'choosing', 'waiting', 'connected', 'wrapping')
       OR (c.state = 'offered' AND c.direction = 'out')
) unfinished ORDER BY id
"""

OPEN_PROMISES = """
SELECT cb.id, cu.external_ref FROM callbacks cb JOIN customers cu ON cu.id = cb.customer_id
WHERE cb.final_at IS NULL ORDER BY cb.created_at, cb.id
"""


@dataclass(frozen=True)
class Step:
    name: str
    a: int
    b: int
    c: int


def one_of(things: Any, n: int) -> Any:
    return things[n % len(things)]


def a_late_one(things: list[T], n: int) -> T:
    """Counted from the end, so that what happened last is picked most."""
    return things[-1 - (n * n // MOST) % len(things)]


async def somebody_calls(life: Life, a: int, b: int, _: int) -> None:
    company = life.company
    await life.call(one_of(company.phones, a), company.dialled[one_of(DIALLED, b)])


async def it_goes_on(life: Life, a: int, b: int, c: int) -> None:
    """The next thing that one would expect of something that is open, mostly."""
    unfinished = await life.look(UNFINISHED)
    if not unfinished:
        return
    thing = one_of(unfinished, a)
    match thing["what"]:
        case "rings":
            await _tell(life, thing, one_of(MOSTLY_ANSWERED, b), "advisor")
        case "talks":
            await _tell(life, thing, "hangup", one_of(LEGS, b))
        case "asks":
            known = _known(life, thing["call_id"])
            known.digits += 1
            ordinal = known.digits if b % 2 else None
            signal = life.signal("digits", "caller", digits=one_of(DIGITS, c), ordinal=ordinal)
            await life.hear(known, signal)
        case "dial_rings":
            await life.take_dials(10)
            await _tell(life, thing, one_of(MOSTLY_ANSWERED, b), "advisor")
        case "dials":
            await _tell(life, thing, one_of(MOSTLY_ANSWERED, b), "caller")
        case "wraps_up":
            await life.wrap_up(thing["advisor_id"], thing["id"])


async def _tell(life: Life, thing: Row, type: str, leg: str) -> None:  # noqa: A002 - it is called so
    if thing["token"] is not None:
        await life.hear_dial(thing["token"], life.signal(type, leg))
    else:
        signal = life.signal(type, leg, offer_id=thing["id"] if thing["what"] == "rings" else None)
        await life.hear(_known(life, thing["call_id"]), signal)


def _known(life: Life, call_id: str) -> KnownCall:
    return next(known for known in life.calls if known.call_id == call_id)


async def a_moment_passes(life: Life, a: int, _b: int, _c: int) -> None:
    await life.pass_time(one_of(MOMENTS, a))


async def a_while_passes(life: Life, a: int, b: int, _: int) -> None:
    await life.pass_time(one_of(WHILES, a), silently=b % 4 == 0)


async def next_promise_falls_due(life: Life, _a: int, _b: int, _c: int) -> None:
    await life.until_next_promise()


async def everybody_returns(life: Life, _a: int, _b: int, _c: int) -> None:
    for advisor in life.company.advisors:
        life.open_desks.add(advisor.id)
        await life.choose(advisor.id, "available")


async def switch_says_anything(life: Life, a: int, b: int, c: int) -> None:
    if not life.calls:
        return
    offers = [row["id"] for row in await life.look("SELECT id FROM offers ORDER BY made_at, id")]
    offer_id = a_late_one(offers, b) if offers and b % 3 else None
    type_ = one_of(TYPES, c)
    told = {"digits": one_of(DIGITS, a)} if type_ == "digits" else {}
    signal = life.signal(type_, one_of(LEGS, c // len(TYPES)), offer_id=offer_id, **told)
    await life.hear(a_late_one(life.calls, a), signal)


async def switch_repeats_itself(life: Life, a: int, b: int, c: int) -> None:
    told = [known for known in life.calls if known.told]
    if told:
        known = a_late_one(told, a)
        signal = a_late_one(known.told, b)
        await life.hear(known, replace(signal, identity=next(life.identities)) if c % 2 else signal)


async def somebody_hangs_up(life: Life, a: int, b: int, _: int) -> None:
    if life.calls:
        await life.hear(a_late_one(life.calls, a), life.signal("hangup", one_of(LEGS, b)))


async def switch_says_anything_of_a_dial(life: Life, a: int, b: int, c: int) -> None:
    await life.take_dials(1 + c % 3)
    if life.dials:
        await life.hear_dial(a_late_one(life.dials, a), life.signal(one_of(TYPES, b), one_of(LEGS, c)))


async def switch_asks(life: Life, a: int, _b: int, _c: int) -> None:
    if life.calls:
        await life.poll(a_late_one(life.calls, a))


async def switch_falls_silent(life: Life, a: int, _b: int, _c: int) -> None:
    if life.calls:
        a_late_one(life.calls, a).alive = False


def _advisor(life: Life, n: int) -> UUID:
    return one_of(life.company.advisors, n).id  # type: ignore[no-any-return]


async def advisor_chooses(life: Life, a: int, b: int, _: int) -> None:
    life.open_desks.add(_advisor(life, a))
    await life.choose(_advisor(life, a), one_of(STATES, b))


async def advisor_refuses(life: Life, a: int, b: int, c: int) -> None:
    offers = await life.look("SELECT id, advisor_id FROM offers ORDER BY made_at, id")
    if offers:
        offer = a_late_one(offers, b)
        advisor_id = offer["advisor_id"] if a % 8 else _advisor(life, a)
        await life.reject(advisor_id, offer["id"], one_of((None, "break", "meeting"), c))


async def desk_closes(life: Life, a: int, _b: int, _c: int) -> None:
    life.open_desks.discard(_advisor(life, a))


async def advisor_falls_ill(life: Life, a: int, b: int, _: int) -> None:
    await life.fall_ill(_advisor(life, a), timedelta(minutes=one_of((1, 1, 60), b)))


async def market_closes(life: Life, a: int, b: int, _: int) -> None:
    await life.close(timedelta(minutes=one_of((1, 1, 30), a)), one_of(("emergency", "planned"), b))


async def customer_wishes_a_callback(life: Life, a: int, b: int, _: int) -> None:
    await life.wish(one_of(life.company.refs, a), b)


async def customer_thinks_otherwise(life: Life, a: int, b: int, c: int) -> None:
    promises = await life.look(OPEN_PROMISES)
    if promises:
        promise = a_late_one(promises, a)
        if c % 3:
            await life.move(promise["external_ref"], promise["id"], b)
        else:
            await life.cancel(promise["external_ref"], promise["id"])


Happens = Callable[[Life, int, int, int], Awaitable[None]]

OFTEN: dict[Happens, int] = {
    it_goes_on: 30,
    somebody_calls: 14,
    a_moment_passes: 14,
    a_while_passes: 3,
    next_promise_falls_due: 4,
    everybody_returns: 4,
    switch_says_anything: 5,
    switch_repeats_itself: 4,
    somebody_hangs_up: 3,
    switch_says_anything_of_a_dial: 3,
    switch_asks: 2,
    switch_falls_silent: 1,
    advisor_chooses: 5,
    advisor_refuses: 2,
    desk_closes: 1,
    advisor_falls_ill: 1,
    market_closes: 1,
    customer_wishes_a_callback: 2,
    customer_thinks_otherwise: 2,
}
BY_NAME = {step.__name__: step for step in OFTEN}


def drawn(dice: random.Random, how_many: int) -> list[Step]:
    names = dice.choices([step.__name__ for step in OFTEN], list(OFTEN.values()), k=how_many)
    return [Step(name, *(dice.randrange(MOST) for _ in range(3))) for name in names]


async def take(life: Life, step: Step) -> None:
    await BY_NAME[step.name](life, step.a, step.b, step.c)
