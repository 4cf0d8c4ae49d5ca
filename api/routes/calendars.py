"""Calendars that follow an advisor: the address has a secret in it, as calendars send no headers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from accounts.principal import Principal
from api.dependencies import FromServices, Now, Remember, Write, public, requires
from api.errors import problems
from api.exchange import exchange_of
from api.transactional import TransactionalRoute
from callbacks import feeds
from contacts import calendars
from contacts.arrivals import scene_for
from kit.errors import Forbidden
from kit.ids import decode
from kit.wire import Shown

router = APIRouter(prefix="/v1/advisors/{advisor_id}", tags=["Callbacks"], route_class=TransactionalRoute)

Own = Annotated[Principal, requires("advisor", "lead")]


class FeedOut(Shown):
    """`path` leads to the calendar and is told once; null when it is told again."""

    path: str | None


@router.post("/calendar-feed", status_code=201, summary="Make an address for one's calendar")
async def renew(principal: Own, advisor_id: str, session: Write, remember: Remember, now: Now) -> FeedOut:
    """One's own. An address that was made before leads nowhere from now on."""
    token = await feeds.renew(session, _own(principal, advisor_id), now)
    remember.instead = FeedOut(path=None).model_dump_json().encode()
    return FeedOut(path=f"/v1/advisors/{advisor_id}/calendars/{token}/callbacks.ics")


@router.delete("/calendar-feed", status_code=204, summary="Take the address of one's calendar back")
async def revoke(principal: Own, advisor_id: str, session: Write, now: Now) -> None:
    """One's own; where there is none nothing happens."""
    await feeds.revoke(session, _own(principal, advisor_id), now)


@router.get("/calendars/{token}/callbacks.ics", summary="Follow an advisor's calendar", responses=problems(404))
@public("calendars send no headers; the secret in the address is the credential, and its owner can take it back")
async def calendar(
    advisor_id: str,
    token: Annotated[str, Path(max_length=100)],
    session: Write,
    services: FromServices,
    now: Now,
) -> Response:
    """Promises, absences and shifts, in UTC, with the customers' numbers of the control center and no names."""
    identifier = decode("adv", advisor_id)
    await feeds.check(session, identifier, token)
    scene = await scene_for(session, exchange_of(services), now)
    content = await calendars.of_advisor(scene, identifier)
    return Response(
        content, media_type="text/calendar; charset=utf-8", headers={"cache-control": "private, no-store"}
    )


def _own(principal: Principal, advisor_id: str) -> UUID:
    identifier = decode("adv", advisor_id)
    if principal.advisor_id != identifier:
        raise Forbidden
    return identifier
