"""The outermost layer: a request id in and out, one place where failures are written, figures and the access log.

Plain ASGI, as every microsecond here is paid by each routed call; a layer of Starlette's own costs 5 to 20 µs.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import time
import traceback
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from fastapi.exceptions import ResponseValidationError
from starlette.exceptions import WebSocketException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access_log import AccessLog
from api.dependencies import PRINCIPAL, REQUEST_ID
from api.errors import MEDIA_TYPE, Answer, answer, sqlstate
from api.services import Services
from kit import logs
from kit.errors import BadRequest, Error, NotFound
from kit.strict_json import UnsafeText, unsafe

if TYPE_CHECKING:
    from kit.tracing import Tracing

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
INTERNAL = 1011
CLIENT_GONE = 499
"""What proxies log for a caller who did not wait."""

_ID = re.compile(rb"[A-Za-z0-9_-]{16,64}")
"""Long enough that nobody sends a phone number here, which would then be in the logs."""

_STANDING = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]
_MODEST = [(b"x-content-type-options", b"nosniff")]


class UnreadableQuery(BadRequest):
    word, title = "bad-request", "The query can't be read."


class Edge:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, services: Services, access_log: AccessLog | None) -> None:
        self._app = app
        self._services = services
        self._access_log = access_log
        self._tracing = services.tracing
        self._log = logs.logger("api")
        self._ids = _request_ids()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._tracing is None:
            await self._request(scope, receive, send)
        else:
            await self._traced(self._tracing, scope, receive, send)

    async def _traced(self, tracing: Tracing, scope: Scope, receive: Receive, send: Send) -> None:
        """A span that says which route, and how it ended: never the URL."""
        with tracing.request(_header(scope, b"traceparent")) as span:
            status = await self._request(scope, receive, send)
            route = getattr(scope.get("route"), "path", UNMATCHED)
            method = _method(scope)
            span.update_name(f"{method} {route}")
            span.set_attributes(
                {
                    "http.request.method": method,
                    "http.route": route,
                    "http.response.status_code": status,
                    "durchwahl.request_id": scope[REQUEST_ID],
                }
            )

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer it; returns the status."""
        began = time.perf_counter()
        request_id = _given_id(scope) or next(self._ids)
        scope[REQUEST_ID] = request_id
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, request_id)
            await send(message)

        try:
            _check_target(scope)
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            status = status or CLIENT_GONE
        except Exception as error:
            if status:
                self._log_failure(error, request_id)
                raise
            told = answer(error)
            if told.status == 500:
                self._log_failure(error, request_id)
            await _send(told, request_id, sending)
        finally:
            self._note(scope, request_id, status, time.perf_counter() - began)
        return status

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A refusal closes the socket; before it was accepted the server makes a 403 of that."""
        scope[REQUEST_ID] = request_id = _given_id(scope) or next(self._ids)
        try:
            await self._app(scope, receive, send)
        except WebSocketException as refusal:
            await send({"type": "websocket.close", "code": refusal.code, "reason": refusal.reason})
        except Exception as error:
            self._log_failure(error, request_id)
            with contextlib.suppress(RuntimeError):  # closed already
                await send({"type": "websocket.close", "code": INTERNAL, "reason": ""})

    def _note(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNMATCHED)
        method = _method(scope)
        self._services.metrics.request(route, method, status, seconds)
        if self._access_log is not None:
            principal = scope.get(PRINCIPAL)
            actor = principal.name_for_keys if principal is not None else None
            now = self._services.clock.now()
            self._access_log.write(now, request_id, route, method, status, seconds, actor)

    def _log_failure(self, error: BaseException, request_id: str) -> None:
        """The kind of failure and where; its message only in tests, as it may quote what somebody sent."""
        frames = traceback.extract_tb(error.__traceback__)[-12:]
        self._log.error(
            "request failed",
            request_id=request_id,
            kind=[_kind(one) for one in _chain(error)],
            where=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
            **({"exc_info": error} if self._services.settings.environment == "test" else {}),
        )


def _request_ids() -> Iterator[str]:
    """`req_` and 24 hex digits: which process, and its how many-th request."""
    process = os.urandom(8).hex()
    return (f"req_{process}{count:08x}" for count in itertools.count(1))


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            return value.decode("ascii") if _ID.fullmatch(value) else None
    return None


def _header(scope: Scope, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "OTHER"


def _check_target(scope: Scope) -> None:
    """Control characters and broken UTF-8: no such path (404); in the query 422 and 400. A parameter that comes
    twice is 400, as two readers may take different ones of it."""
    if not scope["path"].isprintable():
        raise NotFound
    query: bytes = scope["query_string"]
    if not query:
        return
    names = [unquote_to_bytes(pair.partition(b"=")[0].replace(b"+", b" ")) for pair in query.split(b"&") if pair]
    if len(set(names)) < len(names):
        raise UnreadableQuery(Error("/query", "duplicate_parameter"))
    if b"%" not in query and query.isascii():
        return
    try:
        text = unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        raise UnreadableQuery(Error("/query", "not_utf8")) from None
    code = unsafe(text)
    if code is not None:
        raise UnsafeText(Error("/query", code))


def _add_headers(message: Message, request_id: str) -> None:
    headers = message["headers"] = list(message.get("headers", ()))
    cached = any(name == b"cache-control" for name, _ in headers)
    headers += _MODEST if cached else _STANDING
    headers.append((b"x-request-id", request_id.encode("ascii")))


async def _send(told: Answer, request_id: str, send: Send) -> None:
    body = told.body(request_id)
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in told.headers.items()]
    headers += [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": told.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _kind(error: BaseException) -> str:
    """The class, and what is known to be harmless: an SQLSTATE, where in an answer a field did not fit."""
    name = type(error).__name__
    if isinstance(error, ResponseValidationError):
        return f"{name} {[(one['loc'], one['type']) for one in error.errors()]}"
    return f"{name} {sqlstate(error) or ''}".strip()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
