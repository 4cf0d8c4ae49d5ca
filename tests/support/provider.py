"""An identity provider in this process: discovery, codes and tokens as real ones have, signed with real keys."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.clock import Clock

ISSUER, CLIENT, AUDIENCE = "https://id.example", "durchwahl", "durchwahl-api"
PUBLIC_URL = "https://desk.example"
SETTINGS: dict[str, Any] = {
    "oidc_issuer": ISSUER,
    "oidc_client_id": CLIENT,
    "oidc_audience": AUDIENCE,
    "public_url": PUBLIC_URL,
}
"""For `settings.model_copy(update=…)`."""


@cache
def rsa(kid: str) -> RSAKey:
    """Made once, as it takes a while."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@cache
def ec(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


@dataclass
class FakeProvider:
    """`keys` are those that it tells of, `asked` counts by path, `answers` takes an answer's place."""

    clock: Clock
    keys: list[Key] = field(default_factory=lambda: [rsa("k1")])
    asked: Counter[str] = field(default_factory=Counter)
    answers: dict[str, Response | Exception] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def transport(self) -> httpx2.ASGITransport:
        paths = {
            "/.well-known/openid-configuration": self._discovery,
            "/keys": self._keys,
            "/token": self._token,
        }
        routes = [Route(path, self._counted(path, work), methods=["GET", "POST"]) for path, work in paths.items()]
        return httpx2.ASGITransport(app=Starlette(routes=routes))

    def _counted(self, path: str, work: Any) -> Any:
        async def answer(request: Request) -> Response:
            self.asked[path] += 1
            instead = self.answers.get(path)
            if isinstance(instead, Exception):
                raise instead
            return instead or await work(request)

        return answer

    async def _discovery(self, _: Request) -> Response:
        return JSONResponse(self.discovery())

    def discovery(self, **more: Any) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            **more,
        }

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def _token(self, request: Request) -> Response:
        """As a provider with PKCE has it: a code is good once, for who began and who has the verifier."""
        form = {name: value[0] for name, value in parse_qs((await request.body()).decode()).items()}
        begun = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if begun is None or begun["code_challenge"] != challenge or begun["redirect_uri"] != form["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": begun["id_token"]})

    def authorize(self, location: str, *, sub: str = "anna", key: Key | None = None, **more: Any) -> dict[str, str]:
        """Somebody signs in there: what the browser brings back. `more` goes into the ID token."""
        asked = {name: value[0] for name, value in parse_qs(urlsplit(location).query).items()}
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        claims = {"nonce": asked["nonce"], "aud": CLIENT, "sub": sub, **more}
        self.codes[code] = {**asked, "id_token": self.signed(claims, key=key)}
        return {"code": code, "state": asked["state"]}

    def signed(self, claims: dict[str, Any], *, key: Key | None = None, alg: str = "RS256", **header: Any) -> str:
        """A token in force for five minutes; a claim that is None is left out."""
        now = int(self.clock.now().timestamp())
        whole = {"iss": ISSUER, "iat": now, "exp": now + 300, **claims}
        key = key or self.keys[0]
        head = {"alg": alg, **({"kid": key.kid} if key.kid else {}), **header}
        kept = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(head, kept, key, algorithms=[alg])

    def access(self, sub: str = "anna", **more: Any) -> str:
        return self.signed({"aud": AUDIENCE, "sub": sub, **more}, typ="at+jwt")

    def logout(self, **claims: Any) -> str:
        events: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        told = {"aud": CLIENT, "jti": secrets.token_hex(8), "events": events, **claims}
        return self.signed(told, typ="logout+jwt")


def forged(claims: dict[str, Any], alg: str, secret: bytes, now: int) -> str:
    """As no library makes it: `none`, or a public key taken for a shared secret."""
    import hmac

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    whole = {"iss": ISSUER, "iat": now, "exp": now + 300, **claims}
    text = f"{part({'alg': alg, 'kid': 'k1'})}.{part(whole)}"
    signature = b"" if alg == "none" else hmac.digest(secret, text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode() or 'AA'}"
