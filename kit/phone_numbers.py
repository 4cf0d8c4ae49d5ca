"""Phone numbers: as people write them, as switches send them, as we keep them (E.164), as people read them.

`normalise` is strict and raises; `caller` is lenient and answers None, because a call is never refused for the
number it comes from; `check_allowed_target` guards what we would dial or put into a pool. Regions are ISO 3166-1
codes.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import phonenumbers
from phonenumbers import (
    CountryCodeSource,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    length_of_geographical_area_code,
    national_significant_number,
    number_type,
    region_code_for_number,
)

from kit.errors import Error, Unprocessable

# digits, what people put between them, and the spaces and dashes that word processors make of those
_WRITTEN = re.compile(r"\+?[0-9()/.\- \u00a0\u202f\u2010\u2011\u2013]+", re.ASCII)
_E164 = re.compile(r"\+[1-9][0-9]{4,14}", re.ASCII)
LONGEST = 40
"""Characters; nobody writes a number longer than this."""

_DIALLABLE = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.TOLL_FREE,
    }
)
"""All else costs somebody dearly or reaches nobody: premium, shared cost, personal, pager, UAN, voicemail, none."""

_EVERYWHERE = frozenset({"112", "911"})
"""Emergency numbers that a mobile network anywhere takes (3GPP TS 22.101)."""

_ALSO_RESCUE = {"DE": frozenset({"19222"})}
"""Dialled behind an area code: ambulance control rooms. phonenumbers takes them for ordinary numbers."""


class NumberUnreadable(Unprocessable):
    word, title = "number-unreadable", "That can't be read as a phone number."

    def __init__(self, pointer: str = "/number") -> None:
        super().__init__(Error(pointer, "number_unreadable"))


class NumberNotAllowed(Unprocessable):
    """Impossible, or one that is never dialled: premium, shared-cost, emergency, short and the like."""

    word, title = "number-not-allowed", "That number can't be called."

    def __init__(self, pointer: str = "/number") -> None:
        super().__init__(Error(pointer, "number_not_allowed"))


def normalise(text: str, region: str, pointer: str = "/number") -> str:
    """E.164 of a number as people write it in `region`: `030/23125-017`, `0049 …`, `+49 (0)30 …`.

    Raises `NumberUnreadable` (letters, control characters, digits of other scripts) or `NumberNotAllowed` (no such
    number can exist, emergency and short numbers).
    """
    written = text.replace("\u202f", " ").strip(" ")  # which phonenumbers does not know
    if len(written) > LONGEST or not _WRITTEN.fullmatch(written) or not any(map(str.isdigit, written)):
        raise NumberUnreadable(pointer)
    number = _parsed(written, region)
    if number is None or not _whole(number) or _lacks_area_code(number, region) or is_emergency(written, region):
        raise NumberNotAllowed(pointer)
    return format_number(number, PhoneNumberFormat.E164)


def caller(text: str | None, region: str) -> str | None:
    """E.164 of a caller, or None: withheld, alphanumeric, a SIP name, an internal short number. Never an error."""
    if text is None:
        return None
    try:
        return normalise(text.removeprefix("tel:"), region)
    except Unprocessable:
        return None


def check_allowed_target(e164: str, pointer: str = "/number") -> None:
    """Raise `NumberNotAllowed` unless the number may be dialled or be in a pool."""
    number = _parsed(e164, None) if _E164.fullmatch(e164) else None
    if number is None or not _whole(number):
        raise NumberNotAllowed(pointer)
    region = region_code_for_number(number)
    # "001" stands for numbers of no country: satellites, networks at sea and in the air, international premium
    if region in {None, "001"} or number_type(number) not in _DIALLABLE or _reaches_rescue(number, str(region)):
        raise NumberNotAllowed(pointer)


def check_may_be_dialled(e164: str, countries: Collection[str], pointer: str = "/number") -> None:
    """Raise `NumberNotAllowed` unless it is somebody's own phone in one of the countries.

    Beyond `check_allowed_target`: nobody lives behind a toll-free number, and a call to one pays whoever owns it;
    within North America some exchanges cost as much as premium numbers though their type does not say so.
    """
    check_allowed_target(e164, pointer)
    number = _parsed(e164, None)
    assert number is not None  # just read
    free = number_type(number) == PhoneNumberType.TOLL_FREE
    if free or region_code_for_number(number) not in countries or _is_dear_exchange(number):
        raise NumberNotAllowed(pointer)


def _is_dear_exchange(number: PhoneNumber) -> bool:
    """North America: 976 and 540 behind any area code are pay-per-call, 555 is information and fiction."""
    return number.country_code == 1 and national_significant_number(number)[3:6] in {"976", "540", "555"}


def region_of(e164: str | None) -> str | None:
    """The country of a number (ISO 3166-1), None where it has none."""
    number = _parsed(e164, None) if e164 is not None and _E164.fullmatch(e164) else None
    return None if number is None else region_code_for_number(number)


def is_emergency(text: str, region: str) -> bool:
    """Whether dialling this in `region` calls for help (110, 112 and their like). Never handled, never dialled."""
    digits = re.sub(r"[()/.\- ]", "", text).removeprefix(f"+{phonenumbers.country_code_for_region(region)}")
    return digits in _EVERYWHERE or phonenumbers.is_emergency_number(digits, region)


def display(e164: str, region: str, trunk: str | None = None) -> str:
    """The number as people in `region` write it: national at home, else international.

    `trunk` is the E.164 beginning that a pool's numbers share; the direct dial stands behind a hyphen
    (DIN 5008): `display("+493023125017", "DE", trunk="+493023125")` is `030 23125-017`.
    """
    number = _parsed(e164, None)
    if number is None:
        return e164
    home = region_code_for_number(number) == region
    shown = format_number(number, PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL)
    if trunk is None or not e164.startswith(trunk) or e164 == trunk:
        return shown
    return _hyphenated(shown, len(e164) - len(trunk))


def _hyphenated(shown: str, digits: int) -> str:
    """A hyphen before the last `digits` digits, in place of whatever stands between them."""
    tail = re.sub(r"[^0-9]", "", shown)[-digits:]
    head = shown
    for _ in range(digits):
        head = head.rstrip(" -/")[:-1]
    return f"{head.rstrip(' -/')}-{tail}"


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region, keep_raw_input=True)
    except NumberParseException:
        return None


def _whole(number: PhoneNumber) -> bool:
    """Possible, and not only within an area code; carries no extension."""
    return is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE and not number.extension


def _lacks_area_code(number: PhoneNumber, region: str) -> bool:
    """Written without the 0 that a national number begins with there: an extension, or a number within a town."""
    national = number.country_code_source == CountryCodeSource.FROM_DEFAULT_COUNTRY
    prefix = phonenumbers.ndd_prefix_for_region(region, True)
    return national and prefix == "0" and not re.sub(r"[^0-9]", "", str(number.raw_input)).startswith(prefix)


def _reaches_rescue(number: PhoneNumber, region: str) -> bool:
    """An emergency number behind an area code, such as the area code of Berlin and 110."""
    area = length_of_geographical_area_code(number)
    subscriber = national_significant_number(number)[area:]
    return area > 0 and (is_emergency(subscriber, region) or subscriber in _ALSO_RESCUE.get(region, ()))
