"""The identity provider over HTTP: what it says of itself, its keys, and the exchange of a code for a token.

What it says is kept for an hour, and used on while it can't be reached. A key that nobody knows makes us ask again,
at most once a minute, whoever sends how many tokens. Every answer has a time and a size, and none is followed
elsewhere.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from accounts import jwt
from accounts.jwt import BadToken, Claims, Expected
from kit import strict_json
from kit.errors import Fault, Unavailable
from kit.settings import Settings, is_safe

WELL_KNOWN = "/.well-known/openid-configuration"
FRESH = timedelta(hours=1)
AGAIN = timedelta(minutes=1)
LARGEST = 256 * 1024
MOST_KEYS = 50

ID_TYPES: frozenset[str | None] = frozenset({None, "jwt"})
ACCESS_TYPES: frozenset[str | None] = frozenset({None, "jwt", "at+jwt"})
LOGOUT_TYPES: frozenset[str | None] = frozenset({None, "jwt", "logout+jwt"})


class ProviderAway(Unavailable):
    word, title = "identity-provider-away", "The identity provider does not answer as it should; try again."


@dataclass(frozen=True, slots=True)
class Endpoints:
    authorization: str
    token: str
    keys: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the provider said, and when."""

    endpoints: Endpoints
    keys: tuple[Key, ...]
    at: datetime


class Provider:
    """One per process. Raises `ProviderAway` where it has to be asked and does not answer."""

    def __init__(self, settings: Settings, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self.issuer, self.client_id = settings.oidc_issuer, settings.oidc_client_id
        self._audience = settings.oidc_audience
        self._secret = settings.oidc_client_secret
        self._allowed = frozenset(settings.oidc_algorithms.split())
        self._timeout_s = settings.oidc_timeout.total_seconds()
        self._transport = transport
        self._known: Known | None = None
        self._asked_at: datetime | None = None
        self._asking = asyncio.Lock()

    async def endpoints(self, now: datetime) -> Endpoints:
        return (await self._fresh(now)).endpoints

    async def identity(self, token: bytes, nonce: str, now: datetime) -> Claims:
        """The claims of an ID token. Raises `BadToken`."""
        found = await self._claims(token, self.client_id, ID_TYPES, now)
        jwt.check_identity(found, self.client_id, nonce)
        return found

    async def access(self, token: bytes, now: datetime) -> Claims:
        """The claims of an access token for us. Raises `BadToken`, always so where no audience is set."""
        if not self._audience:
            raise BadToken
        found = await self._claims(token, self._audience, ACCESS_TYPES, now)
        jwt.check_access(found)
        return found

    async def logout(self, token: bytes, now: datetime) -> Claims:
        """The claims of a logout token. Raises `BadToken`."""
        found = await self._claims(token, self.client_id, LOGOUT_TYPES, now)
        jwt.check_logout(found, now)
        return found

    async def exchange(self, code: str, verifier: str, redirect_uri: str, now: datetime) -> bytes:
        """The ID token for a code. Raises `BadToken` where the provider does not take it."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
            "client_id": self.client_id,
        }
        if self._secret is not None:
            form["client_secret"] = self._secret.get_secret_value()
        answer = await self._ask("POST", (await self.endpoints(now)).token, data=form)
        token = answer.get("id_token")
        if not isinstance(token, str) or not token.isascii():
            raise BadToken
        return token.encode()

    async def _claims(self, token: bytes, audience: str, types: frozenset[str | None], now: datetime) -> Claims:
        head = jwt.header(token, self._allowed)
        key = await self._key(head, now)
        return jwt.claims(token, head, key, Expected(self.issuer, audience, types), now)

    async def _key(self, head: jwt.Header, now: datetime) -> Key:
        known = await self._fresh(now)
        key = _choice(known, head)
        if key is None and self._may_ask(now):
            key = _choice(await self._refreshed(now), head)
        if key is None:
            raise BadToken
        return key

    def _may_ask(self, now: datetime) -> bool:
        return self._asked_at is None or now - self._asked_at >= AGAIN

    async def _fresh(self, now: datetime) -> Known:
        known = self._known
        if known is not None and now - known.at < FRESH:
            return known
        if known is not None and not self._may_ask(now):
            return known
        try:
            return await self._refreshed(now)
        except ProviderAway:
            if known is None:
                raise
            return known

    async def _refreshed(self, now: datetime) -> Known:
        """Ask, once for all who wait meanwhile."""
        before = self._known
        async with self._asking:
            if self._known is not None and self._known is not before:
                return self._known
            self._asked_at = now
            endpoints = await self._discover()
            self._known = Known(endpoints, _keys(await self._ask("GET", endpoints.keys)), now)
            return self._known

    async def _discover(self) -> Endpoints:
        told = await self._ask("GET", self.issuer.rstrip("/") + WELL_KNOWN)
        if told.get("issuer") != self.issuer:
            raise ProviderAway
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        return Endpoints(*(_endpoint(told.get(name), self.issuer) for name in names))

    async def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        """A JSON object of bounded size within bounded time. A refusal of a POST is `BadToken`."""
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                httpx2.AsyncClient(transport=self._transport, follow_redirects=False) as client,
                client.stream(method, url, headers={"accept": "application/json"}, **more) as answer,
            ):
                if method == "POST" and answer.status_code in (400, 401):
                    raise BadToken
                if answer.status_code != 200:
                    raise ProviderAway(retry_after_s=5)
                told = strict_json.loads(await _read(answer))
        except (BadToken, ProviderAway):
            raise
        except (httpx2.HTTPError, OSError, ValueError, Fault):  # OSError: also TimeoutError
            raise ProviderAway(retry_after_s=5) from None
        if not isinstance(told, dict):
            raise ProviderAway(retry_after_s=5)
        return told


async def _read(answer: httpx2.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > LARGEST:
            raise ProviderAway(retry_after_s=5)
    return bytes(body)


def _endpoint(url: object, issuer: str) -> str:
    """Encrypted; in the clear only on this machine, and only where the issuer is there too."""
    if not isinstance(url, str) or not is_safe(url) or (url.startswith("http:") and issuer.startswith("https:")):
        raise ProviderAway
    return url


def _keys(told: dict[str, Any]) -> tuple[Key, ...]:
    """Public keys for signatures; what we can't use is passed over."""
    listed = told.get("keys")
    if not isinstance(listed, list):
        raise ProviderAway
    found: list[Key] = []
    for one in listed[:MOST_KEYS]:
        if isinstance(one, dict) and one.get("kty") in jwt.KEY_TYPES.values():
            try:
                found += KeySet.import_key_set({"keys": [one]}).keys
            except (JoseError, ValueError, TypeError):
                continue
    return tuple(found)


def _choice(known: Known, head: jwt.Header) -> Key | None:
    """The key that is named; without a name, the only one that fits."""
    fitting = [key for key in known.keys if jwt.fits(key, head)]
    return fitting[0] if len(fitting) == 1 else None
