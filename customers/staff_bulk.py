"""Advisors from a file, with desk group and book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from advisors.service import Put
from customers import staff
from customers.staff import Names, Prepared
from customers.staff_schemas import AdvisorRow
from kit.bulk import Done
from kit.database import ReadSession, Session
from kit.errors import Fault
from kit.ids import IdMaker, encode
from kit.records import Columns, whole

NOBODY = Names({}, {}, frozenset())


class Advisors:
    """Creates and replaces advisors by reference; sites and desk groups, by id or name, are there already.

    In a CSV cell skills are written `dns:3|mail:1`, or `dns:3:2027-01-01T00:00:00Z` with the certificate's end.
    """

    name = "advisors"
    columns = Columns(
        names=frozenset(AdvisorRow.model_fields),
        lists=frozenset({"languages", "markets", "skills"}),
        documents=frozenset({"working_pattern", "book"}),
        numbers=frozenset({"phone_capacity", "chat_capacity", "email_capacity"}),
    )
    batch = 200

    def __init__(self) -> None:
        self._names = NOBODY

    async def prepare(self, session: ReadSession, /) -> None:
        self._names = await staff.names(session)

    def read(self, value: Mapping[str, Any]) -> tuple[str, Prepared]:
        row = AdvisorRow.model_validate({**value, **_skills(value)})
        return row.external_ref, staff.prepared(row, self._names)

    def key(self, record: tuple[str, Prepared]) -> str:
        return record[0]

    async def write(
        self, session: Session, records: Sequence[tuple[str, Prepared]], now: datetime, new_id: IdMaker, /
    ) -> list[Done | Fault]:
        put = await staff.put_many(session, dict(records), now, new_id)
        return [_done(put.ids[ref], put) for ref, _ in records]


def _skills(value: Mapping[str, Any]) -> dict[str, Any]:
    """Skills as objects, also where they are written as texts."""
    written = value.get("skills")
    if not isinstance(written, list):
        return {}
    return {"skills": [_skill(one) if isinstance(one, str) else one for one in written]}


def _skill(text: str) -> dict[str, Any]:
    skill, *more = text.split(":", 2)
    parts = [skill, *map(whole, more[:1]), *more[1:]]
    return dict(zip(("skill", "level", "valid_until"), parts, strict=False))


def _done(advisor_id: Any, put: Put) -> Done:
    more = {"id": encode("adv", advisor_id)}
    if advisor_id in put.created:
        return Done("created", more)
    return Done("updated" if advisor_id in put.changed else "skipped", more)
