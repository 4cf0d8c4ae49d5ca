"""Roles of people, scopes of machines. No grant implies another; a route names all that it lets in."""

from __future__ import annotations

from accounts.models import ROLES, SCOPES

CUSTOMER = "customer"
"""What a customer's token grants, and only on what is the customer's own."""

GRANTS = frozenset((*ROLES, *SCOPES, CUSTOMER))

EVERYBODY = ROLES
"""Every person who signs in, whatever the role."""

DESK = ("advisor", "lead", "supervisor")
"""Who works at a desk or looks after those who do."""


def checked(grants: tuple[str, ...]) -> frozenset[str]:
    """The grants as a set; a name that nobody can have is a mistake of the programmer."""
    unknown = set(grants) - GRANTS
    if unknown or not grants:
        raise ValueError(f"not a grant: {sorted(unknown)}" if unknown else "no grant named")
    return frozenset(grants)
