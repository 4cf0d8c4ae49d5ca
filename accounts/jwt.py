"""Tokens of the identity provider, checked strictly; which use a token is for is part of the check. Pure.

Only signatures with a private key are taken: no `none`, no shared secret, so that a public key can't serve as one.
What the header says of keys (`jwk`, `jku`, `x5u`) is not looked at.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

from kit import strict_json
from kit.errors import Fault, Unauthorized

LONGEST = 8192
"""Bytes; providers that put a person's every group into a token come near it."""

SHAPE = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
LEEWAY_S = 10
"""Between our clock and the provider's."""

KEY_TYPES = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    **dict.fromkeys(("EdDSA", "Ed25519"), "OKP"),
}
"""Algorithms that may be allowed by the settings, and the kind of key that each takes."""

LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
LOGOUT_FRESH = timedelta(minutes=2)

Claims = Mapping[str, Any]


class BadToken(Unauthorized):
    """Not ours, not signed, not meant for this, or over; nobody learns which."""

    word, title = "token-not-accepted", "The identity provider's token is not accepted here."


@dataclass(frozen=True, slots=True)
class Header:
    alg: str
    kid: str | None
    typ: str | None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say to be meant for one use of ours; `audience` is who it must be for."""

    issuer: str
    audience: str
    types: frozenset[str | None]


def looks_like_one(token: bytes) -> bool:
    """Whether it is worth reading."""
    return len(token) <= LONGEST and SHAPE.fullmatch(token) is not None


def names_issuer(token: bytes, issuer: str) -> bool:
    """Whether the token says it is this issuer's. Says nothing of whether that is true."""
    payload = token.split(b".")[1] if looks_like_one(token) else b""
    try:
        found = strict_json.loads(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    except (NotBase64, ValueError, Fault):
        return False
    return isinstance(found, dict) and found.get("iss") == issuer


def header(token: bytes, allowed: frozenset[str]) -> Header:
    """Raises `BadToken`, also for an algorithm that is not allowed."""
    if not looks_like_one(token):
        raise BadToken
    head = token.partition(b".")[0]
    try:
        found = strict_json.loads(urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
    except (NotBase64, ValueError, Fault):
        raise BadToken from None
    if not isinstance(found, dict) or "crit" in found:
        raise BadToken
    alg, kid, typ = (found.get(name) for name in ("alg", "kid", "typ"))
    fits = isinstance(kid, str | None) and isinstance(typ, str | None)
    if not isinstance(alg, str) or alg not in allowed or alg not in KEY_TYPES or not fits:
        raise BadToken
    return Header(alg, kid, typ.lower().removeprefix("application/") if typ is not None else None)


def fits(key: Key, head: Header) -> bool:
    """Whether the key may have signed this."""
    known = key.as_dict(private=False)
    return (
        key.key_type == KEY_TYPES[head.alg]
        and known.get("use", "sig") == "sig"
        and known.get("alg", head.alg) == head.alg
        and (head.kid is None or known.get("kid") == head.kid)
    )


def claims(token: bytes, head: Header, key: Key, expected: Expected, now: datetime) -> Claims:
    """The claims of a token that is signed, in force and for us. Raises `BadToken`."""
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.audience},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        found = jwt.decode(token, key, algorithms=[head.alg]).claims
        registry.validate(found)
    except (JoseError, ValueError, OverflowError):
        raise BadToken from None
    if head.typ not in expected.types:
        raise BadToken
    return found


def check_identity(found: Claims, client_id: str, nonce: str) -> None:
    """An ID token, for the sign-in that we began. Raises `BadToken`."""
    several = isinstance(found["aud"], list) and len(found["aud"]) > 1
    foreign = found.get("azp", client_id if not several else None) != client_id
    if foreign or found.get("nonce") != nonce or "events" in found or not subject(found):
        raise BadToken


def check_access(found: Claims) -> None:
    """An access token: neither an ID token nor one for signing out. Raises `BadToken`."""
    if "nonce" in found or "at_hash" in found or "events" in found or found.get("typ", "Bearer") != "Bearer":
        raise BadToken
    if not subject(found):
        raise BadToken


def check_logout(found: Claims, now: datetime) -> None:
    """A logout token, made just now. Raises `BadToken`."""
    events = found.get("events")
    names_it = isinstance(events, dict) and isinstance(events.get(LOGOUT), dict)
    is_old = found["iat"] < (now - LOGOUT_FRESH).timestamp()
    whom = subject(found) or session(found)
    if not names_it or "nonce" in found or is_old or not whom:
        raise BadToken


def subject(found: Claims) -> str | None:
    return _text(found.get("sub"))


def session(found: Claims) -> str | None:
    """The provider's own session, by which it signs people out."""
    return _text(found.get("sid"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable() else None
