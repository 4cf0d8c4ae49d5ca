"""Runs of the book on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from kit.fields import Code, MarketId, Ref
from kit.wire import Command, Moment, Shown

Kind = Literal["assign", "rebalance", "lend"]
RunState = Literal["computing", "ready", "applying", "applied", "undoing", "undone", "failed", "discarded"]
MoveState = Literal["planned", "done", "skipped", "undone", "kept"]

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class BookRunCommand(Command):
    """What shall be computed. Nothing moves before it is applied."""

    kind: Kind = Field(
        description="`assign`: an advisor for everybody who has none. `rebalance`: even books with few moves. "
        "`lend`: an advisor's customers to colleagues while the advisor is away for long; given back by undoing it."
    )
    market: MarketId | None = Field(default=None, description="Only customers of this market.")
    advisor: Code | None = Field(default=None, description="With `lend`: whose book.")
    move_budget: Annotated[int, Field(ge=0, le=100_000_000)] | None = Field(
        default=None, description="Most customers who may move without having to."
    )
    move_budget_share: Share | None = Field(
        default=None, description="The same as a share of the customers in it: 0.02 = at most 2 %.", examples=[0.02]
    )
    apply_at_once: bool = Field(default=False, description="Don't wait for somebody to look at the preview.")
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(
        default=0, description="The same book with the same seed gives the same plan."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.kind == "lend") != (self.advisor is not None):
            raise PydanticCustomError(
                "advisor_with_lend", "an advisor is named where a book is lent, and only there"
            )
        if self.move_budget is not None and self.move_budget_share is not None:
            raise PydanticCustomError("one_budget", "a number of moves or a share of the customers, not both")
        return self


class BookRunAnswer(Shown):
    """How far a run is. `done`, `skipped` and `undone` grow while it is carried out."""

    id: Code
    kind: Kind
    state: RunState
    since: Moment
    market: str | None
    advisor: Code | None
    requested_by: str
    requested_at: Moment
    terms: dict[str, Any]
    computed_at: Moment | None
    applied_at: Moment | None
    undo_until: Moment | None
    planned: int = Field(description="Customers who get another advisor, or their first.")
    done: int
    skipped: int = Field(description="Not moved, since the customer, the advisor or the room had changed.")
    undone: int
    figures: dict[str, Any] = Field(
        description="Of the plan: customers, first, forced, voluntary, unplaced, spreads, shortages."
    )
    failure: str | None


class BookRuns(Shown):
    """The newest first."""

    items: list[BookRunAnswer]
    next: str | None


class BookMoveAnswer(Shown):
    """A customer who moves. `why`: `first`, `forced` (the advisor leaves, or may not serve them any more) or
    `voluntary`; the decision has the candidates."""

    customer: Ref
    market: str
    from_advisor: Code | None
    from_name: str | None
    to_advisor: Code
    to_name: str
    why: Literal["first", "forced", "voluntary"]
    expected_s: int
    state: MoveState
    reason: str | None = Field(description="Why it was skipped or kept.")
    decision_id: Code


class BookMoves(Shown):
    items: list[BookMoveAnswer]
    next: str | None


class BookOfAdvisor(Shown):
    """An advisor's book before and after, in customers and expected seconds a month."""

    advisor: Code
    name: str
    customers_before: int
    customers_after: int
    load_before_s: int
    load_after_s: int
    cap_s: int
    target_s: int
    price: float


class BooksOfAdvisors(Shown):
    items: list[BookOfAdvisor]
    next: str | None
