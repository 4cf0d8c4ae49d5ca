"""Who did what: for auditors and admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from accounts.principal import Principal
from api.dependencies import Read, requires
from api.rendering import Paging
from api.transactional import TransactionalRoute
from audit import service
from audit.queries import Search
from audit.schemas import Entries
from kit.wire import Moment

router = APIRouter(prefix="/v1/audit", tags=["Audit"], route_class=TransactionalRoute)

Reader = Annotated[Principal, requires("admin", "auditor")]
Code = Annotated[str | None, Query(max_length=100, pattern=r"^[A-Za-z0-9_.:-]+$")]


@router.get("", summary="Search the audit")
async def listed(
    _: Reader,
    session: Read,
    page: Paging,
    subject: Code = None,
    actor: Code = None,
    action: Code = None,
    since: Annotated[Moment | None, Query(description="From this instant on.")] = None,
    until: Annotated[Moment | None, Query(description="Before this instant.")] = None,
) -> Entries:
    """The newest first: by what was changed (`con_…`, `DE`), by who did it (`acc_…`, `key_…`, `loop:deadlines`),
    by what was done (`contact.offered`). Ids and codes only."""
    found = await service.search(session, Search(subject, actor, action, since, until), page.after, page.limit)
    return Entries(
        items=[service.shown(row) for row in found],
        next=page.next_after(found, lambda row: [row["epoch"], row["xid"], row["id"]]),
    )
