"""How things look on the wire: the base of commands and answers, and small types that many of them use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from kit.strictness import Strict

_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_BREAK = re.compile(r"[\t\n\r\u2028\u2029]")


CODES = {
    "extra_forbidden": "unknown_field",
    "json_invalid": "malformed",
    "model_attributes_type": "not_an_object",
    "model_type": "not_an_object",
    "dict_type": "not_an_object",
    "timezone_aware": "no_time_zone",
    "value_error": "invalid",
    "assertion_error": "invalid",
}
"""Codes of ours for some of pydantic's words; the others are stable and clear (`missing`, `string_too_long`)."""


class Command(Strict):
    """What somebody asks for: an unknown member is refused, so that a misspelt wish is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Shown(BaseModel):
    """What we answer. `moving` are members that change without anybody's editing, as pydantic's `exclude` names
    them: an advisor's load makes nobody's edit of the advisor stale."""

    model_config = ConfigDict(frozen=True)

    moving: ClassVar[Mapping[str, Any]] = {}


def _one_line(text: str) -> str:
    if _LINE_BREAK.search(text):
        raise PydanticCustomError("one_line", "one line only")
    return _in_its_direction(text)


def _in_its_direction(text: str) -> str:
    """Characters that turn the direction of what follows let a text show something else than it is. Marks and
    joiners, which languages need, are none of them."""
    if _BIDI.search(text):
        raise PydanticCustomError("bidi_control", "no characters that turn the direction of a text")
    return text


Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
"""One line of text, such as a name."""

Straight = AfterValidator(_in_its_direction)
"""For texts of several lines that people read."""


def _in_utc(moment: datetime) -> datetime:
    """Nobody means a day outside of these years, and at the edges of time calendars overflow."""
    if not 1970 <= moment.year <= 2200:
        raise PydanticCustomError("out_of_range", "not within the years 1970 to 2200")
    return moment.astimezone(UTC)


_NUMBER = re.compile(r"\s*[+-]?[0-9.]+\s*", re.ASCII)


def _no_number(written: object) -> object:
    """Seconds since 1970, which a parser would take: `20261124` is somebody's date."""
    if isinstance(written, int | float) or (isinstance(written, str) and _NUMBER.fullmatch(written)):
        raise PydanticCustomError("datetime_type", "an instant as ISO 8601 writes it")
    return written


Moment = Annotated[AwareDatetime, BeforeValidator(_no_number), AfterValidator(_in_utc)]
"""An instant with an offset, in UTC inside; one without a zone is refused."""


def _in_range(moment: datetime) -> datetime:
    _in_utc(moment.replace(tzinfo=UTC))
    return moment


WrittenTime = Annotated[datetime, BeforeValidator(_no_number), AfterValidator(_in_range)]
"""A time as somebody wrote it, with its own offset or without any, for refusals that name the next possible one."""
