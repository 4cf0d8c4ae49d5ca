"""Routes that do nothing of use, for looking at the doors themselves."""

from __future__ import annotations

import asyncio
from typing import Annotated

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from accounts.principal import Principal
from api.dependencies import FromServices, Read, Remember, Write, json_or_form, keyless, requires, streamed
from api.errors import problems
from api.services import Services
from api.transactional import TransactionalRoute
from kit.database import ReadSession, Session
from kit.errors import Conflict
from kit.wire import Command, Line, Moment, Shown

TABLE = """
CREATE TABLE toys (name text NOT NULL CHECK (name <> 'checked'), id bigint GENERATED ALWAYS AS IDENTITY);
CREATE UNIQUE INDEX ON toys (name) WHERE name = 'unique';
CREATE FUNCTION refuse_toy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.name = 'fails at commit' THEN RAISE 'too late' USING ERRCODE = 'XX000'; END IF; RETURN NEW;
END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON toys DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_toy();
GRANT SELECT, INSERT, UPDATE, DELETE ON toys TO durchwahl_app;
"""

router = APIRouter(prefix="/v1/toys", route_class=TransactionalRoute)

Caller = Annotated[Principal, requires("control_center")]


class Wish(Command):
    name: Line
    text: str = ""
    weight: float = 0.0
    at: Moment | None = None
    deep: object = None


class Call(BaseModel):
    """May come as a form, where all is text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    call_id: Line
    digits: int = Field(0, ge=0)


class Done(Shown):
    name: str
    ordinal: int = 0


class Refused(Conflict):
    word, title = "refused", "Not like that."


class Broken(Exception):
    pass


class Gate:
    """Where a slow request says that it has come, and waits until a test lets it go on."""

    def __init__(self) -> None:
        self.come, self.open = asyncio.Event(), asyncio.Event()


def gate(services: Services) -> Gate:
    found: Gate = services.extras.setdefault("gate", Gate())
    return found


async def put(session: Session, name: str) -> None:
    await session.execute("INSERT INTO toys (name) VALUES ($1)", name)


async def how_many(session: ReadSession) -> int:
    return int(await session.fetch_value("SELECT count(*) FROM toys"))


@router.post("", status_code=201)
async def make(_: Caller, wish: Wish, session: Write, remember: Remember) -> Done:
    await put(session, wish.name)
    remember.subjects.append("cus_of_the_toy")
    return Done(name=wish.name, ordinal=await how_many(session))


@router.post("/slow")
async def slow(_: Caller, wish: Wish, session: Write, services: FromServices) -> Done:
    await put(session, wish.name)
    gate(services).come.set()
    await gate(services).open.wait()
    return Done(name=wish.name)


@router.post("/refused", responses=problems(409))
async def refused(_: Caller, wish: Wish, session: Write) -> Done:
    await put(session, wish.name)
    raise Refused


@router.post("/broken")
async def broken(_: Caller, wish: Wish, session: Write) -> Done:
    await put(session, wish.name)
    raise Broken(f"a name that must not be told: {wish.name}")


@router.post("/answers-503")
async def answers_503(_: Caller, wish: Wish, session: Write) -> Response:
    await put(session, wish.name)
    return Response(status_code=503)


@router.post("/deadlocked")
async def deadlocked(_: Caller, wish: Wish, session: Write, services: FromServices) -> Done:
    """Falls victim to a deadlock twice."""
    await put(session, wish.name)
    attempts: list[str] = services.extras.setdefault("attempts", [])
    attempts.append(wish.name)
    if len(attempts) < 3:
        raise asyncpg.DeadlockDetectedError("deadlock detected")
    return Done(name=wish.name, ordinal=await how_many(session))


@router.post("/calls")
async def call(
    _: Annotated[Principal, requires("telephony")],
    called: Annotated[Call, json_or_form(Call)],
    session: Write,
) -> Call:
    await put(session, called.call_id)
    return called


@router.post("/stream")
@streamed("lines are read as they come")
@keyless("each line carries its own reference")
async def stream(request: Request, _: Caller) -> int:
    return sum([len(chunk) async for chunk in request.stream()])


@router.get("/{name}", responses=problems(404))
async def shown(name: str, _: Annotated[Principal, requires("control_center", "advisor")], session: Read) -> Done:
    return Done(name=name, ordinal=await how_many(session))
