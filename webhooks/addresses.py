"""Where we may be sent: the rules for a receiver's URL and for the addresses behind its name. Pure.

A subscriber says where we connect to, from inside of the network. So an address is judged after the name was
resolved, at every attempt, and the connection goes to the very address that was judged.

Rules
- `https`, except outside of production; no user, no fragment; a host of letters, digits, dots and hyphens, or an
  address.
- The address is of the public internet. Not private, shared (CGNAT), loopback, link-local, multicast, reserved,
  nor one of these wrapped in IPv6 (mapped, 6to4, NAT64, Teredo).
- Networks that the operator lists may be private, shared or loopback all the same; what clouds tell about a machine
  stays out of reach.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

LONGEST = 2000
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(\.{LABEL})*")
NUMERIC = re.compile(r"(.*\.)?(\d+|0[xX][0-9A-Fa-f]*)")
"""Names that end in a number are other ways to write an address, which readers read differently."""

CHARACTERS = re.compile(r"[!-~]+", re.ASCII)

METADATA = frozenset(
    ip_address(text) for text in ("169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254")
)
"""Where clouds tell a machine about itself; the second is a public address, the third a shared one."""

NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "ff00::/8")
)
"""Not even for those whose network is listed: this host, link-local, multicast, reserved."""

INSIDE: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("::1/128", "fc00::/7", "fec0::/10", "100::/64", "2001:db8::/32", "3fff::/20", "5f00::/16"),
    )
)
"""Reached where the operator lists a network that has it."""

SIX_TO_FOUR, TEREDO = IPv6Network("2002::/16"), IPv6Network("2001::/32")
TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
COMPATIBLE = IPv6Network("::/96")


def networks(text: str) -> tuple[Network, ...]:
    """Networks apart by spaces. Raises `ValueError`."""
    return tuple(ip_network(one) for one in text.split())


def complaint_about_url(url: str, *, encrypted_only: bool, allowed: Sequence[Network]) -> str | None:
    """A code for what is wrong with it; None where nothing is. A name is judged when it is resolved."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "unreadable"
    if len(url) > LONGEST or not CHARACTERS.fullmatch(url) or "\\" in url or port == 0:
        return "unreadable"
    if parts.scheme not in ("https", "http"):
        return "not_https"
    if parts.scheme == "http" and encrypted_only:
        return "not_https"
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        return "with_credentials"
    if "#" in url:
        return "with_fragment"
    return _complaint_about_host(host, allowed)


def _complaint_about_host(host: str, allowed: Sequence[Network]) -> str | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None if HOST.fullmatch(host) and not NUMERIC.fullmatch(host) else "unreadable"
    return None if may_be_reached(address, allowed) else "address_not_allowed"


def may_be_reached(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether we connect to it; what wraps other addresses is as good as the worst of them."""
    return all(_may(one, allowed) for one in (address, *_wrapped(address)))


def _may(address: Address, allowed: Sequence[Network]) -> bool:
    if address in METADATA or _within(address, NEVER):
        return False
    if _wraps(address):
        return True  # judged by what is in it
    if _within(address, allowed):
        return True
    return not _within(address, INSIDE) and address.is_global


def _within(address: Address, these: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in these)


def _wraps(address: Address) -> bool:
    return next(iter(_wrapped(address)), None) is not None


def _wrapped(address: Address) -> tuple[IPv4Address, ...]:
    """IPv4 addresses to which packets for an IPv6 address may go."""
    if isinstance(address, IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    number = int(address)
    if address in SIX_TO_FOUR:
        return (IPv4Address(number >> 80 & 0xFFFFFFFF),)
    if address in TEREDO:
        return IPv4Address(number >> 64 & 0xFFFFFFFF), IPv4Address(~number & 0xFFFFFFFF)
    if any(address in network for network in TRANSLATED):
        return (IPv4Address(number & 0xFFFFFFFF),)
    if address in COMPATIBLE and number > 1:
        return (IPv4Address(number & 0xFFFFFFFF),)
    return ()
