"""Numbers and yes-or-no come as what they are: `"360"` for a number and `"yes"` for true are of the wrong type.

pydantic's own strict mode also refuses instants written as text, lists for tuples, and 1.0 for 1, which JSON can't
tell apart; so its lax mode stays, and only texts and booleans are refused where a number is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

WITHIN = ("schema", "fields", "items_schema", "values_schema", "choices", "steps")
"""Where a schema of pydantic's holds others."""


def _whole(given: object) -> object:
    if isinstance(given, str | bool):
        raise PydanticKnownError("int_type")
    return given


def _number(given: object) -> object:
    if isinstance(given, str | bool):
        raise PydanticKnownError("float_type")
    return given


GUARDS = {"int": _whole, "float": _number}


def _tighten(schema: dict[str, Any], handler: GetCoreSchemaHandler) -> None:
    """In place, also in what is referred to."""
    kind = schema.get("type")
    if kind == "definition-ref":
        found = handler.resolve_ref_schema(cast(CoreSchema, schema))
        _tighten(cast(dict[str, Any], found), handler)
    elif kind == "bool":
        schema["strict"] = True
    elif kind in GUARDS:
        number = cast(CoreSchema, dict(schema))
        schema.clear()
        schema.update(core_schema.no_info_before_validator_function(GUARDS[kind], number))
    elif schema.get("function", {}).get("function") not in GUARDS.values():
        for inner in _inside(schema):
            _tighten(inner, handler)


def _inside(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in WITHIN:
        held = schema.get(name, ())
        each = held.values() if name == "fields" and isinstance(held, dict) else held
        for one in [held] if isinstance(held, dict) and name != "fields" else each:
            inner = one[0] if isinstance(one, tuple) else one
            if isinstance(inner, dict):
                yield inner


class Strict(BaseModel):
    """The base of what comes as JSON; in a file of comma separated values everything is text, and read before."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _tighten(cast(dict[str, Any], schema), handler)
        return schema
