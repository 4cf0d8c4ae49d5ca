"""Numbers of customers are read once, here, into E.164; nobody further in sees another spelling."""

from __future__ import annotations

from collections.abc import Sequence

from kit.phone_numbers import check_allowed_target, normalise


def read(written: Sequence[str], region: str, pointer: str = "/phones") -> list[str]:
    """E.164 numbers without repeats, in order. Raises `NumberUnreadable`, `NumberNotAllowed` with the place."""
    found: dict[str, None] = {}
    for place, text in enumerate(written):
        number = normalise(text, region, f"{pointer}/{place}")
        check_allowed_target(number, f"{pointer}/{place}")
        found[number] = None
    return list(found)
