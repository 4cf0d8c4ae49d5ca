"""The fields that commands are made of: tags, references, languages, zones, weeks, addresses.

What is wrong with one is said as a code; what was sent is never repeated.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from kit.local_time import UnknownZone, zone
from kit.week import WEEKDAYS, BadWeek, Week

Tag: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""A skill, product or tier."""

Ref: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
"""What another system calls a person, without saying who it is."""

MarketId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_-]{1,15}$")]

Country: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1."""


def _with_a_numbering_plan(region: str) -> str:
    if region not in SUPPORTED_REGIONS:
        raise PydanticCustomError("unknown_region", "no numbering plan is known of that country")
    return region


PhoneRegion: TypeAlias = Annotated[Country, AfterValidator(_with_a_numbering_plan)]
"""A country whose way of writing telephone numbers is known."""

Subdivision: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{1,3}$")]
"""ISO 3166-2 without the country: `BE`."""

Email: TypeAlias = Annotated[str, StringConstraints(max_length=254, pattern=r"^[!-?A-~]{1,64}@[!-?A-~]{1,189}$")]

Written: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=64)]
"""A phone number as somebody wrote it; it is read where the region is known."""

Url: TypeAlias = Annotated[str, StringConstraints(max_length=2000, pattern=r"^(https?://|/)[!-~]+$")]

SipUri: TypeAlias = Annotated[str, StringConstraints(max_length=200, pattern=r"^sips?:[!-~]+$")]

SipEndpoint: TypeAlias = Annotated[str, StringConstraints(max_length=200, pattern=r"^[!-~]+$")]
"""How a switch calls the phone: `PJSIP/anna`."""

Code: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}_[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
"""An id of ours as the outside sees it: `adv_01J…`."""


def _primary(tag: str) -> str:
    return tag.split("-")[0].lower()


Language: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$"), AfterValidator(_primary)
]
"""A BCP 47 tag, of which the primary part is kept: `de` of `de-DE`."""


MACHINES_OWN = frozenset({"Factory", "localtime", "posixrules"})
"""Names in the zone database that mean whatever the machine is set to."""


def _known_zone(name: str) -> str:
    if name in MACHINES_OWN:
        raise PydanticCustomError("unknown_zone", "not an IANA time zone")
    try:
        zone(name)
    except UnknownZone:
        raise PydanticCustomError("unknown_zone", "not an IANA time zone") from None
    return name


ZoneName: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}$"), AfterValidator(_known_zone)
]


def _readable_week(written: dict[str, list[list[str]]]) -> dict[str, list[list[str]]]:
    try:
        Week.parse(written)
    except BadWeek as bad:
        raise PydanticCustomError(bad.errors[0].code, "not a week of hours") from None
    return written


WeekHours: TypeAlias = Annotated[dict[str, list[list[str]]], AfterValidator(_readable_week)]
"""`{"mon": [["08:00", "17:00"]]}`, as in `kit.week`."""


def week_of(mask: int) -> dict[str, list[list[str]]]:
    """A mask of hours of the week, written as a week."""
    days = {day: _spans(mask >> number * 24 & 0xFFFFFF) for number, day in enumerate(WEEKDAYS)}
    return {
        day: [[f"{since:02}:00", f"{until:02}:00"] for since, until in spans]
        for day, spans in days.items()
        if spans
    }


def _spans(hours: int) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for hour in range(24):
        if hours >> hour & 1:
            begins = spans.pop()[0] if spans and spans[-1][1] == hour else hour
            spans.append((begins, hour + 1))
    return spans
