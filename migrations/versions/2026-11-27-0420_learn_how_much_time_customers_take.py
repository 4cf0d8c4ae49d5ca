"""Learn how much time customers take: an estimate beside the prior, and when it was made."""

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.add_column("customers", sa.Column("learned_seconds", sa.Integer(), nullable=True))
    op.add_column("customers", sa.Column("learned_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.execute(
        "ALTER TABLE customers ADD CONSTRAINT ck_customers_learned_seconds "
        "CHECK (learned_seconds BETWEEN 1 AND 2592000) NOT VALID"
    )
    op.create_index("ix_customers_learned", "customers", [sa.text("learned_at NULLS FIRST")])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_index("ix_customers_learned", "customers")
    op.drop_constraint("ck_customers_learned_seconds", "customers")
    op.drop_column("customers", "learned_at")
    op.drop_column("customers", "learned_seconds")
