"""Who comes too often is sent away with 429 before anything is done for them: people and machines each on their own
account, strangers by the address that they come from.

The switch is counted apart from everybody, and by default not at all: a call finds its way whatever else goes on.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from prometheus_client import Counter
from starlette.types import Scope

from accounts.principal import Principal
from kit.errors import TooManyRequests
from kit.metrics import Metrics
from kit.rates import Counting, Rate
from kit.settings import Settings


class Limits:
    """Those of one process; the names are those of the settings, without `limit_`."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        texts = {
            "people": settings.limit_people,
            "machines": settings.limit_machines,
            "telephony": settings.limit_telephony,
            "strangers": settings.limit_strangers,
            "sign_ins": settings.limit_sign_ins,
        }
        self._countings = {name: Counting(Rate.parse(text)) for name, text in texts.items()}
        self._refused = Counter(
            "durchwahl_rate_limited", "Requests of those who came too often.", ("limit",), registry=metrics.registry
        )

    def known(self, principal: Principal, now: datetime, *, at_the_switchs: bool = False) -> None:
        """Somebody recognised; `at_the_switchs` door they are counted apart. Raises `TooManyRequests`."""
        by_kind = "machines" if principal.kind == "machine" else "people"
        self._hit("telephony" if at_the_switchs else by_kind, principal.name_for_keys, now)

    def stranger(self, scope: Scope, now: datetime) -> None:
        """Somebody without credentials, or with bad ones. Raises `TooManyRequests`."""
        self._hit("strangers", address(scope), now)

    def sign_in(self, scope: Scope, now: datetime) -> None:
        """Somebody who tries a password. Raises `TooManyRequests`."""
        self._hit("sign_ins", address(scope), now)

    def _hit(self, limit: str, name: str, now: datetime) -> None:
        wait = self._countings[limit].hit(name, now)
        if wait:
            self._refused.labels(limit).inc()
            raise TooManyRequests(retry_after_s=wait)


def address(scope: Scope) -> str:
    """Where a request comes from; behind a proxy that is trusted, as that one says. Of IPv6 the network, since a
    household has 2^64 addresses."""
    client = scope.get("client")
    return "" if client is None else _network(client[0])


@lru_cache(maxsize=4096)
def _network(host: str) -> str:
    try:
        parsed = ip_address(host)
    except ValueError:
        return host
    if not isinstance(parsed, IPv6Address):
        return host
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
