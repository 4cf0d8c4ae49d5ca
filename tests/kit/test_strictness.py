"""A number is a number: not a text that looks like one, not a yes. In a file of separated values all is text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import Field, ValidationError

from kit.records import whole
from kit.wire import Command, Moment


@dataclass(frozen=True)
class Rules:
    """As the core has them: without pydantic."""

    ring_s: int = 20
    weights: tuple[float, ...] = ()


class Inner(Command):
    level: int = Field(1, ge=1, le=5)


class Toy(Command):
    count: int | None = None
    share: float = 0.5
    yes: bool = False
    seconds: dict[str, int] = Field({})
    inner: list[Inner] = Field([])
    rules: Rules = Rules()
    at: Moment | None = None


def complaint(body: dict[str, Any]) -> tuple[str, str] | None:
    try:
        Toy.model_validate(body)
    except ValidationError as error:
        (one,) = error.errors()
        return "/".join(map(str, one["loc"])), one["type"]
    return None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"count": "360"}, ("count", "int_type")),
        ({"count": " 360 "}, ("count", "int_type")),
        ({"count": True}, ("count", "int_type")),
        ({"share": "0.5"}, ("share", "float_type")),
        ({"share": False}, ("share", "float_type")),
        ({"yes": "true"}, ("yes", "bool_type")),
        ({"yes": 1}, ("yes", "bool_type")),
        ({"seconds": {"default": "1"}}, ("seconds/default", "int_type")),
        ({"inner": [{"level": "1"}]}, ("inner/0/level", "int_type")),
        ({"rules": {"ring_s": "20"}}, ("rules/ring_s", "int_type")),
        ({"rules": {"weights": ["1"]}}, ("rules/weights/0", "float_type")),
    ],
)
def test_what_only_looks_like_it_is_of_the_wrong_type(body: dict[str, Any], expected: tuple[str, str]) -> None:
    assert complaint(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"count": 360}, {"count": 360.0}, {"count": None}, {"share": 1}, {"yes": True}, {"inner": [{"level": 5}]},
        {"rules": {"ring_s": 5, "weights": [1, 0.5]}}, {"at": "2026-11-23T09:00:00Z"},
    ],
)  # fmt: skip
def test_what_it_is_it_may_be(body: dict[str, Any]) -> None:
    assert complaint(body) is None


@pytest.mark.parametrize(
    ("cell", "read"), [("360", 360), ("-1", -1), ("viel", "viel"), ("1.5", "1.5"), ("٣", "٣"), ("9" * 19, "9" * 19)]
)
def test_cell_that_holds_a_whole_number_is_one(cell: str, read: int | str) -> None:
    assert whole(cell) == read
