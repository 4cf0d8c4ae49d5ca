"""Calls, as the switch sees them: a call asks for a way, its events follow, verbs come back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from accounts.principal import Principal
from api import news
from api.dependencies import FromServices, Now, Write, json_or_form, keyless, requires
from api.errors import problems
from api.exchange import exchange_of, gatherer_of
from api.rendering import Json
from api.services import Services
from api.transactional import TransactionalRoute
from callbacks import queries as callback_queries
from contacts import keeping, service
from contacts import queries as contact_queries
from contacts.answers import Answer
from kit.errors import NotFound, Unavailable
from kit.ids import decode, encode
from telephony import native, schemas
from telephony.schemas import CallId, CallIn, SignalIn
from telephony.verbs import Wait

router = APIRouter(prefix="/v1/telephony", tags=["Telephony"], route_class=TransactionalRoute)

Switch = Annotated[Principal, requires("telephony")]
Named = Annotated[CallId, Path(description="The switch's own id of the call.")]

LONGEST_POLL_S = 10.0
ALIVE_EVERY_S = 45
MOST_DIALS = 20

IDENTITY = "the switch's call id and the identity of its event serve in place of a key"
UNTOUCHED: dict[str, Any] = {"contact_id": None, "verbs": []}
FALLBACK = [{"verb": "redirect", "target": "fallback"}]


class TooLate(Unavailable):
    """No answer within the time that a switch has."""

    word, title = "too-late", "No answer in time; go on by the fallback table."


class UnknownCall(NotFound):
    """The event is kept for a minute, in case the call's own arrival is still under way."""

    word, title = "unknown-call", "This call hasn't been announced yet."


def shown(answer: Answer, call_id: str) -> dict[str, Any]:
    """The wire shape of an answer."""
    body: dict[str, Any] = {
        "contact_id": encode("con", answer.contact_id),
        "verbs": native.render(answer.verbs, call_id),
        "alive_every_s": ALIVE_EVERY_S,
    }
    if answer.absence is not None:
        returns_at = answer.absence.returns_at
        body["absence"] = {"words": answer.absence.words, "returns_at": returns_at}
    return body


@router.post("/calls", summary="A call comes in", response_model=schemas.CallOut, responses=problems(503))
@keyless(IDENTITY)
async def receive(_: Switch, call: Annotated[CallIn, json_or_form(CallIn)], services: FromServices) -> Response:
    """What to do now. A repeat with the same `call_id` gets the answer that holds at that moment; a call for help
    (110, 112 …) is left alone: no contact, no verbs."""
    if schemas.is_emergency(call, services.settings.phone_region):
        return Json(UNTOUCHED)
    arriving = schemas.inbound(call, services.settings.phone_region)
    with exchange_of(services).meters.routing():
        answer = await in_time(services, gatherer_of(services).receive(arriving))
    return Json(shown(answer, call.call_id))


async def in_time(services: Services, answering: Awaitable[Answer]) -> Answer:
    """The answer, or `TooLate`; what is decided all the same is freed by its deadline."""
    try:
        async with asyncio.timeout(services.settings.answer_within.total_seconds()):
            return await answering
    except TimeoutError:
        raise TooLate(retry_after_s=1, verbs=FALLBACK) from None


@router.post(
    "/calls/{call_id}/events", summary="An event of a call", response_model=schemas.CallOut, responses=problems(404)
)
@keyless(IDENTITY)
async def hear(
    _: Switch,
    call_id: Named,
    told: Annotated[SignalIn, json_or_form(SignalIn)],
    services: FromServices,
) -> Response:
    """The next verbs; an empty list: carry on. Repeats and any order are fine. A connected call says `alive` now
    and then (`alive_every_s`): one that is silent for 90 s is taken for lost."""
    signal = schemas.signal(told)
    exchange = exchange_of(services)

    async def work(session: Write) -> Answer | None:
        return await service.hear(session, exchange, call_id, signal, services.clock.now())

    answer = await in_time(services, _answered(services, work))
    return Json(shown(answer, call_id))


async def _answered(services: Services, work: Callable[[Any], Awaitable[Answer | None]]) -> Answer:
    answer = await services.database.run(work)
    if answer is None:
        raise UnknownCall
    return answer


@router.get(
    "/calls/{call_id}",
    summary="What a call should be doing",
    response_model=schemas.CallOut,
    responses=problems(404),
)
async def standing(_: Switch, call_id: Named, services: FromServices) -> Response:
    """The verbs that hold now. Asking counts as a sign of life."""
    return Json(shown(await _standing(services, call_id), call_id))


