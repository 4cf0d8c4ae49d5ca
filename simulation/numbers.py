"""Telephone numbers for people who do not exist: from the ranges kept for film and television, or composed.

The film ranges hold 5,000 numbers that never reach anybody. A replay needs more, and never dials: its numbers are
composed when it runs, valid by form, from the range of location-independent numbers, and stand nowhere in a file.
"""

from __future__ import annotations

GERMANY = "+49"
FILM_RANGES = (("30", "23125"), ("69", "90009"), ("40", "66969"), ("221", "4710"), ("89", "99998"))
"""Area code and block; each block is followed by 000 … 999. Berlin, Frankfurt, Hamburg, Köln, München."""
PER_RANGE = 1_000
FILM_NUMBERS = len(FILM_RANGES) * PER_RANGE
ANYWHERE = "32"
COMPOSED_NUMBERS = 100_000_000


def film(index: int) -> str:
    """The film number at `index` (0 … 4,999) in E.164; `IndexError` beyond."""
    if not 0 <= index < FILM_NUMBERS:
        raise IndexError(f"there are {FILM_NUMBERS:,} film numbers")
    area, block = FILM_RANGES[index // PER_RANGE]
    return f"{GERMANY}{area}{block}{index % PER_RANGE:03d}"


def composed(index: int) -> str:
    """The made-up number at `index` (0 … 99,999,999) in E.164, each index another; `IndexError` beyond."""
    if not 0 <= index < COMPOSED_NUMBERS:
        raise IndexError(f"there are {COMPOSED_NUMBERS:,} numbers to compose")
    return f"{GERMANY}{ANYWHERE}2{index:08d}"


def film_while_they_last(index: int, first: int = PER_RANGE) -> str:
    """Film numbers from `first` on (those before it are the direct dials of the demo), then composed ones."""
    return film(first + index) if first + index < FILM_NUMBERS else composed(index)
