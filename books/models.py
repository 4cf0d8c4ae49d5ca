"""Runs of the book and what each of them moves."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Float, ForeignKeyConstraint, Index, PrimaryKeyConstraint, Text, text
from sqlmodel import Field, SQLModel

from books.states import BUSY, MOVE, RUN
from kit.tables import Instant, Json, kept, one_of

KINDS = ("assign", "rebalance", "lend")
WHYS = ("first", "forced", "voluntary")

_BUSY = "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(BUSY)))


@kept("relationship", "company", codes="kind state market_id requested_by terms figures failure lane")
class BookRun(SQLModel, table=True):
    """One solve of the book, previewed, applied, undone.

    `terms` is what was asked for, `figures` what came out. `computing_until` is the lease of whoever computes:
    after it somebody else begins anew. `lane` is the same for all, so one index keeps two from being worked on.
    """

    __tablename__ = "book_runs"
    __table_args__ = (
        one_of("kind", KINDS, "ck_book_runs_kind"),
        one_of("state", RUN.states, "ck_book_runs_state"),
        CheckConstraint("(kind = 'lend') = (advisor_id IS NOT NULL)", name="ck_book_runs_advisor"),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="ck_book_runs_failure"),
        Index("ux_book_runs_busy", "lane", unique=True, postgresql_where=text(_BUSY)),
        {"postgresql_with": {"fillfactor": "50"}},
    )

    id: UUID = Field(primary_key=True)
    lane: str = Field(default="book", sa_type=Text)
    kind: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    since: datetime = Field(sa_type=Instant)
    market_id: str | None = Field(default=None, foreign_key="markets.id", sa_type=Text)
    advisor_id: UUID | None = Field(default=None, foreign_key="advisors.id")
    requested_by: str = Field(sa_type=Text)
    requested_at: datetime = Field(sa_type=Instant)
    terms: dict[str, Any] = Field(sa_type=Json)
    apply_at_once: bool = False
    computing_until: datetime | None = Field(default=None, sa_type=Instant)
    computed_at: datetime | None = Field(default=None, sa_type=Instant)
    directory_version: int | None = None
    applied_at: datetime | None = Field(default=None, sa_type=Instant)
    undo_until: datetime | None = Field(default=None, sa_type=Instant)
    planned: int = 0
    done: int = 0
    skipped: int = 0
    undone: int = 0
    figures: dict[str, Any] = Field(sa_type=Json)
    failure: str | None = Field(default=None, sa_type=Text)


@kept("relationship", "advisor", "pseudonymous")
class BookRunAdvisor(SQLModel, table=True):
    """What a run makes of one advisor's book: customers, expected seconds a month, and the price of the solve."""

    __tablename__ = "book_run_advisors"
    __table_args__ = (PrimaryKeyConstraint("run_id", "advisor_id"),)

    run_id: UUID = Field(foreign_key="book_runs.id")
    advisor_id: UUID = Field(foreign_key="advisors.id")
    customers_before: int
    customers_after: int
    load_before_s: int
    load_after_s: int
    cap_s: int
    target_s: int
    price: float = Field(sa_type=Float)


@kept("staffing", "skills", "pseudonymous", codes="report")
class BookRunSkills(SQLModel, table=True):
    """What a run says of skills against demand, as it is answered; apart from the run, whose row is written often.

    It names advisors by their ids: whose skill is certified until when, and what learning another would help.
    """

    __tablename__ = "book_run_skills"

    run_id: UUID = Field(primary_key=True, foreign_key="book_runs.id")
    made_at: datetime = Field(sa_type=Instant)
    report: dict[str, Any] = Field(sa_type=Json)


@kept("relationship", "customer", "pseudonymous", codes="market_id why state reason")
class BookMove(SQLModel, table=True):
    """A customer goes from one advisor (none at first) to another.

    `from_relationship` is what it was computed from: where that is no longer current, the move is skipped.
    `may_exceed`: beyond the cap, since otherwise nobody would be there for them; the book is flagged then.
    """

    __tablename__ = "book_moves"
    __table_args__ = (
        PrimaryKeyConstraint("run_id", "customer_id"),
        ForeignKeyConstraint(["customer_id", "market_id"], ["customers.id", "customers.market_id"]),
        one_of("why", WHYS, "ck_book_moves_why"),
        one_of("state", MOVE.states, "ck_book_moves_state"),
        CheckConstraint("(why = 'first') = (from_advisor IS NULL)", name="ck_book_moves_first"),
        CheckConstraint("(from_advisor IS NULL) = (from_relationship IS NULL)", name="ck_book_moves_from"),
        CheckConstraint("state <> 'done' OR relationship_id IS NOT NULL", name="ck_book_moves_done"),
        CheckConstraint("from_advisor <> to_advisor", name="ck_book_moves_other"),
        Index(
            "ix_book_moves_planned",
            "run_id",
            "to_advisor",
            "customer_id",
            postgresql_where=text("state = 'planned'"),
        ),
        Index(
            "ix_book_moves_done", "run_id", "from_advisor", "customer_id", postgresql_where=text("state = 'done'")
        ),
        Index("ix_book_moves_customer", "customer_id"),
    )

    run_id: UUID = Field(foreign_key="book_runs.id")
    customer_id: UUID
    market_id: str = Field(sa_type=Text)
    from_advisor: UUID | None = Field(default=None, foreign_key="advisors.id")
    to_advisor: UUID = Field(foreign_key="advisors.id")
    from_relationship: UUID | None = None
    relationship_id: UUID | None = None
    expected_seconds: int
    why: str = Field(sa_type=Text)
    may_exceed: bool = False
    state: str = Field(default="planned", sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    decision_id: UUID