@router.get(
    "/calls/{call_id}/wait",
    summary="Wait for what comes next",
    response_model=schemas.CallOut,
    responses=problems(404),
)
async def wait(
    _: Switch,
    call_id: Named,
    services: FromServices,
    for_s: Annotated[float, Query(ge=0, le=LONGEST_POLL_S)] = LONGEST_POLL_S,
) -> Response:
    """Answers as soon as the call has something else to do than to wait, at the latest after `for_s` seconds."""
    answer = await _standing(services, call_id)
    if not _waits(answer):
        return Json(shown(answer, call_id))
    with news.of(services, encode("con", answer.contact_id), for_s) as coming:
        while not await _changed(services, call_id) and await coming.may_come():
            pass
    return Json(shown(await _standing(services, call_id), call_id))


def _waits(answer: Answer) -> bool:
    return any(isinstance(verb, Wait) for verb in answer.verbs)


async def _changed(services: Services, call_id: str) -> bool:
    async with services.database.reading() as session:
        return await contact_queries.state_of_call(session, call_id) != "waiting"


async def _standing(services: Services, call_id: str) -> Answer:
    exchange = exchange_of(services)

    async def work(session: Write) -> Answer | None:
        return await service.standing(session, exchange, call_id, services.clock.now())

    return await _answered(services, work)


@router.post("/dials/claim", summary="Take the dials that are due", response_model=schemas.DialsOut)
@keyless("each dial is handed out once, and its token is dialled once")
async def claim(
    _: Switch,
    services: FromServices,
    for_s: Annotated[float, Query(ge=0, le=LONGEST_POLL_S)] = 0,
) -> Response:
    """Callbacks to dial: ring the advisor first, then the customer. Answers at once where there are any, else as
    soon as one falls due, at the latest after `for_s` seconds. A dial is handed out once: report on it under its
    token, `alive` included."""
    with news.of(services, "callback.offered", for_s) as coming:
        dials = await _dials(services)
        while not dials and await coming.may_come():
            dials = await _dials(services)
    return Json({"dials": dials})


async def _dials(services: Services) -> list[dict[str, Any]]:
    exchange = exchange_of(services)
    async with services.database.transaction() as session:
        now = services.clock.now()
        attempts = await callback_queries.hand_out(session, now, MOST_DIALS)
        for attempt in attempts:
            callback = encode("cb", attempt["callback_id"])
            session.audit("dial.handed_out", now, encode("att", attempt["token"]), callback=callback)
        directory = await exchange.directory.current(session) if attempts else None
    if directory is None:
        return []
    return [_dial(attempt, directory.advisors[attempt["advisor_id"]].target) for attempt in attempts]


def _dial(attempt: dict[str, Any], advisor: Any) -> dict[str, Any]:
    token = encode("att", attempt["token"])
    return {
        "token": token,
        "callback_id": encode("cb", attempt["callback_id"]),
        "advisor": {"type": "sip", "uri": advisor.uri, "endpoint": advisor.endpoint},
        "customer": {"type": "tel", "number": attempt["number"]},
        "event_url": f"/v1/telephony/dials/{token}/events",
    }


@router.post(
    "/dials/{token}/events", summary="An event of a dial", response_model=schemas.VerbsOut, responses=problems(404)
)
@keyless("a dial's state decides what an event still means")
async def hear_dial(
    _: Switch,
    token: str,
    told: Annotated[SignalIn, json_or_form(SignalIn)],
    services: FromServices,
) -> Response:
    """`leg` is `advisor` or `customer`. A repeat, or news of a dial that is over, changes nothing."""
    signal = schemas.signal(told)
    exchange = exchange_of(services)
    attempt = decode("att", token)

    async def work(session: Write) -> None:
        await keeping.hear(session, exchange, attempt, signal, services.clock.now())

    await services.database.run(work)
    return Json({"verbs": []})


@router.post(
    "/registrations",
    summary="An advisor's phone is there",
    status_code=204,
    response_class=Response,
    responses=problems(404),
)
@keyless("a registration only prolongs a lease")
async def register(_: Switch, phone: schemas.RegistrationIn, session: Write, now: Now) -> Response:
    """Keeps the advisor of that phone from being taken for gone, for `expires_s` seconds."""
    await service.register(session, phone.endpoint, phone.uri, phone.expires_s, now)
    return Response(status_code=204)
