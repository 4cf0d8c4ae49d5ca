"""From a long story that fails to a short one: steps are left out as long as what is left still fails alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def shortest(
    steps: Sequence[T], fails: Callable[[Sequence[T]], Awaitable[bool]], most_tries: int = 300
) -> list[T]:
    """Leave out ever smaller parts, from the end to the beginning (ddmin without complements)."""
    left, size, tries = list(steps), max(1, len(steps) // 2), 0
    while size and tries < most_tries:
        end = len(left)
        while end > 0 and tries < most_tries:
            without = left[: max(0, end - size)] + left[end:]
            tries += 1
            if await fails(without):
                left = without
            end -= size
        size //= 2
    return left
