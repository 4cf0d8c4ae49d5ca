"""Who is asking: a machine with a key or a person who signed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from kit.ids import encode


@dataclass(frozen=True, slots=True)
class Principal:
    """`name_for_keys` is the stable text under which its idempotency keys are kept, for example `key_01J…`."""

    kind: Literal["machine", "person"]
    id: UUID
    name_for_keys: str
    role: str | None = None
    scopes: frozenset[str] = frozenset()
    advisor_id: UUID | None = None
    sign_in_hash: bytes | None = None
    grants: frozenset[str] = field(default=frozenset(), compare=False)

    def may(self, grant: str) -> bool:
        return grant in self.grants


def machine(identifier: UUID, scopes: frozenset[str]) -> Principal:
    return Principal("machine", identifier, encode("key", identifier), scopes=scopes, grants=scopes)


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
