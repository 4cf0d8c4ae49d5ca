"""Ask before a promise moves: what an absence breaks is planned anew, with the customer's consent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | None = None
depends_on: str | None = None

FINAL = "'cancelled', 'done', 'failed', 'merged', 'settled'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.add_column("absences", sa.Column("replan_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_index(
        "ix_absences_replan", "absences", ["replan_at"], postgresql_where=sa.text("replan_at IS NOT NULL")
    )
    for instant in ("wish_from", "wish_until", "planned_at"):
        op.add_column("callbacks", sa.Column(instant, sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column("callbacks", sa.Column("moves", sa.Integer(), nullable=True))
    op.add_column("callbacks", sa.Column("expected_minutes", sa.Integer(), nullable=True))
    op.add_column("callbacks", sa.Column("number_confirmed", sa.Boolean(), nullable=True))
    op.add_column("callbacks", sa.Column("question_id", sa.Uuid(), nullable=True))
    op.create_table(
        "callback_questions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("callback_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("answer_until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("choices", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('answered', 'open', 'unanswered', 'void')", name="ck_callback_questions_state"
        ),
        sa.CheckConstraint("answer IN ('cancel', 'keep', 'move')", name="ck_callback_questions_answer"),
        sa.CheckConstraint("answered_by IN ('call', 'link')", name="ck_callback_questions_answered_by"),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ck_callback_questions_ended_at"),
        sa.CheckConstraint(
            "(state = 'answered') = (answer IS NOT NULL AND answered_by IS NOT NULL)",
            name="ck_callback_questions_answered",
        ),
        sa.CheckConstraint("answer_until > asked_at", name="ck_callback_questions_answer_until"),
        sa.ForeignKeyConstraint(["callback_id", "market_id"], ["callbacks.id", "callbacks.market_id"]),
        sa.ForeignKeyConstraint(["market_id"], ["markets.id"]),
        sa.PrimaryKeyConstraint("id", "market_id"),
    )
    op.create_index(
        "ux_callback_questions_open",
        "callback_questions",
        ["callback_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_callback_questions_due",
        "callback_questions",
        ["answer_until"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_callback_questions_callback", "callback_questions", ["callback_id", "market_id"])
    op.execute(
        "CREATE TRIGGER legal_transition BEFORE UPDATE OF state ON callback_questions FOR EACH ROW "
        "WHEN (OLD.state IS DISTINCT FROM NEW.state) "
        "EXECUTE FUNCTION check_transition('open>answered', 'open>unanswered', 'open>void')"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_table("callback_questions")
    for column in (
        "question_id",
        "number_confirmed",
        "expected_minutes",
        "moves",
        "planned_at",
        "wish_until",
        "wish_from",
    ):
        op.drop_column("callbacks", column)
    op.drop_index("ix_absences_replan", table_name="absences")
    op.drop_column("absences", "replan_at")
