"""What an endpoint asks for by `Write`, `Now` and the like, handed over without FastAPI's solver.

Solving one dependency takes FastAPI about 7 µs, and a routed call has five that only take something out of the
request. They are cut out of the route's tree of dependencies, and the call of the endpoint puts them back.
Everything else, validation above all, stays FastAPI's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from inspect import iscoroutinefunction
from typing import Any

from fastapi.dependencies.models import Dependant
from starlette.requests import HTTPConnection

from api.dependencies import HandOver

REQUEST = "durchwahl_request"
"""A name that no endpoint uses for a parameter."""


def calls(dependant: Dependant) -> Iterator[Any]:
    """Every dependency below, as it will be called."""
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from calls(dependency)


def shortened(dependant: Dependant) -> Dependant:
    """The same to the endpoint, with less for FastAPI to solve; unchanged for one that runs in a thread."""
    if not iscoroutinefunction(dependant.call):
        return dependant
    handed = [one for one in dependant.dependencies if isinstance(one.call, HandOver)]
    asked = dependant.request_param_name
    takes = [(one.name, one.call.take) for one in handed if one.name is not None and isinstance(one.call, HandOver)]
    return dataclasses.replace(
        dependant,
        dependencies=[one for one in dependant.dependencies if one not in handed],
        call=_handing(dependant.call, takes, asked),
        request_param_name=asked or REQUEST,
    )


def _handing(
    endpoint: Callable[..., Awaitable[Any]],
    takes: list[tuple[str, Callable[[HTTPConnection], Any]]],
    asked: str | None,
) -> Callable[..., Awaitable[Any]]:
    async def call(**values: Any) -> Any:
        request = values[asked] if asked else values.pop(REQUEST)
        for name, take in takes:
            values[name] = take(request)
        return await endpoint(**values)

    return call
