"""Files in: customers, advisors and numbers, and advisors for many customers, with a report per line."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from accounts.principal import Principal
from api.bodies import UnreadableType
from api.dependencies import FromServices, requires, streamed
from api.door import still_admitted
from api.errors import problems
from api.kept import KeptBooks
from api.reports import LineReports
from api.services import Services
from api.transactional import TransactionalRoute
from customers.bulk import Activations, Customers
from customers.staff_bulk import Advisors
from direct_dial.bulk import Numbers
from kit import bulk
from kit.bulk import Importer, Report
from kit.records import Format

router = APIRouter(prefix="/v1", tags=["Files"], route_class=TransactionalRoute)

Admin = Annotated[Principal, requires("admin")]
Teller = Annotated[Principal, requires("admin", "control_center")]
ErrorsOnly = Annotated[bool, Query(description="Report only the lines that were refused.")]

_TYPES: dict[str, Format] = {"application/x-ndjson": "ndjson", "application/jsonl": "ndjson", "text/csv": "csv"}
_CHARSET = re.compile(r"; *charset=\"?utf-8\"? *", re.IGNORECASE)

FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            name: {"schema": {"type": "string", "format": "binary"}}
            for name in ("application/x-ndjson", "text/csv")
        },
    }
}
REPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A line per line: `line`, `outcome` (created, updated, skipped, error), `code` and `errors` "
        "of what was refused; last `done` with the counts, or `stopped` with the reason.",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    },
    **problems(415, 503),
}
WHY = "files have any size; the same file again changes nothing, which serves in place of a key"


@router.post(
    "/imports/customers",
    summary="Bring in customers",
    openapi_extra=FILE,
    responses=REPORT,
    status_code=200,
    response_class=LineReports,
)
@streamed(WHY)
async def customers(
    _: Teller, request: Request, services: FromServices, errors_only: ErrorsOnly = False
) -> Response:
    """NDJSON or CSV, a customer per line as in `PUT /v1/customers/{external_ref}` with `external_ref`. In CSV lists
    are written `de|en`. Good lines are kept, each bad one is reported; whoever was interrupted repeats."""
    return _reports(Customers(), request, services, errors_only)


@router.post(
    "/imports/advisors",
    summary="Bring in advisors",
    openapi_extra=FILE,
    responses=REPORT,
    status_code=200,
    response_class=LineReports,
)
@streamed(WHY)
async def advisors(_: Admin, request: Request, services: FromServices, errors_only: ErrorsOnly = False) -> Response:
    """An advisor per line as in `POST /v1/advisors`; in CSV skills are written `dns:3|mail:1`."""
    return _reports(Advisors(), request, services, errors_only)


@router.post(
    "/imports/numbers",
    summary="Bring in numbers",
    openapi_extra=FILE,
    responses=REPORT,
    status_code=200,
    response_class=LineReports,
)
@streamed(WHY)
async def numbers(_: Admin, request: Request, services: FromServices, errors_only: ErrorsOnly = False) -> Response:
    """`number`, `market`, and if need be `kind` and `trunk`, the beginning that the number's block shares."""
    return _reports(Numbers(), request, services, errors_only)


@router.post(
    "/activations",
    summary="Activate many",
    openapi_extra=FILE,
    responses=REPORT,
    status_code=200,
    response_class=LineReports,
)
@streamed(WHY)
async def activations(
    _: Annotated[Principal, requires("control_center", "supervisor")],
    request: Request,
    services: FromServices,
    books: KeptBooks,
    errors_only: ErrorsOnly = False,
) -> Response:
    """A customer per line, as in `POST …/advisor` with `external_ref`. Whoever has an advisor keeps them
    (`skipped`)."""
    return _reports(Activations(books), request, services, errors_only)


def _reports(importer: Importer[Any], request: Request, services: Services, errors_only: bool) -> Response:
    lines = bulk.lines_of(request.stream(), _format(request), importer)
    batches = bulk.run(services.database, importer, lines, services.clock.now, services.new_id)
    return LineReports(_while_admitted(batches, request, services), errors_only=errors_only)


async def _while_admitted(
    batches: AsyncIterator[list[Report]], request: Request, services: Services
) -> AsyncIterator[list[Report]]:
    """A file takes minutes; whose key is revoked meanwhile brings in no further batch."""
    async for reports in batches:
        yield reports
        await still_admitted(request.scope, services)


def _format(request: Request) -> Format:
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    found = _TYPES.get(kind.strip().lower())
    if found is None or (parameters and not _CHARSET.fullmatch(f";{parameters}")):
        raise UnreadableType
    return found
