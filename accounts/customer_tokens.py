"""Tokens of customers: short-lived JWTs that let the portal's page act for one customer and for nobody else.

Two may sign them. A control center's own backend, with a key that is registered here (`kid` says which): Ed25519 or
ES256, whichever the key is for and nothing else. Or we, when a control center asks for one (`issue`): HS256 under a
key derived from the installation's secret, `kid` is `own`, and `azp` is the machine key that asked.

    {"aud": "durchwahl", "sub": "K-1001", "exp": 1795392900}

`sub` is the customer's reference, `exp` at most 15 minutes away. A token ends with its `exp`, with the key that
signed it, and with the machine key that asked for it, within two seconds on every replica. Nothing is kept of it.
"""

from __future__ import annotations

import re
import warnings
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from typing import Any, TypeAlias
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jws import extract_compact

from accounts import queries, signing_keys
from accounts.principal import Principal, customer
from accounts.signing_keys import OWN
from kit.database import Database, ReadSession
from kit.errors import NotFound
from kit.ids import decode, encode

LASTS = timedelta(minutes=15)
LEEWAY = timedelta(seconds=30)
"""Clocks of control centers go a little wrong."""

REMEMBERED = timedelta(seconds=2)
MOST = 10_000
ISSUER = "durchwahl"
NOBODY = UUID(int=0)
"""Whom a token stands for whose customer isn't there: all that it asks for isn't there either."""

SHAPE = re.compile(rb"[A-Za-z0-9_-]{1,2000}\.[A-Za-z0-9_-]{1,2000}\.[A-Za-z0-9_-]{1,1000}", re.ASCII)
REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)

FindCustomer: TypeAlias = Callable[[ReadSession, str], Awaitable[UUID | None]]


@dataclass(frozen=True, slots=True)
class Key:
    """What a token is verified with; it must end when the key does."""

    key: Any
    algorithms: tuple[str, ...]
    until: datetime


class CustomerTokens:
    """Makes and recognises the tokens of one process."""

    def __init__(self, database: Database, secret: bytes, audience: str, find: FindCustomer) -> None:
        self._database, self._audience, self._find = database, audience, find
        self._own = OctKey.import_key(blake2b(secret, digest_size=32, person=b"customer token").digest())
        self._known: OrderedDict[bytes, tuple[Principal, datetime]] = OrderedDict()

    def issue(self, external_ref: str, asked_by: UUID, now: datetime) -> tuple[str, datetime]:
        """A token for this customer, on the word of the machine key that asks; and when it ends."""
        expires_at = (now + LASTS).replace(microsecond=0)
        claims = {
            "iss": ISSUER,
            "aud": self._audience,
            "sub": external_ref,
            "azp": encode("key", asked_by),
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        return jwt.encode({"alg": "HS256", "kid": OWN}, claims, self._own, algorithms=["HS256"]), expires_at

    async def recognise(self, token: bytes, now: datetime) -> Principal | None:
        """The customer for whom `token` speaks; None for what is forged, for another, too long, or over."""
        if not SHAPE.fullmatch(token):
            return None
        hashed = sha256(token).digest()
        known = self._known.get(hashed)
        if known is not None and now < known[1]:
            return known[0]
        self._known.pop(hashed, None)
        async with self._database.reading() as session:
            found = await self._recognised(session, token, now)
        if found is None:
            return None
        self._known[hashed] = found
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return found[0]

    def forget_all(self) -> None:
        """Ask the database the next time, for example after a key was revoked here."""
        self._known.clear()

    async def _recognised(
        self, session: ReadSession, token: bytes, now: datetime
    ) -> tuple[Principal, datetime] | None:
        header = _header(token)
        key = None if header is None else await self._key(session, header, now)
        claims = None if key is None else _claims(token, key)
        if key is None or claims is None or not self._hold(claims, now):
            return None
        until = min(now + REMEMBERED, key.until, datetime.fromtimestamp(claims["exp"], now.tzinfo) + LEEWAY)
        if key.key is self._own and not await self._asked_by(session, claims, now):
            return None
        return customer(await self._find(session, claims["sub"]) or NOBODY, claims["sub"]), until

    async def _key(self, session: ReadSession, header: dict[str, Any], now: datetime) -> Key | None:
        """By its name alone; the algorithm belongs to the key, whatever the token would like."""
        kid = header.get("kid")
        if kid == OWN:
            return Key(self._own, ("HS256",), queries.NEVER)
        row = await queries.signing_key(session, kid, now) if isinstance(kid, str) else None
        if row is None:
            return None
        public = signing_keys.read(row["public_key"])
        return Key(public, signing_keys.ALGORITHMS[row["algorithm"]], row["expires_at"] or queries.NEVER)

    def _hold(self, claims: dict[str, Any], now: datetime) -> bool:
        """For us, for somebody, and for not too long."""
        audience, subject, expires = claims.get("aud"), claims.get("sub"), claims.get("exp")
        audiences = audience if isinstance(audience, list) else [audience]
        if self._audience not in audiences or not isinstance(subject, str) or not REF.fullmatch(subject):
            return False
        present, leeway = now.timestamp(), LEEWAY.total_seconds()
        if not _between(present - leeway, expires, present + LASTS.total_seconds() + leeway):
            return False
        return all(_between(0, claims[name], present + leeway) for name in ("nbf", "iat") if name in claims)

    async def _asked_by(self, session: ReadSession, claims: dict[str, Any], now: datetime) -> bool:
        """Whether the machine key on whose word it was made still holds."""
        try:
            key_id = decode("key", str(claims.get("azp")))
        except NotFound:
            return False
        return await queries.key_is_valid(session, key_id, now)


def _header(token: bytes) -> dict[str, Any] | None:
    try:
        return dict(extract_compact(token).protected)
    except (JoseError, ValueError):
        return None


def _claims(token: bytes, key: Key) -> dict[str, Any] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `EdDSA` is the former name of `Ed25519`, and everybody still uses it
        try:
            claims = jwt.decode(token, key.key, algorithms=key.algorithms).claims
        except (JoseError, ValueError, TypeError):
            return None
    return claims if isinstance(claims, dict) else None


def _between(earliest: float, written: object, latest: float) -> bool:
    return isinstance(written, int | float) and not isinstance(written, bool) and earliest < written <= latest
