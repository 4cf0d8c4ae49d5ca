"""What a customer's products ask of an advisor, and how much time they usually cost a month.

The level of a skill is the highest that one of the products asks for. The expected seconds are the sum of the
products' priors for the customer's tier; without any of them they are 360, six minutes a month. A product that is
not known asks for nothing and costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from routing.policy import Need

DEFAULT_SECONDS = 360
"""A customer of whom nothing is known."""

MOST_SECONDS = 2_592_000
"""A month."""


@dataclass(frozen=True, slots=True)
class ProductEntry:
    """`seconds` maps tiers to the prior in seconds a month; `default` serves the others."""

    need: Need
    seconds: Mapping[str, int]


def needs(products: Iterable[str], known: Mapping[str, ProductEntry]) -> tuple[Need, ...]:
    """One need per skill, in the order of the skills' names, so that alike customers are equal."""
    levels: dict[str, int] = {}
    for product in products:
        if entry := known.get(product):
            levels[entry.need.skill] = max(entry.need.level, levels.get(entry.need.skill, 0))
    return tuple(Need(skill, level) for skill, level in sorted(levels.items()))


def expected_seconds(products: Iterable[str], tier: str, known: Mapping[str, ProductEntry]) -> int:
    """The prior of the monthly handling time, in seconds."""
    priors = [known[product].seconds for product in products if product in known]
    total = sum(prior.get(tier, prior.get("default", 0)) for prior in priors)
    return min(total or DEFAULT_SECONDS, MOST_SECONDS)
