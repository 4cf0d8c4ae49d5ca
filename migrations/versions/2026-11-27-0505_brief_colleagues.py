"""Brief colleagues: the own advisor's remarks on a customer, and notes back to the own advisor."""

import sqlalchemy as sa
from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.create_table(
        "customer_remarks",
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 4000", name="ck_customer_remarks_text"),
        sa.ForeignKeyConstraint(["customer_id", "market_id"], ["customers.id", "customers.market_id"]),
        sa.ForeignKeyConstraint(["written_by"], ["advisors.id"]),
        sa.PrimaryKeyConstraint("customer_id", "market_id"),
    )
    _notes()


def _notes() -> None:
    op.create_table(
        "contact_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("from_advisor_id", sa.Uuid(), nullable=False),
        sa.Column("to_advisor_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("written_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("read_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('read', 'unread', 'withdrawn')", name="ck_contact_notes_state"),
        sa.CheckConstraint("(state = 'unread') = (read_at IS NULL)", name="ck_contact_notes_read"),
        sa.ForeignKeyConstraint(["contact_id", "market_id"], ["contacts.id", "contacts.market_id"]),
        sa.ForeignKeyConstraint(["from_advisor_id"], ["advisors.id"]),
        sa.ForeignKeyConstraint(["to_advisor_id"], ["advisors.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ux_contact_notes_contact", "contact_notes", ["contact_id"], unique=True)
    op.create_index(
        "ix_contact_notes_unread",
        "contact_notes",
        ["to_advisor_id", "id"],
        postgresql_where=sa.text("state = 'unread'"),
    )
    op.create_index("ix_contact_notes_to", "contact_notes", ["to_advisor_id", "id"])
    op.create_index("ix_contact_notes_from", "contact_notes", ["from_advisor_id", "id"])
    op.execute(
        "CREATE TRIGGER legal_transition BEFORE UPDATE OF state ON contact_notes FOR EACH ROW "
        "WHEN (OLD.state IS DISTINCT FROM NEW.state) "
        "EXECUTE FUNCTION check_transition('unread>read', 'unread>withdrawn')"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_table("contact_notes")
    op.drop_table("customer_remarks")
