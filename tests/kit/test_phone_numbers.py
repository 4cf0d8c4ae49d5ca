from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.phone_numbers import (
    NumberNotAllowed,
    NumberUnreadable,
    caller,
    check_allowed_target,
    check_may_be_dialled,
    display,
    is_emergency,
    normalise,
    region_of,
)

FILM = "+493023125017"
GERMANY = "+49"
"""What must be refused is put together here: only numbers kept free for films stand in the repository."""

FILM_RANGES = {
    "Berlin": ("+493023125", 3),
    "Frankfurt": ("+496990009", 3),
    "Hamburg": ("+494066969", 3),
    "Köln": ("+492214710", 3),
    "München": ("+498999998", 3),
}


# As people write them


@pytest.mark.parametrize(
    "written",
    [
        "+49 30 23125-017",
        "+49 (0)30 23125-017",
        "0049 30 23125017",
        "0049 (0)30/23125017",
        "030 23125-017",
        "(030) 23125 017",
        "030/23125017",
        "0 30 / 23 12 50 17",
        "+49.30.23125017",
        "493023125017",
        "  030 23125017  ",
        "030\u00a023125\u2013017",
    ],
)
def test_a_number_is_read_however_people_write_it(written: str) -> None:
    assert normalise(written, "DE") == FILM


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "+",
        "()",
        "++493023125017",
        "030 23125017\n",
        "030\t23125017",
        "030 23125017\0",
        "030 23125017 ext 5",
        "030 23125017;ext=5",
        "tel:030 23125017",
        "٠٣٠ ٢٣١٢٥٠١٧",
        "０３０２３１２５０１７",
        "030²23125017",
        "\ud800",
        "1" * 500,
    ],
)
def test_what_is_not_written_in_digits_is_unreadable(written: str) -> None:
    with pytest.raises(NumberUnreadable) as refusal:
        normalise(written, "DE", "/callback/number")

    assert refusal.value.status == 422
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [
        ("/callback/number", "number_unreadable")
    ]


@pytest.mark.parametrize(
    "written",
    ["110", "112", "1 1 2", "115", "4711", "23125017", "030", "+1", "+999 123456", "0" * 30, GERMANY + "110"],
)
def test_a_number_that_reaches_nobody_or_the_wrong_ones_is_not_allowed(written: str) -> None:
    with pytest.raises(NumberNotAllowed) as refusal:
        normalise(written, "DE")

    assert (refusal.value.status, refusal.value.word) == (422, "number-not-allowed")
    assert [error.code for error in refusal.value.errors] == ["number_not_allowed"]


@given(st.text("0123456789+()/.- ", max_size=30))
def test_any_digits_are_a_number_or_refused(written: str) -> None:
    try:
        number = normalise(written, "DE")
    except (NumberUnreadable, NumberNotAllowed):
        return

    assert normalise(number, "DE") == number


def test_a_refusal_never_repeats_the_number() -> None:
    with pytest.raises(NumberNotAllowed) as refusal:
        check_allowed_target(of(49, 900, 7654321))

    assert "7654321" not in f"{refusal.value} {refusal.value.errors} {refusal.value.facts} {refusal.value.detail}"


# As switches send them


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        "anonymous",
        "Restricted",
        "unavailable",
        "ANNA-SHOP",
        "sip:anna@desk.example",
        "anna@desk.example",
        "11",
        "4711",
        "117",
        "+",
        "0",
        "\ud800",
        "\0",
        "9" * 300,
    ],
)
def test_a_caller_without_a_number_is_unknown_and_no_error(sent: str | None) -> None:
    assert caller(sent, "DE") is None


@pytest.mark.parametrize("sent", [FILM, "tel:" + FILM, FILM.removeprefix("+"), "030 23125017", "00" + FILM[1:]])
def test_a_caller_with_a_number_is_that_number(sent: str) -> None:
    assert caller(sent, "DE") == FILM


@given(st.text(max_size=60))
def test_no_caller_breaks_anything(sent: str) -> None:
    found = caller(sent, "DE")

    assert found is None or found.startswith("+")


# Whom we dial


@pytest.mark.parametrize("city", FILM_RANGES)
def test_the_numbers_kept_free_for_films_are_allowed(city: str) -> None:
    trunk, digits = FILM_RANGES[city]

    for last in (0, 17, 500, 10**digits - 1):
        check_allowed_target(f"{trunk}{last:0{digits}}")


def test_the_mobile_number_kept_free_for_films_is_allowed() -> None:
    check_allowed_target("+4915228817386")


def of(country: int, *parts: object) -> str:
    return f"+{country}" + "".join(str(part) for part in parts)


