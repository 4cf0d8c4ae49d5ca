"""How things look on the wire: the base of commands and answers, and small types that many of them use."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

_LINE_BREAK = re.compile(r"[\t\n\r\u2028\u2029]")


class Command(BaseModel):
    """What somebody asks for: an unknown member is refused, so that a misspelt wish is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Shown(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True)


def _one_line(text: str) -> str:
    if _LINE_BREAK.search(text):
        raise PydanticCustomError("one_line", "one line only")
    return text


Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
"""One line of text, such as a name."""


def _in_utc(moment: datetime) -> datetime:
    """Nobody means a day outside of these years, and at the edges of time calendars overflow."""
    if not 1970 <= moment.year <= 2200:
        raise PydanticCustomError("out_of_range", "not within the years 1970 to 2200")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An instant with an offset, in UTC inside; one without a zone is refused."""
