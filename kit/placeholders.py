"""Secrets that everybody knows, and addresses that are nobody's."""

from __future__ import annotations

PLACEHOLDERS = frozenset(
    {
        *("admin", "change-me", "change_me", "changeme", "default", "durchwahl", "example", "insecure", "letmein"),
        *("password", "placeholder", "postgres", "secret", "test", "todo", "12345678", "0123456789abcdef"),
    }
)
"""Words of documentations; whoever tries to get in tries them first."""

RESERVED = ("example", "example.com", "example.net", "example.org", "invalid", "localhost", "test")
"""Domains that are kept for documentations (RFC 2606, RFC 6761)."""


def is_placeholder(secret: str) -> bool:
    """A word of the documentation, or one character again and again."""
    return secret.strip().lower() in PLACEHOLDERS or len(set(secret)) < 4


def is_nobodys(address: str) -> bool:
    """An address, or `Name <address>`, in a domain that can belong to nobody."""
    domain = address.rpartition("@")[2].strip(" >.").lower()
    return any(domain == one or domain.endswith(f".{one}") for one in RESERVED)
