"""The servers that one URL names, and which of them takes writes at this moment.

`postgresql://a,b:5433/db?target_session_attrs=read-write`, or `?host=/run/a,/run/b`. Where there are several, the
one that takes writes is wanted unless the URL says otherwise; the one that was right last is asked first.

- Each host has its share of the time for connecting, so one that swallows everything delays the others by less than
  that, and only the first connection after a failover.
- When no host will do, the next attempts are refused without asking anybody for a moment that grows (50 to 500 ms):
  hundreds of requests would otherwise knock at a server that is just starting.
- A host that refuses the password ends the attempt: the others would as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import zip_longest
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg
from asyncpg.connect_utils import SessionAttribute

Raw: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

FIRST_REST_S, LONGEST_REST_S = 0.05, 0.5
ATTRIBUTE = "target_session_attrs"
NOT_THIS_ONE = (
    OSError,  # also what was too late
    asyncpg.TargetServerAttributeNotMatched,
    asyncpg.OperatorInterventionError,  # starting up, shutting down
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidCatalogNameError,  # a standby to which a new database has not come yet
)


class NobodyThere(ConnectionError):
    """No host of the URL will do, or they are given a moment's rest."""


class Hosts:
    """One URL's hosts, and which of them was right last."""

    def __init__(self, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.urls, wanted = split(url)
        self._wanted = SessionAttribute(wanted) if wanted else None
        self._monotonic = monotonic
        self._first = 0
        self._failures, self._rests_until = 0, float("-inf")

    async def connect(self, timeout_s: float, **options: Any) -> Raw:
        """A connection to the first host that will do. Raises `NobodyThere` or what the last of them said."""
        if self._monotonic() < self._rests_until:
            raise NobodyThere("the database was away a moment ago")
        began = self._monotonic()
        said: Exception | None = None
        for asked in range(len(self.urls)):
            number = (self._first + asked) % len(self.urls)
            left_s = timeout_s - (self._monotonic() - began)
            try:
                found = await self._ask(number, left_s / (len(self.urls) - asked), options)
            except NOT_THIS_ONE as error:
                said = error
            else:
                self._first, self._failures = number, 0
                return found
        self._rest()
        assert said is not None
        raise said if len(self.urls) == 1 else NobodyThere("no host of the database will do") from said

    @property
    def last(self) -> str:
        """The URL of the host that was right last, alone."""
        return self.urls[self._first]

    async def _ask(self, number: int, timeout_s: float, options: dict[str, Any]) -> Raw:
        url, wanted = self.urls[number], self._wanted
        return await asyncpg.connect(url, timeout=max(timeout_s, 0.001), target_session_attrs=wanted, **options)

    def _rest(self) -> None:
        if self._monotonic() >= self._rests_until:  # those that failed together count once
            self._failures += 1
            rest_s = min(FIRST_REST_S * 2 ** min(self._failures - 1, 10), LONGEST_REST_S)
            self._rests_until = self._monotonic() + rest_s


def split(url: str) -> tuple[list[str], str | None]:
    """A URL for each host, and which kind of server is wanted: read-write where there are several."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    wanted = query.pop(ATTRIBUTE, None)
    who, at, netloc = parts.netloc.rpartition("@")
    named = query.pop("host", "").split(",")
    ports = query.pop("port", "").split(",")
    found = [
        urlunsplit(parts._replace(netloc=f"{who}{at}{host}", query=_query(query, name, port)))
        for host, name, port in _places(netloc.split(","), named, ports)
    ]
    return found, wanted or ("read-write" if len(found) > 1 else None)


def _places(hosts: list[str], named: list[str], ports: list[str]) -> list[tuple[str, str, str]]:
    """(host in the authority, host in the query, port in the query) of each; one port does for all."""
    longest = max(len(hosts), len(named))
    ports = ports * longest if len(ports) == 1 else ports
    return list(zip_longest(hosts, named, ports[:longest], fillvalue=""))


def _query(query: dict[str, str], host: str, port: str) -> str:
    here = {name: value for name, value in (("host", host), ("port", port)) if value}
    return urlencode({**query, **here}, safe="/")


def takes_writes(connection: Raw) -> bool:
    """Whether its server took writes when it last answered: since PostgreSQL 14, servers say when that changes."""
    settings: Any = connection.get_settings()
    return "on" not in (
        getattr(settings, "in_hot_standby", "off"),
        getattr(settings, "default_transaction_read_only", "off"),
    )
