"""The last look before somebody's phone rings: may this number still be dialled, and not too often?

What was promised yesterday may be forbidden today. A promise is then not lost: it gets a window when there is room
again, and where the number is not to be dialled at all it ends, cancelled with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callbacks import guards
from callbacks import service as callbacks
from callbacks.guards import Reached
from callbacks.slots import bookable
from contacts.promises import keeper_calendar, slot_policy
from contacts.situation import Scene
from kit.errors import Unprocessable
from kit.phone_numbers import check_may_be_dialled

Promise = Mapping[str, Any]


async def refused(scene: Scene, promise: Promise) -> bool:
    """True where it is not dialled now; the promise has moved on and an alarm is raised."""
    market = scene.directory.markets[promise["market_id"]]
    try:
        check_may_be_dialled(promise["number"], market.callable_countries(scene.now))
    except Unprocessable:
        forbidden = Reached("number_not_allowed", market.id, promise["asked_by"], scene.now)
        scene.session.alarm(forbidden.alarm(scene.now))
        await callbacks.cancel(scene.session, promise, "number_not_allowed", scene.now)
        return True
    reached = await guards.dial_reached(scene.session, promise, market.policy(scene.now).dialling, scene.now)
    if reached is None:
        return False
    scene.session.alarm(reached.alarm(scene.now))
    await _postpone(scene, promise, reached)
    return True


async def _postpone(scene: Scene, promise: Promise, reached: Reached) -> None:
    policy = slot_policy(scene.directory.markets[promise["market_id"]], scene.now)
    calendar = await keeper_calendar(scene, promise)
    found = bookable(scene.now, calendar, policy, not_before=reached.free_at)
    if found:
        await callbacks.postponed(scene.session, promise, found[0], scene.now)
    else:
        await callbacks.cancel(scene.session, promise, "dial_limit", scene.now)
