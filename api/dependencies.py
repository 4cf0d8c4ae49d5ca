"""What routes ask for in their signatures.

    async def promise(
        callback: Promise, session: Write, now: Now, new_id: NewId,
        principal: Annotated[Principal, requires("control_center", "supervisor")],
    ) -> Promised: ...

`requires(…)` lets in whoever has one of the grants; a route without it (and without `@public`) is refused when the
application is built. The route class has authenticated the caller, opened the transaction and read the body before
anything here is called, so these functions only hand over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar, cast

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from pydantic import AliasChoices, BaseModel, ValidationError
from starlette.requests import HTTPConnection, Request

from accounts.principal import Principal
from accounts.roles import checked
from api.bodies import StrictRequest
from api.services import Services
from kit.database import ReadSession, Session
from kit.ids import IdMaker
from kit.logs import logger
from kit.strict_json import step

SESSION = "durchwahl.session"
PRINCIPAL = "durchwahl.principal"
REMEMBERED = "durchwahl.remembered"
REQUEST_ID = "durchwahl.request_id"

STRANGE = "unknown fields"
MOST_STRANGE = 50
"""Unknown names of fields that are logged; whoever sends more is playing."""

Call = TypeVar("Call", bound=Callable[..., Any])
Given = TypeVar("Given")
Model = TypeVar("Model", bound=BaseModel)


@dataclass
class Remembered:
    """What is kept with the answer to an idempotency key.

    `subjects`: ids of people whom the body speaks of, so that an erasure finds it. `instead`: the body that is kept
    and repeated where the first answer holds a secret that is told only once.
    """

    subjects: list[str] = field(default_factory=list)
    instead: bytes | None = None


class HandOver(Generic[Given]):
    """A dependency that only takes something out of the connection, where the route has put it.

    Called by FastAPI like any other; where an endpoint asks for it directly the route hands it over itself, which
    saves 7 µs for each (see `api/handing.py`).
    """

    def __init__(self, take: Callable[[HTTPConnection], Given]) -> None:
        self.take = take

    async def __call__(self, connection: HTTPConnection) -> Given:
        return self.take(connection)


class Requires(HandOver[Principal]):
    """The grants of which a caller needs one; the route has seen to it."""

    def __init__(self, *grants: str) -> None:
        super().__init__(lambda connection: connection.scope[PRINCIPAL])
        self.grants = checked(grants)


class JsonOrForm(Generic[Model]):
    """A body that may be JSON or a form with the same names, as switches send them.

    Fields that nobody knows are ignored where the model says so, and each is logged once.
    """

    def __init__(self, model: type[Model]) -> None:
        self.model = model
        self._known = frozenset(_names(model))

    async def __call__(self, request: Request) -> Model:
        fields = await cast(StrictRequest, request).fields()
        if isinstance(fields, dict) and not self._known.issuperset(fields):
            self._note(fields, _services(request).extras.setdefault(STRANGE, set()))
        try:
            return self.model.model_validate(fields)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False, include_context=False)
            raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in errors]) from None

    def _note(self, fields: Mapping[str, object], noted: set[str]) -> None:
        """Names only, and of those that look like names; a switch says the same thing with every call."""
        for pointer in {step("", name) for name in fields.keys() - self._known} - noted:
            if len(noted) < MOST_STRANGE:
                noted.add(pointer)
                logger("api").info("unknown field", body=self.model.__name__, pointer=pointer)


def _names(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        alias = info.validation_alias
        yield from (str(one) for one in alias.choices) if isinstance(alias, AliasChoices) else (name,)


def requires(*grants: str) -> Any:
    """Let in whoever has one of these roles or scopes: `Annotated[Principal, requires("telephony")]`."""
    return Depends(Requires(*grants))


def json_or_form(model: type[BaseModel]) -> Any:
    """`Annotated[CallIn, json_or_form(CallIn)]`: the body, JSON or form."""
    return Depends(JsonOrForm(model))


def public(why: str) -> Callable[[Call], Call]:
    """Mark an endpoint as open to everybody, and say why it may be."""
    return _marking("__public__", why)


def uncounted(why: str) -> Callable[[Call], Call]:
    """Mark a public endpoint as one that strangers may ask as often as they like, and say why."""
    return _marking("__uncounted__", why)


def keyless(why: str) -> Callable[[Call], Call]:
    """Mark a POST as one that asks for no `Idempotency-Key`, and say what serves in its place."""
    return _marking("__keyless__", why)


def streamed(why: str) -> Callable[[Call], Call]:
    """Mark an endpoint that reads `request.stream()` itself, of any size and type."""
    return _marking("__streamed__", why)


def arrival(why: str) -> Callable[[Call], Call]:
    """Mark an endpoint as one that all dashboards ask at once after a break, and say why."""
    return _marking("__arrival__", why)


def lengthy(why: str) -> Callable[[Call], Call]:
    """Mark an endpoint as one that takes its turn with the reports, and say why."""
    return _marking("__lengthy__", why)


def _marking(name: str, why: str) -> Callable[[Call], Call]:
    def mark(endpoint: Call) -> Call:
        setattr(endpoint, name, why)
        return endpoint

    return mark


def _services(connection: HTTPConnection) -> Services:
    return cast(Services, connection.scope["app"].state.services)


def _session(connection: HTTPConnection) -> Session:
    return cast(Session, connection.scope[SESSION])


def _remembered(connection: HTTPConnection) -> Remembered:
    return cast(Remembered, connection.scope.setdefault(REMEMBERED, Remembered()))


writing = HandOver(_session)
reading = HandOver(_session)
reporting = HandOver(_session)

Write = Annotated[Session, Depends(writing)]
"""The request's transaction, committed before the answer is sent; needs `route_class=TransactionalRoute`."""

Read = Annotated[ReadSession, Depends(reading)]
"""A connection for reading; together with `Write`, the same transaction."""

Report = Annotated[ReadSession, Depends(reporting)]
"""A connection for reading whose statements may take as long as a report's; all of them see one instant."""

Now = Annotated[datetime, Depends(HandOver(lambda connection: _services(connection).clock.now()))]
NewId = Annotated[IdMaker, Depends(HandOver(lambda connection: _services(connection).new_id))]
FromServices = Annotated[Services, Depends(HandOver(_services))]
Remember = Annotated[Remembered, Depends(HandOver(_remembered))]
