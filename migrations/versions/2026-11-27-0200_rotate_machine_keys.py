"""Let a machine key be replaced by its successor, and note when each was used last."""

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.add_column("machine_keys", sa.Column("replaces", sa.Uuid(), nullable=True))
    op.add_column("machine_keys", sa.Column("last_used_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_foreign_key("fk_machine_keys_replaces", "machine_keys", "machine_keys", ["replaces"], ["id"])
    op.create_index(
        "ux_machine_keys_replaces",
        "machine_keys",
        ["replaces"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_index("ux_machine_keys_replaces", table_name="machine_keys")
    op.drop_constraint("fk_machine_keys_replaces", "machine_keys", type_="foreignkey")
    op.drop_column("machine_keys", "last_used_at")
    op.drop_column("machine_keys", "replaces")