REFUSED = {
    "premium in Germany": of(49, 900, 1234567),
    "mass calling in Germany": of(49, 137, 7123456),
    "shared cost in Germany": of(49, 180, 5123456),
    "personal in Germany": of(49, 700, 12345678),
    "pager in Germany": of(49, 169, 1234567),
    "directory enquiries in Germany": of(49, 11833),
    "an authority's short number": of(49, 115),
    "emergency": of(49, 110),
    "European emergency": of(49, 112),
    "emergency behind an area code": of(49, 30, 110),
    "European emergency behind an area code": of(49, 89, 112),
    "an ambulance behind an area code": of(49, 30, 19222),
    "premium in the United States": of(1, 900, 5551234),
    "premium in Spain": of(34, 803, 123456),
    "shared cost in Spain": of(34, 902, 123456),
    "premium in France": of(33, 899, 123456),
    "a satellite": of(870, 773111632),
    "another satellite": of(8816, 22412345),
    "international premium": of(979, 123456789),
    "international shared cost": of(808, 12345678),
    "international toll free": of(800, 12345678),
    "no such country": of(999, 123456),
    "too long": of(49, "9" * 20),
    "too short": of(49, 30),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_number_that_costs_somebody_dearly_is_never_dialled(kind: str) -> None:
    with pytest.raises(NumberNotAllowed) as refusal:
        check_allowed_target(REFUSED[kind])

    assert [error.code for error in refusal.value.errors] == ["number_not_allowed"]


NOT_DIALLED = REFUSED | {
    "toll free in Germany": of(49, 800, 1234567),
    "toll free in North America": of(1, 800, 2345678),
    "a neighbour": of(43, 1, 5123456),
    "an island behind the code of a large country": of(1, 876, 5551234),
    "Jersey behind the British code": of(44, 7797, 712345),
    "personal in Britain": of(44, 70, 12345678),
    "personal in the United States": of(1, 500, 2345678),
    "pay-per-call behind an American area code": of(1, 212, 9761234),
    "directory enquiries behind an American area code": of(1, 212, 5551212),
    "universal personal": of(878, 101234567890),
    "a network at sea or in the air": of(883, 510012345678),
    "a country's own international network": of(882, 1312345),
    "a trial service": of(991, 1234567),
    "online service in Germany": of(49, 191, 12345),
    "voting in Germany": of(49, 138, 1234),
    "a call through another carrier": of(49, 1033, 3023125017),
}


@pytest.mark.parametrize("kind", NOT_DIALLED)
def test_a_number_that_is_nobodys_own_phone_in_an_allowed_country_is_not_dialled(kind: str) -> None:
    allowed = ("DE",) if not NOT_DIALLED[kind].startswith("+1") else ("DE", "US")

    with pytest.raises(NumberNotAllowed):
        check_may_be_dialled(NOT_DIALLED[kind], allowed)


@pytest.mark.parametrize(
    ("number", "countries"), [(FILM, ("DE",)), (of(43, 1, 5123456), ("DE", "AT")), (of(1, 212, 2345678), ("US",))]
)
def test_somebodys_own_phone_in_an_allowed_country_is_dialled(number: str, countries: tuple[str, ...]) -> None:
    check_may_be_dialled(number, countries)


@given(st.from_regex(r"\A\+[1-9][0-9]{6,14}\Z"))
def test_whatever_is_dialled_lies_in_an_allowed_country(number: str) -> None:
    try:
        check_may_be_dialled(number, ("DE",))
    except NumberNotAllowed:
        return

    assert region_of(number) == "DE"


@pytest.mark.parametrize(
    "text", ["", "+", "030 23125017", FILM + "\n", FILM.replace("0", "\u0660"), FILM[1:], "\ud800"]
)
def test_only_e164_is_dialled(text: str) -> None:
    with pytest.raises(NumberNotAllowed):
        check_allowed_target(text)


@pytest.mark.parametrize("text", ["110", "112", "1 1 0", "911", GERMANY + "112", GERMANY + "110"])
def test_emergency_numbers_are_recognised(text: str) -> None:
    assert is_emergency(text, "DE")


@pytest.mark.parametrize("text", ["", "115", "0110", "11012", FILM, "4711", "anonymous", "\ud800"])
def test_other_numbers_are_no_emergencies(text: str) -> None:
    assert not is_emergency(text, "DE")


def test_every_country_has_its_own_emergency_numbers() -> None:
    assert is_emergency("999", "GB")
    assert not is_emergency("999", "DE")
    assert is_emergency("112", "ES")
    assert not is_emergency("110", "ES")
    assert is_emergency("112", "no such region")


# As people read them


@pytest.mark.parametrize(
    ("number", "region", "trunk", "shown"),
    [
        (FILM, "DE", "+493023125", "030 23125-017"),
        (FILM, "DE", None, "030 23125017"),
        (FILM, "ES", "+493023125", "+49 30 23125-017"),
        ("+492214710017", "DE", "+492214710", "0221 4710-017"),
        (FILM, "DE", "+496990009", "030 23125017"),
        (FILM, "DE", FILM, "030 23125017"),
    ],
)
def test_a_number_is_shown_as_people_in_the_region_write_it(
    number: str, region: str, trunk: str | None, shown: str
) -> None:
    assert display(number, region, trunk) == shown


@given(st.integers(0, 999), st.integers(0, 6), st.sampled_from(["DE", "ES", "US"]))
def test_what_is_shown_can_be_read_again(direct_dial: int, cut: int, region: str) -> None:
    number = f"+493023125{direct_dial:03}"

    shown = display(number, region, number[: len(number) - cut])

    assert normalise(shown, region) == number
