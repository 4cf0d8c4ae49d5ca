"""What the switch sends, natively: JSON, or a form with the same names. Odd input is refused here only."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasChoices, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from kit import phone_numbers
from kit.errors import Error, NotFound, Unprocessable
from kit.ids import decode
from telephony.inbound import InboundCall, Leg, Signal, SignalType

CallId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
"""The switch's own id of a call: visible ASCII."""
Address = Annotated[str, StringConstraints(max_length=255)]
LONGEST_CAUSE = 64
Cause = Annotated[str, StringConstraints(max_length=LONGEST_CAUSE)]


def _if_readable(caller: object) -> object:
    """A call is never refused for where it comes from."""
    return caller if isinstance(caller, str) and len(caller) <= 255 else None


def _shortened(cause: object) -> object:
    """Some switches tell whole stories; an event is not lost for one."""
    return cause[:LONGEST_CAUSE] if isinstance(cause, str) else cause


def _if_object(headers: object) -> object:
    """A form can't say an object."""
    return headers if isinstance(headers, dict) else {}


class BadCall(Unprocessable):
    word, title = "bad-call", "The switch said something of a call that can't be meant."


class CallIn(BaseModel):
    """A call asks for a way."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    call_id: CallId
    caller: Annotated[Address | None, BeforeValidator(_if_readable)] = Field(
        None,
        validation_alias=AliasChoices("from", "caller"),
        serialization_alias="from",
        description="The caller's number; empty, `anonymous` or alphanumeric: an unknown caller.",
    )
    dialled: Address = Field(
        validation_alias=AliasChoices("to", "dialled"),
        serialization_alias="to",
        description="The number dialled, E.164 or as people write it in the deployment's country.",
    )
    headers: Annotated[dict[str, Any], BeforeValidator(_if_object)] = Field(
        default_factory=dict, description="Anything else the switch knows; not kept."
    )


class SignalIn(BaseModel):
    """An event of a call. Without `event_id` its identity is (call, leg, type, ordinal)."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    type: SignalType
    event_id: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")] | None = None
    leg: Literal["caller", "advisor", "customer"] | None = None
    offer_id: Address | None = None
    token: Address | None = None
    digits: Annotated[str, StringConstraints(pattern=r"^[0-9*#A-D]{0,64}$")] | None = None
    cause: Annotated[Cause | None, BeforeValidator(_shortened)] = None
    at: AwareDatetime | None = None
    ordinal: Annotated[int, Field(ge=1, le=1000)] | None = None


class RegistrationIn(BaseModel):
    """A phone that has registered, by the switch's name for it or by its SIP URI."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    endpoint: Address | None = None
    uri: Address | None = None
    expires_s: Annotated[int, Field(ge=1, le=3600)] = 60


def is_emergency(call: CallIn, region: str) -> bool:
    """A call for help: never touched."""
    return phone_numbers.is_emergency(call.dialled, region)


def inbound(call: CallIn, region: str) -> InboundCall:
    """Numbers normalised once. Raises `BadCall` for a dialled number that can't be one."""
    return InboundCall(call.call_id, phone_numbers.caller(call.caller, region), _dialled(call.dialled, region))


def _dialled(written: str, region: str) -> str | None:
    number = written.strip()
    for beginning in ("sip:", "sips:", "tel:"):
        number = number.removeprefix(beginning)
    number = number.split("@", 1)[0].split(";", 1)[0]
    try:
        return phone_numbers.normalise(number, region)
    except Unprocessable:
        raise BadCall(Error("/to", "not_a_number")) from None


def signal(told: SignalIn) -> Signal:
    """The event with its identity. Ids that cannot be ours are taken for unknown ones."""
    leg = _leg(told)
    identity = told.event_id or f"{leg}:{told.type}:{told.ordinal or 1}"
    return Signal(
        identity=identity,
        type=told.type,
        leg=leg,
        offer_id=_id("off", told.offer_id, "/offer_id"),
        token=_id("att", told.token, "/token"),
        digits=told.digits,
        cause=told.cause,
        at=told.at,
        ordinal=told.ordinal,
    )


def _leg(told: SignalIn) -> Leg:
    if told.leg is not None:
        return "advisor" if told.leg == "advisor" else "caller"
    if told.type in ("digits", "hangup", "alive"):
        return "caller"
    return "advisor"


def _id(prefix: str, text: str | None, pointer: str) -> UUID | None:
    if not text:
        return None
    try:
        return decode(prefix, text)
    except NotFound:
        raise BadCall(Error(pointer, "unknown")) from None


class TargetOut(BaseModel):
    type: Literal["sip"]
    uri: str | None
    endpoint: str | None


class VerbOut(BaseModel):
    """One thing to do; which members are there depends on `verb`."""

    verb: Literal["say", "gather", "dial", "wait", "redirect", "hangup"]
    event_url: str | None = None
    language: str | None = None
    text: str | None = None
    digits: int | None = None
    timeout_s: int | None = None
    choices: dict[str, str] | None = None
    expected_wait_s: dict[str, int | None] | list[int] | None = None
    finish_on: str | None = None
    targets: list[TargetOut] | None = None
    offer_id: str | None = None
    token: str | None = None
    answer_on_bridge: bool | None = None
    position: int | None = None
    poll_after_s: int | None = None
    wait_url: str | None = None
    target: str | None = None
    cause: str | None = None


class AbsenceOut(BaseModel):
    """Why the own advisor doesn't answer, as it may be told."""

    words: str
    returns_at: AwareDatetime | None


class CallOut(BaseModel):
    """What to do now, in order; an empty list: carry on."""

    contact_id: str | None
    verbs: list[VerbOut]
    absence: AbsenceOut | None = None
    alive_every_s: int | None = None


class PhoneOut(BaseModel):
    type: Literal["sip", "tel"]
    uri: str | None = None
    endpoint: str | None = None
    number: str | None = None


class DialOut(BaseModel):
    """A callback to dial: first the advisor, then the customer."""

    token: str
    callback_id: str
    advisor: PhoneOut
    customer: PhoneOut
    event_url: str


class DialsOut(BaseModel):
    dials: list[DialOut]


class VerbsOut(BaseModel):
    verbs: list[VerbOut]
