"""From a request to its route by a table, instead of trying one route after the other.

Trying 60 routes takes FastAPI 45 µs, and two routers within each other twice that. What the table does not hold
(unknown paths, sockets, the browser's pages) goes the usual way and is answered there.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TypeAlias

from fastapi.routing import APIRouter
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from api.door import Door

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Key: TypeAlias = tuple[str, int, str]
"""Method, number of slashes, second part of the path (`telephony` in `/v1/telephony/calls`)."""


class Dispatch:
    """Built at the first request, when all routes are there."""

    def __init__(self, router: APIRouter, otherwise: ASGIApp) -> None:
        self._router, self._otherwise = router, otherwise
        self._table: dict[Key, list[Door]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._otherwise(scope, receive, send)
        elif (route := self._find(scope, scope["method"])) is not None:
            await route.app(scope, receive, send)
        elif allowed := [method for method in METHODS if self._find(scope, method)]:
            raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
        else:
            await self._otherwise(scope, receive, send)

    def _find(self, scope: Scope, method: str) -> Door | None:
        """The route, noted in the scope as a router would note it."""
        if self._table is None:
            self._table = _table(self._router)
        path: str = scope["path"]
        for route in self._table.get(_key(method, path), ()):
            found = route.path_regex.match(path)
            if found:
                convert = route.param_convertors
                values = found.groupdict()
                scope["path_params"] = {name: convert[name].convert(text) for name, text in values.items()}
                scope["route"], scope["endpoint"] = route, route.endpoint
                return route
        return None


def _table(router: APIRouter) -> dict[Key, list[Door]]:
    table: defaultdict[Key, list[Door]] = defaultdict(list)
    for route in router.routes:
        if isinstance(route, Door) and ":path}" not in route.path:
            for method in route.methods or ():
                table[_key(method, route.path_format)].append(route)
    return dict(table)


def _key(method: str, path: str) -> Key:
    parts = path.split("/", 3)
    return method, path.count("/"), parts[2] if len(parts) > 2 else ""
