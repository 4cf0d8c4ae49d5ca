"""Everything that is kept of a person, as the tags of the columns say, for people and machines to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.database import ReadSession
from kit.fields import week_of
from kit.local_time import mask_from_bytes
from kit.tables import PURPOSES, RETENTIONS
from privacy import queries
from privacy.tags import columns, tables

SECRETS = {("accounts", "password_hash"), ("sign_ins", "token_hash"), ("stored_answers", "fingerprint")}
"""What only we can use, and nobody should see: the hash of a password says nothing about its owner to the owner."""

READABLE: Mapping[tuple[str, str], Callable[[Any], Any]] = {
    ("customers", "calling_hours"): lambda hours: week_of(mask_from_bytes(hours)),
    ("stored_answers", "body"): lambda body: bytes(body).decode(errors="replace"),
}


async def export(
    session: ReadSession, paths: Mapping[str, str], person: UUID, encoded: str, now: datetime
) -> dict[str, Any]:
    """By table: why it is kept, for how long, and the rows. Tables that hold nothing are left out."""
    told: dict[str, Any] = {}
    for table in tables():
        if table.name not in paths:
            continue
        names = [name for name in columns(table, "personal", "pseudonymous") if (table.name, name) not in SECRETS]
        found = await queries.rows(session, table.name, names, paths[table.name], person, encoded)
        if found:
            told[table.name] = {
                "purpose": PURPOSES[table.info["purpose"]],
                "kept": RETENTIONS[table.info["retention"]],
                "rows": [_readable(table.name, row) for row in found],
            }
    return {"person": encoded, "exported_at": now, "data": told}


def _readable(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(table, name, value) for name, value in row.items()}


def _value(table: str, name: str, value: Any) -> Any:
    if value is None:
        return None
    if (table, name) in READABLE:
        return READABLE[table, name](value)
    return value.hex() if isinstance(value, bytes) else value
