from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.catalogue import Catalogue
from kit.words import Sense, Words

CATALOGUE = Catalogue.load(strict=True)
LANGUAGES = ("de", "en", "es", "fr")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
"""Monday, 10 o'clock in Berlin."""


def words(language: str = "de", zone: str = "Europe/Berlin", now: datetime = NOW) -> Words:
    return Words(CATALOGUE, language, ZoneInfo(zone), now)


def at(day: int, hour: int, minute: int = 0, month: int = 11, year: int = 2026) -> datetime:
    """By the clock of Berlin."""
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("sense", "instant", "said"),
    [
        ("at", at(24, 9), "morgen um 9 Uhr"),
        ("on", at(25, 8), "am Mittwoch, 25. November"),
        ("about", at(23, 14), "heute gegen 14 Uhr"),
        ("at", at(25, 8, 5), "am Mittwoch, 25. November, um 8 Uhr 05"),
        ("from", at(25, 8), "ab Mittwoch, 25. November, 8 Uhr"),
        ("from", at(23, 14), "heute ab 14 Uhr"),
        ("until", at(24, 8), "bis morgen, 8 Uhr"),
        ("on", at(1, 8, month=12), "am Dienstag, 1. Dezember"),
        ("on", at(11, 8, month=10, year=2027), "am Montag, 11. Oktober 2027"),
    ],
)
def test_times_are_said_in_german(sense: Sense, instant: datetime, said: str) -> None:
    assert words().when(sense, instant) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "tomorrow between 9 am and 1:30 pm"),
        ("es", "mañana entre las 9:00 y las 13:30"),
        ("fr", "demain entre 9 h et 13 h 30"),
        ("de", "morgen zwischen 9 Uhr und 13 Uhr 30"),
    ],
)
def test_a_window_is_said_in_every_language(language: str, said: str) -> None:
    assert words(language).window(at(24, 9), at(24, 13, 30)) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "on Tuesday, 1 December"),
        ("es", "el martes 1 de diciembre"),
        ("fr", "le mardi 1er décembre"),
    ],
)
def test_the_first_of_a_month_is_said_in_every_language(language: str, said: str) -> None:
    assert words(language).when("on", at(1, 9, month=12)) == said


@pytest.mark.parametrize(("hour", "said"), [(0, "12 am"), (1, "1 am"), (11, "11 am"), (12, "12 pm"), (23, "11 pm")])
def test_the_english_clock_has_twelve_hours(hour: int, said: str) -> None:
    assert words("en-GB").clock(at(24, hour)) == said


def test_today_is_the_day_of_the_market_and_not_of_greenwich() -> None:
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

    assert words(now=late).when("at", at(23, 8)) == "heute um 8 Uhr"
    assert words(zone="Europe/London", now=late).when("at", at(23, 9)) == "morgen um 8 Uhr"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (60, 180, "1 bis 3 Minuten"),
        (20, 50, "weniger als eine Minute"),
        (20, 130, "bis zu 3 Minuten"),
        (0, None, "etwa eine Minute"),
        (61, None, "etwa 2 Minuten"),
        (240, None, "etwa 4 Minuten"),
        (120, 120, "etwa 2 Minuten"),
        (300, 100, "etwa 5 Minuten"),
        (1799, 5000, "29 bis 84 Minuten"),
        (1800, 5000, "mehr als 30 Minuten"),
    ],
)
def test_a_wait_is_said_in_whole_minutes(low: float, high: float | None, said: str) -> None:
    assert words().wait(low, high) == said


@given(
    st.sampled_from(LANGUAGES),
    st.sampled_from(["on", "at", "about", "from", "until"]),
    st.integers(-400 * 24 * 60, 800 * 24 * 60),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_there_are_words_for_every_instant(language: str, sense: Sense, minutes: int, zone: str) -> None:
    said = words(language, zone).when(sense, NOW + timedelta(minutes=minutes))

    assert said
    assert "{" not in said
    assert ".." not in said + "."


@given(st.sampled_from(LANGUAGES), st.integers(0, 10_000), st.none() | st.integers(0, 10_000))
def test_there_are_words_for_every_wait(language: str, low: int, high: int | None) -> None:
    assert words(language).wait(low, high)


def test_a_portal_reads_when_somebody_is_back() -> None:
    back = words().when("from", at(25, 8))

    assert words().say("presence.back", **{"from": back}) == "ist ab Mittwoch, 25. November, 8 Uhr wieder da"


def test_a_caller_hears_which_window_was_found() -> None:
    window = words().window(at(24, 9), at(24, 9, 30))

    assert words().say("callback.offer_last", advisor="Anna Berger", window=window) == (
        "Anna Berger kann Sie morgen zwischen 9 Uhr und 9 Uhr 30 anrufen. Wenn Ihnen das passt, drücken Sie die 1."
    )


CHOICES = ("menu.colleague_wait", "menu.callback", "menu.hold")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("chosen", list(chain.from_iterable(combinations(CHOICES, n) for n in (1, 2, 3))))
def test_every_set_of_choices_can_be_read_out(language: str, chosen: tuple[str, ...]) -> None:
    spoken = words(language)

    menu = [
        spoken.say(choice, key=CHOICES.index(choice) + 1, advisor="Anna", wait=spoken.wait(60, 180))
        for choice in chosen
    ]

    for choice, sentence in zip(chosen, menu, strict=True):
        assert str(CHOICES.index(choice) + 1) in sentence
        assert sentence.endswith(".")


def test_languages_and_dates_have_their_names() -> None:
    assert words("de").name_of_language("fr") == "Französisch"
    assert words("en").name_of_language("de-AT") == "German"
    assert words("en").name_of_language("xx-none") == "xx-none"
    assert words("de").shown(at(25, 8)) == "25.11.26, 08:00"
