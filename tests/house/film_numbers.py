"""Telephone numbers in the repository's texts: only those that nobody can be called on.

The German regulator keeps a few ranges free for films. Whatever looks like a German number and lies outside of
them may be somebody's, so it is found here. Three forms are looked for:

- international, `+49 …` or `0049 …`, as people write it: every such literal with six digits or more;
- national, an area code with its 0 in front: only where the numbering plan knows such a number;
- international without a plus, as some switches send it: only where the numbering plan knows such a number.

Neighbouring letters, digits, dots, colons and hyphens tell a telephone number from hashes, ids, dates and versions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import phonenumbers

FILM_RANGES = ("3023125", "6990009", "4066969", "2214710", "8999998")
"""Berlin, Frankfurt, Hamburg, Köln, München: each followed by three digits."""

FILM_MOBILE = "15228817386"

FEWEST_DIGITS = 6
"""Below that it is an area code or the beginning of a sentence about numbers."""

SEPARATED = r"(?:[ \u00a0\u202f\-/().]{0,3}\d)"
WRITTEN_AT_ONCE = r"\d{10,}"
"""Such a number ends where its digits end, whatever number comes after a space."""

STARTS = r"(?<![\w.+\-])(?<!\d:)"
ENDS = r"(?!\w|[-.:]\d)"


@dataclass(frozen=True)
class Found:
    """A literal with its offset in the text and its national significant digits."""

    offset: int
    literal: str
    national: str


def foreign_numbers(text: str) -> Iterator[Found]:
    """German-looking numbers outside of the film ranges, in no particular order."""
    for pattern, concerns in FORMS:
        for match in pattern.finditer(text):
            found = Found(match.start(), match.group(), significant(match["rest"]))
            if concerns(found.national) and not is_film(found.national):
                yield found


def significant(rest: str) -> str:
    """The digits after the country code, without the 0 that people leave in front of the area code."""
    return re.sub(r"\D", "", rest).removeprefix("0")


def is_film(national: str) -> bool:
    """Within a film range, or the beginning of one that code completes."""
    if FILM_MOBILE.startswith(national):
        return True
    return any(
        prefix.startswith(national) or (national.startswith(prefix) and len(national) <= len(prefix) + 3)
        for prefix in FILM_RANGES
    )


def is_long_enough(national: str) -> bool:
    return len(national) >= FEWEST_DIGITS


def is_in_the_plan(national: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(f"+49{national}"))


FORMS: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(rf"(?:\+|(?<!\w)00)49(?P<rest>{WRITTEN_AT_ONCE}|{SEPARATED}+)"), is_long_enough),
    (
        re.compile(
            rf"{STARTS}\(?0\)?(?P<rest>[ ]?[1-9]\d{{1,4}}\)?[ /\-\u00a0]{{0,3}}\d(?:[ /\-]?\d){{4,9}}){ENDS}"
        ),
        is_in_the_plan,
    ),
    (re.compile(rf"{STARTS}49(?P<rest>[1-9]\d{{8,11}}){ENDS}"), is_in_the_plan),
)
