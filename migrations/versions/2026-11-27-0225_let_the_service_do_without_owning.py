"""Make and drop months by functions that run as the owner, so that the service need not own its tables."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

ENSURE_MONTH = """
CREATE OR REPLACE FUNCTION ensure_month(parent text, month date) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first timestamptz := date_trunc('month', month)::timestamp AT TIME ZONE 'UTC';
    next timestamptz := (date_trunc('month', month) + interval '1 month')::timestamp AT TIME ZONE 'UTC';
    child text := parent || to_char(month, '_YYYY_MM');
    stranger oid;
BEGIN
    IF NOT EXISTS (SELECT FROM kept_by_month k WHERE k.parent = ensure_month.parent) THEN
        RAISE EXCEPTION '% is not kept by month', parent;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext(child));
    IF to_regclass(child) IS NOT NULL THEN
        RETURN;
    END IF;
    -- rows of a month that began without its partition lie in the default one: they move over
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
    -- whatever default privileges gave is taken back: a partition is reached through its table alone
    FOR stranger IN
        SELECT DISTINCT acl.grantee FROM pg_class c, aclexplode(c.relacl) acl
        WHERE c.oid = to_regclass(child) AND acl.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %I', child, pg_get_userbyid(stranger));
    END LOOP;
    EXECUTE format(
        'WITH moved AS (DELETE FROM %I WHERE at >= %L AND at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
        parent || '_default', first, next, child
    );
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child, first, next);
END $$
"""

# The age of a month is judged by the database's own clock: a guard that believes whoever asks guards nothing.
DROP_MONTH = """
CREATE FUNCTION drop_month(parent text, month date) RETURNS boolean LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    child text := parent || to_char(month, '_YYYY_MM');
    this_month date := date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC');
    least interval;
BEGIN
    SELECT make_interval(months => k.least_months) INTO least FROM kept_by_month k WHERE k.parent = drop_month.parent;
    IF least IS NULL THEN
        RAISE EXCEPTION '% is not kept by month', parent USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF month IS NULL OR date_trunc('month', month) + least >= this_month THEN
        RAISE EXCEPTION '% of % is too young to be dropped', parent, to_char(month, 'YYYY-MM')
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext(child));
    IF NOT EXISTS (
        SELECT FROM pg_inherits WHERE inhparent = to_regclass(parent) AND inhrelid = to_regclass(child)
    ) THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE %I', child);
    RETURN true;
END $$
"""

AS_BEFORE = """
CREATE OR REPLACE FUNCTION ensure_month(parent text, month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first timestamptz := date_trunc('month', month)::timestamp AT TIME ZONE 'UTC';
    next timestamptz := (date_trunc('month', month) + interval '1 month')::timestamp AT TIME ZONE 'UTC';
    child text := parent || to_char(month, '_YYYY_MM');
BEGIN
    IF parent NOT IN ('events', 'decisions') THEN
        RAISE EXCEPTION '% is not kept by month', parent;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext(child));
    IF to_regclass(child) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', child, parent);
    EXECUTE format(
        'WITH moved AS (DELETE FROM %I WHERE at >= %L AND at < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
        parent || '_default', first, next, child
    );
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child, first, next);
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.create_table(
        "kept_by_month",
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("least_months", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("parent"),
    )
    op.execute("INSERT INTO kept_by_month VALUES ('events', 2), ('decisions', 2)")
    op.execute(ENSURE_MONTH)
    op.execute(DROP_MONTH)
    for function in ("ensure_month", "drop_month"):
        op.execute(f"REVOKE ALL ON FUNCTION {function}(text, date) FROM PUBLIC")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP FUNCTION drop_month(text, date)")
    op.execute(AS_BEFORE)
    op.execute("GRANT EXECUTE ON FUNCTION ensure_month(text, date) TO PUBLIC")
    op.drop_table("kept_by_month")
