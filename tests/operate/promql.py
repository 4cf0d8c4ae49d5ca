"""As much of PromQL as is needed to see which figures an expression asks for, and by which labels."""

from __future__ import annotations

import re
from collections.abc import Iterator

SELECTOR = re.compile(r"(?<![\w:])((?:durchwahl[\w:]*)|up)(?:\{([^}]*)\})?")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"([^\"]*)\"")
GROUPING = re.compile(r"\b(?:by|without|on)\s*\(([^)]*)\)")

OF_THE_SCRAPE = {"instance", "job"}
"""Labels that Prometheus itself adds."""


def selectors(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each name that is asked for, with its matchers."""
    for found in SELECTOR.finditer(expression):
        yield found[1], dict(MATCHER.findall(found[2] or ""))


def groupings(expression: str) -> set[str]:
    """Labels by which something is added up."""
    return {label.strip() for found in GROUPING.finditer(expression) for label in found[1].split(",")} - {""}
