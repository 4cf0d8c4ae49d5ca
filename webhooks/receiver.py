"""Sends one message to one receiver: the name is resolved once, judged, and the connection goes to that address.

No redirect is followed, no proxy asked, no connection kept for somebody else; of the answer only the status and
`Retry-After` are looked at.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from ipaddress import ip_address
from typing import Protocol

import httpx2

from webhooks.addresses import Network, complaint_about_url, may_be_reached
from webhooks.schedule import Answer

MOST_READ = 4096
"""Bytes of an answer that are read, so that a polite server is not cut off; none is kept."""

MOST_ADDRESSES = 3
SECONDS = re.compile(r"\d{1,6}", re.ASCII)


class Unreached(Exception):
    """No answer; `code` says why: `timeout`, `unresolved`, `unreachable`, `tls`, or what is wrong
    with its address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Receivers(Protocol):
    """The outside, as we need it."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises `Unreached`."""


Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system finds them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


class OverHttp:
    """The real one."""

    def __init__(
        self,
        allowed: Sequence[Network],
        timeout: timedelta,
        *,
        encrypted_only: bool = True,
        resolve: Resolve = resolve,
    ) -> None:
        self._allowed, self._timeout_s, self._encrypted_only = allowed, timeout.total_seconds(), encrypted_only
        self._resolve = resolve
        self._trust: ssl.SSLContext | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Whatever it does, it takes no longer than the time-out."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(httpx2.URL(self._checked(url)), headers, body)
        except (TimeoutError, httpx2.TimeoutException):
            raise Unreached("timeout") from None
        except httpx2.InvalidURL:
            raise Unreached("unreadable") from None
        except httpx2.HTTPError as error:
            raise Unreached("tls" if _is_tls(error) else "unreachable") from None

    def _checked(self, url: str) -> str:
        """The rules of today, not of the day on which it was written down."""
        complaint = complaint_about_url(url, encrypted_only=self._encrypted_only, allowed=self._allowed)
        if complaint is not None:
            raise Unreached(complaint)
        return url

    async def _post(self, url: httpx2.URL, headers: Mapping[str, str], body: bytes) -> Answer:
        addresses = await self._judged(url)
        for address in addresses[:-1]:
            try:
                return await self._ask(url, address, headers, body)
            except httpx2.ConnectError:
                continue
        return await self._ask(url, addresses[-1], headers, body)

    async def _judged(self, url: httpx2.URL) -> Sequence[str]:
        """Where to connect to. One bad address spoils the name: nobody honest has such a mixture."""
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = list(dict.fromkeys(await self._resolve(url.host, port)))
        except OSError:
            raise Unreached("unresolved") from None
        if not found:
            raise Unreached("unresolved")
        if not all(may_be_reached(ip_address(one.partition("%")[0]), self._allowed) for one in found):
            raise Unreached("address_not_allowed")
        return found[:MOST_ADDRESSES]

    async def _ask(self, url: httpx2.URL, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The connection goes to the address; certificate and `Host` are those of the name."""
        pinned = url.copy_with(host=address)
        named = {**headers, "host": url.netloc.decode("ascii")}
        async with (
            httpx2.AsyncClient(verify=self._trusted(), trust_env=False, timeout=self._timeout_s) as client,
            client.stream(
                "POST", pinned, headers=named, content=body, extensions={"sni_hostname": url.host}
            ) as answer,
        ):
            await _read_a_little(answer)
            return Answer(answer.status_code, _retry_after(answer.headers.get("retry-after", "")))

    def _trusted(self) -> ssl.SSLContext:
        """Made once, as reading the authorities takes some 20 ms."""
        if self._trust is None:
            self._trust = ssl.create_default_context()
        return self._trust


async def _read_a_little(answer: httpx2.Response) -> None:
    read = 0
    async for chunk in answer.aiter_raw():
        read += len(chunk)
        if read >= MOST_READ:
            return


def _retry_after(text: str) -> int | None:
    return int(text) if SECONDS.fullmatch(text) else None


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
