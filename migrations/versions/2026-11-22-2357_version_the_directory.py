"""Count the versions of everything that routing keeps in memory, so that no replica decides on stale facts."""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

TABLES = (
    "absences",
    "advisor_markets",
    "advisor_skills",
    "advisors",
    "closures",
    "desk_group_members",
    "desk_group_neighbours",
    "desk_groups",
    "general_groups",
    "markets",
    "policies",
    "products",
    "sites",
)

BUMP = """
CREATE FUNCTION bump_directory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE directory_version SET version = version + 1;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.create_table(
        "directory_version",
        sa.Column("single", sa.Boolean(), primary_key=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("single", name="ck_directory_version_single"),
        postgresql_with={"fillfactor": "10"},
    )
    op.execute("INSERT INTO directory_version VALUES (true, 1)")
    op.execute(BUMP)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER bump_directory AFTER INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION bump_directory()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    for table in TABLES:
        op.execute(f"DROP TRIGGER bump_directory ON {table}")
    op.execute("DROP FUNCTION bump_directory()")
    op.drop_table("directory_version")
