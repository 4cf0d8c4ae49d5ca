"""The whole book: assigned, rebalanced, lent; previewed, applied, undone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from accounts.principal import Principal
from api.dependencies import NewId, Now, Read, Write, requires
from api.errors import problems
from api.rendering import Paging, reference
from api.transactional import TransactionalRoute
from books import public, queries, service
from books.schemas import BookMoves, BookRunAnswer, BookRunCommand, BookRuns, BooksOfAdvisors, MoveState
from books.service import Asked
from books.skill_schemas import SkillsAnswer
from kit.ids import decode

router = APIRouter(prefix="/v1/book-runs", tags=["Book"], route_class=TransactionalRoute)

Planner = Annotated[Principal, requires("supervisor", "admin")]
Reader = Annotated[Principal, requires("supervisor", "admin", "auditor")]


@router.post("", status_code=202, summary="Compute a plan for the book", responses=problems(404, 409))
async def request(_: Planner, wanted: BookRunCommand, session: Write, now: Now, new_id: NewId) -> BookRunAnswer:
    """Computed in the background; ask again, or follow `book_run.changed`. 409 `book-run-in-progress` while another
    is worked on."""
    asked = Asked(
        kind=wanted.kind,
        market_id=wanted.market,
        advisor_id=reference("adv", wanted.advisor, "/advisor"),
        apply_at_once=wanted.apply_at_once,
        terms=wanted.model_dump(include={"move_budget", "move_budget_share", "seed"}),
    )
    return public.run(await service.request(session, asked, now, new_id))


@router.get("", summary="List plans for the book")
async def listed(_: Reader, session: Read, page: Paging) -> BookRuns:
    """The newest first."""
    rows = await queries.page(session, page.after_id(), page.limit)
    return BookRuns(items=[public.run(row) for row in rows], next=page.next_after(rows, lambda row: [row["id"]]))


@router.get("/{run_id}", summary="Read a plan for the book")
async def get(_: Reader, run_id: str, session: Read) -> BookRunAnswer:
    return public.run(await service.get(session, decode("run", run_id)))


@router.get("/{run_id}/moves", summary="Who moves, and why")
async def moves(
    _: Reader,
    run_id: str,
    session: Read,
    page: Paging,
    state: Annotated[MoveState | None, Query(description="Only moves in this state.")] = None,
) -> BookMoves:
    run = await service.get(session, decode("run", run_id))
    rows = await queries.moves_page(session, run["id"], page.after_id(), state, page.limit)
    items = [public.move(row) for row in rows]
    return BookMoves(items=items, next=page.next_after(rows, lambda row: [row["customer_id"]]))


@router.get("/{run_id}/books", summary="Each advisor's book before and after")
async def books(_: Reader, run_id: str, session: Read, page: Paging) -> BooksOfAdvisors:
    run = await service.get(session, decode("run", run_id))
    rows = await queries.advisors_page(session, run["id"], page.after_id(), page.limit)
    items = [public.of_advisor(row) for row in rows]
    return BooksOfAdvisors(items=items, next=page.next_after(rows, lambda row: [row["advisor_id"]]))


@router.get("/{run_id}/skills", summary="Skills against demand", responses=problems(409))
async def skills(_: Reader, run_id: str, session: Read) -> SkillsAnswer:
    """Which skills are short by market and desk group, what training of whom would help most, which certificates
    end within 90 days. About skills and demand alone, never about how somebody works. 409 `no-skill-report` while
    the plan is computed, and where it is older than 90 days."""
    return public.skills(await service.skills(session, decode("run", run_id)))


@router.post("/{run_id}/apply", status_code=202, summary="Apply a plan", responses=problems(409))
async def apply(_: Planner, run_id: str, session: Write, now: Now) -> BookRunAnswer:
    """Only on the book from which it was computed: 409 `book-has-changed` otherwise. Carried out in the background;
    who has changed meanwhile is left alone."""
    return public.run(await service.apply(session, decode("run", run_id), now))


@router.post("/{run_id}/undo", status_code=202, summary="Undo a plan", responses=problems(409))
async def undo(_: Planner, run_id: str, session: Write, now: Now) -> BookRunAnswer:
    """Within 30 days: whoever still has the advisor whom the plan gave them goes back. A loan is given back so, at
    any time."""
    return public.run(await service.undo(session, decode("run", run_id), now))


@router.post("/{run_id}/discard", summary="Discard a preview", responses=problems(409))
async def discard(_: Planner, run_id: str, session: Write, now: Now) -> BookRunAnswer:
    return public.run(await service.discard(session, decode("run", run_id), now))
