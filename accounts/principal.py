"""Who is asking: a machine with a key, a person who signed in, or a customer with a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from kit.ids import encode


@dataclass(frozen=True, slots=True)
class Principal:
    """`name_for_keys` is the stable text under which its idempotency keys are kept, for example `key_01J…`."""

    kind: Literal["machine", "person", "customer"]
    id: UUID
    name_for_keys: str
    role: str | None = None
    scopes: frozenset[str] = frozenset()
    advisor_id: UUID | None = None
    sign_in_hash: bytes | None = None
    customer_ref: str | None = None
    grants: frozenset[str] = field(default=frozenset(), compare=False)

    def may(self, grant: str) -> bool:
        return grant in self.grants


def machine(identifier: UUID, scopes: frozenset[str]) -> Principal:
    return Principal("machine", identifier, encode("key", identifier), scopes=scopes, grants=scopes)


def customer(identifier: UUID, external_ref: str) -> Principal:
    """One customer, by their own reference; whatever else is asked for is not there."""
    return Principal(
        "customer",
        identifier,
        encode("cus", identifier),
        role="customer",
        customer_ref=external_ref,
        grants=frozenset(("customer",)),
    )


def person(
    identifier: UUID, role: str, advisor_id: UUID | None = None, sign_in_hash: bytes | None = None
) -> Principal:
    return Principal(
        "person",
        identifier,
        encode("acc", identifier),
        role=role,
        advisor_id=advisor_id,
        sign_in_hash=sign_in_hash,
        grants=frozenset((role,)),
    )
