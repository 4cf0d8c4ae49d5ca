"""A route with effects: one transaction, committed before the answer is sent.

FastAPI runs what follows a dependency's `yield` after the response has gone out (0.118 and later), so a transaction
held by a dependency would answer 200 and then fail. Here the route itself begins, commits and only then answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response

from api import idempotency
from api.dependencies import REMEMBERED, SESSION
from api.door import Door, Handler
from api.errors import sqlstate
from api.idempotency import Claim, Overtaken
from api.services import Services
from api.versions import VERSION
from kit.database import RETRY

ATTEMPTS = 5
"""After deadlocks and serialization failures, which leave no effect; the body is kept and read again."""


class Undone(Exception):
    """An endpoint answered 5xx itself: nothing of what it did stands."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class TransactionalRoute(Door):
    """`APIRouter(route_class=TransactionalRoute)`. With `Write` in a transaction, otherwise as in `Door`."""

    is_transactional: ClassVar[bool] = True

    @property
    def needs_key(self) -> bool:
        """A POST with an effect; the switch's call and event identities serve where only telephony may enter."""
        only_telephony = frozenset({"telephony"}) in self.requirements
        return "POST" in (self.methods or ()) and not (
            self.keyless or self.public or self.streamed or only_telephony
        )

    def acting(self, inner: Handler) -> Callable[[Request, Services], Awaitable[Response]]:
        if not self.writes:
            return super().acting(inner)
        needs_key = self.needs_key

        async def act(request: Request, services: Services) -> Response:
            claim = await idempotency.claim(request, services) if needs_key else None
            try:
                return await _persistently(request, services, inner, claim)
            except Undone as undone:
                return undone.response

        return act


async def _persistently(request: Request, services: Services, inner: Handler, claim: Claim | None) -> Response:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _once(request, services, inner, claim)
        except Exception as error:
            again = isinstance(error, Overtaken) or sqlstate(error) in RETRY
            if not again or attempt == ATTEMPTS:
                await services.alarms.sound(error)
                raise
    raise AssertionError("unreachable")


async def _once(request: Request, services: Services, inner: Handler, claim: Claim | None) -> Response:
    request.scope.pop(REMEMBERED, None)
    request.scope.pop(VERSION, None)
    async with services.database.transaction() as session:
        request.scope[SESSION] = session
        if claim is not None:
            earlier = await claim.earlier(session, services.clock.now())
            if earlier is not None:
                return earlier
        response = await inner(request)
        if response.status_code >= 500:
            raise Undone(response)
        if claim is not None:
            await claim.keep(session, request.scope, response, services)
    return response
