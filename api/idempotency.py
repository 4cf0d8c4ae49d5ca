"""One effect per `Idempotency-Key` (I25): the answer is kept in the transaction that made the effect.

Same key and same payload: the kept answer, byte for byte. Another payload: 422. Somebody works under the key right
now: 409. What was rolled back, and every 5xx, is not kept, so that a repeat tries anew.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from accounts import queries
from accounts.principal import Principal
from api.bodies import StrictRequest
from api.dependencies import PRINCIPAL, REMEMBERED, Remembered
from api.services import Services
from kit.database import Session
from kit.errors import BadRequest, Conflict, Error, Unprocessable

HEADER = "Idempotency-Key"
_NAME = HEADER.lower().encode()
_VISIBLE = re.compile(rb"[\x21-\x7e]{1,255}")
REPLAYED = "Idempotent-Replayed"


class KeyMissing(BadRequest):
    word, title = "idempotency-key-missing", "Send an Idempotency-Key, so that a repeat has no second effect."


class KeyUnreadable(BadRequest):
    word, title = "idempotency-key-unreadable", "An Idempotency-Key is 1 to 255 visible ASCII characters."


class KeyUsedForAnother(Unprocessable):
    word, title = "idempotency-key-reused", "This Idempotency-Key was used for another request."


class StillWorking(Conflict):
    word, title = "request-in-flight", "The same request is being worked on."


class Overtaken(Exception):
    """Another transaction has answered under this key meanwhile: roll back and look again."""


@dataclass(frozen=True)
class Claim:
    """One request under one key."""

    principal: str
    key: str
    fingerprint: bytes
    lock: int

    async def earlier(self, session: Session, now: datetime) -> Response | None:
        """The answer given before, or None when the work is ours. Raises `StillWorking`, `KeyUsedForAnother`."""
        row = await queries.claim_key(session, self.lock, self.principal, self.key, now)
        if row["fingerprint"] is None:
            if not row["mine"]:
                raise StillWorking(retry_after_s=1)
            return None
        if row["fingerprint"] != self.fingerprint:
            raise KeyUsedForAnother(Error("/header/idempotency-key", "reused"))
        return _repeated(row["status"], row["body"])

    async def keep(self, session: Session, scope: Scope, response: Response, services: Services) -> None:
        remembered: Remembered = scope.get(REMEMBERED) or Remembered()
        body = bytes(response.body) if remembered.instead is None else remembered.instead
        now = services.clock.now()
        until = now + services.settings.idempotency_lifetime
        subjects = remembered.subjects
        kept = await queries.keep_answer(
            session, self.principal, self.key, self.fingerprint, response.status_code, body, subjects, until, now
        )
        if not kept:
            raise Overtaken


async def claim(request: Request, services: Services) -> Claim:
    """What this request claims. Raises `KeyMissing`, `KeyUnreadable`."""
    principal: Principal = request.scope[PRINCIPAL]
    key = _key(request.scope)
    name = principal.name_for_keys
    lock = blake2b(key, key=name.encode()[:64], digest_size=8).digest()
    fingerprint = await _fingerprint(request, services.secret)
    return Claim(name, key.decode("ascii"), fingerprint, int.from_bytes(lock, "big", signed=True))


def _key(scope: Scope) -> bytes:
    key: bytes | None = next((value for name, value in scope["headers"] if name == _NAME), None)
    if key is None:
        raise KeyMissing(Error("/header/idempotency-key", "missing"))
    if not _VISIBLE.fullmatch(key):
        raise KeyUnreadable(Error("/header/idempotency-key", "unreadable"))
    return key


async def _fingerprint(request: Request, secret: bytes) -> bytes:
    """Method, path, query and body, as the same request sent again may order its members otherwise. Keyed, because
    a body may hold a password that a bare hash would let be guessed."""
    scope = request.scope
    digest = blake2b(f"{scope['method']} {scope['path']}?".encode(), key=secret, digest_size=32)
    digest.update(scope["query_string"] + b"\n")
    digest.update(await _canonical(request))
    return digest.digest()


async def _canonical(request: Request) -> bytes:
    parsed = getattr(request, "_json", None)
    if parsed is None or not isinstance(request, StrictRequest):
        return await request.body()
    return json.dumps(parsed, sort_keys=True, separators=(",", ":")).encode()


def _repeated(status: int, body: bytes) -> Response:
    media_type = "application/json" if body else None
    return Response(body, status, headers={REPLAYED: "true"}, media_type=media_type)
