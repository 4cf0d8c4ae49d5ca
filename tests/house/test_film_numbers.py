"""Nobody's number stands in the repository.

The examples of numbers that must be refused are put together at run time, as this file is searched too.
"""

from __future__ import annotations

import pytest

from tests.house.film_numbers import foreign_numbers
from tests.house.repository import place, text_files

COUNTRY = "49"
PREFIXES = (f"+{COUNTRY}", f"00{COUNTRY}")

FILM_LITERALS = [
    "+49 30 23125 000…999",
    "+493023125017",
    "+49 (0)30 23125-017",
    "0049 69 90009 123",
    "030 23125-900",
    "030/23125900",
    "(0)221 4710-000…999",
    "(0221) 4710 999",
    "0152 28817386",
    "+49 152 28817386",
    "+493023125017 30 times",
    'f"+493023125{n:03d}"',
]

INNOCENT = [
    "2026-09-01-0930_add_callback_slots.py",
    "version 0.165.0, 15.0.49 and 1.0.4912",
    "5f3c0498912345678901234567890abcdef0123456789",  # pragma: allowlist secret
    "018f49a0-0304-7012-8030-049123456789",
    "01-09-2026 08:15:00, 09/01/2026, 0.0301234567",
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ",
    "0123456789",
    "port 8080, 0000049, 1,000,000 customers, 31,599 calls",
    "size = 4915201, upload-time = 2026-10-09T08:38:58.037Z",
    "+49",
    "1774915112345678",
]


def refused_literals() -> list[str]:
    """In every form; put together here, as they must not stand in this file either."""
    city, mobile, premium = "30 1234 5678", "171/2345678", "900 1234567"
    beside_the_ranges = ["30 23124 999", "30 23125 0001", "30 23126 000", "152 28817387"]
    written = [city, mobile, premium, *beside_the_ranges]
    international = [
        f"{plus}{trunk}{number}" for plus in PREFIXES for trunk in ("", " ", " (0)") for number in written
    ]
    national = [f"0{number}" for number in ("30 12345678", "89/1234567", "171 2345678", "221-1234567")]
    bare = [f"{COUNTRY}{number}" for number in ("3012345678", "1712345678")]
    return [*international, *national, f"(0{89}) 1234567", f"0{1712345678}", *bare]


@pytest.mark.parametrize("literal", refused_literals())
@pytest.mark.parametrize("around", ["{}", 'phone = "{}"', "call {}, please", "tel:{}", "x\n{}\ny"])
def test_a_german_number_that_may_be_somebodys_is_found(literal: str, around: str) -> None:
    text = around.format(literal)

    found = list(foreign_numbers(text))

    assert found, f"{text!r} was not found"


@pytest.mark.parametrize("literal", FILM_LITERALS)
def test_a_film_number_is_left_alone(literal: str) -> None:
    assert [found.literal for found in foreign_numbers(literal)] == []


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_number_is_left_alone(text: str) -> None:
    assert [found.literal for found in foreign_numbers(text)] == []


def test_only_film_numbers_stand_in_the_repository() -> None:
    refused = [
        f"{place(path, text, found.offset)}: {found.literal.strip()}"
        for path, text in text_files()
        if path.name != "uv.lock"
        for found in foreign_numbers(text)
    ]

    assert refused == [], "use the film ranges, or make other numbers up at run time"
