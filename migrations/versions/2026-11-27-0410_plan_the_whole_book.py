"""Plan the whole book: runs, what they make of each advisor's book, and whom they move."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | None = None
depends_on: str | None = None

TRANSITIONS = {
    "book_runs": {
        "computing": "ready failed discarded",
        "ready": "applying discarded",
        "applying": "applied",
        "applied": "undoing",
        "undoing": "undone",
    },
    "book_moves": {"planned": "done skipped", "done": "undone kept"},
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    _runs()
    _advisors()
    _moves()
    for table, transitions in TRANSITIONS.items():
        pairs = ", ".join(f"'{a}>{b}'" for a, following in transitions.items() for b in following.split())
        op.execute(
            f"CREATE TRIGGER legal_transition BEFORE UPDATE OF state ON {table} FOR EACH ROW "
            f"WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_transition({pairs})"
        )


def _runs() -> None:
    instant = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "book_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.Column("market_id", sa.Text(), nullable=True),
        sa.Column("advisor_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", instant, nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("apply_at_once", sa.Boolean(), nullable=False),
        sa.Column("computing_until", instant, nullable=True),
        sa.Column("computed_at", instant, nullable=True),
        sa.Column("directory_version", sa.Integer(), nullable=True),
        sa.Column("applied_at", instant, nullable=True),
        sa.Column("undo_until", instant, nullable=True),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Integer(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('assign', 'lend', 'rebalance')", name="ck_book_runs_kind"),
        sa.CheckConstraint(
            "state IN ('applied', 'applying', 'computing', 'discarded', 'failed', 'ready', 'undoing', 'undone')",
            name="ck_book_runs_state",
        ),
        sa.CheckConstraint("(kind = 'lend') = (advisor_id IS NOT NULL)", name="ck_book_runs_advisor"),
        sa.CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="ck_book_runs_failure"),
        sa.ForeignKeyConstraint(["market_id"], ["markets.id"]),
        sa.ForeignKeyConstraint(["advisor_id"], ["advisors.id"]),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index(
        "ux_book_runs_busy",
        "book_runs",
        ["lane"],
        unique=True,
        postgresql_where=sa.text("state IN ('applying', 'computing', 'undoing')"),
    )


def _advisors() -> None:
    op.create_table(
        "book_run_advisors",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("advisor_id", sa.Uuid(), nullable=False),
        sa.Column("customers_before", sa.Integer(), nullable=False),
        sa.Column("customers_after", sa.Integer(), nullable=False),
        sa.Column("load_before_s", sa.Integer(), nullable=False),
        sa.Column("load_after_s", sa.Integer(), nullable=False),
        sa.Column("cap_s", sa.Integer(), nullable=False),
        sa.Column("target_s", sa.Integer(), nullable=False),
        sa.Column("price", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["book_runs.id"]),
        sa.ForeignKeyConstraint(["advisor_id"], ["advisors.id"]),
        sa.PrimaryKeyConstraint("run_id", "advisor_id"),
    )


def _moves() -> None:
    op.create_table(
        "book_moves",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("from_advisor", sa.Uuid(), nullable=True),
        sa.Column("to_advisor", sa.Uuid(), nullable=False),
        sa.Column("from_relationship", sa.Uuid(), nullable=True),
        sa.Column("relationship_id", sa.Uuid(), nullable=True),
        sa.Column("expected_seconds", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("may_exceed", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("why IN ('first', 'forced', 'voluntary')", name="ck_book_moves_why"),
        sa.CheckConstraint("state IN ('done', 'kept', 'planned', 'skipped', 'undone')", name="ck_book_moves_state"),
        sa.CheckConstraint("(why = 'first') = (from_advisor IS NULL)", name="ck_book_moves_first"),
        sa.CheckConstraint("(from_advisor IS NULL) = (from_relationship IS NULL)", name="ck_book_moves_from"),
        sa.CheckConstraint("state <> 'done' OR relationship_id IS NOT NULL", name="ck_book_moves_done"),
        sa.CheckConstraint("from_advisor <> to_advisor", name="ck_book_moves_other"),
        sa.ForeignKeyConstraint(["run_id"], ["book_runs.id"]),
        sa.ForeignKeyConstraint(["customer_id", "market_id"], ["customers.id", "customers.market_id"]),
        sa.ForeignKeyConstraint(["from_advisor"], ["advisors.id"]),
        sa.ForeignKeyConstraint(["to_advisor"], ["advisors.id"]),
        sa.PrimaryKeyConstraint("run_id", "customer_id"),
    )
    for name, columns, state in (
        ("ix_book_moves_planned", ["run_id", "to_advisor", "customer_id"], "planned"),
        ("ix_book_moves_done", ["run_id", "from_advisor", "customer_id"], "done"),
    ):
        op.create_index(name, "book_moves", columns, postgresql_where=sa.text(f"state = '{state}'"))
    op.create_index("ix_book_moves_customer", "book_moves", ["customer_id"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for table in ("book_moves", "book_run_advisors", "book_runs"):
        op.drop_table(table)
