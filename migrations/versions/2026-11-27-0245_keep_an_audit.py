"""Keep an audit: a row for every change, seals that chain them, by month like the events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None

DROP_MONTH = """
CREATE OR REPLACE FUNCTION drop_month(parent text, month date) RETURNS boolean LANGUAGE plpgsql
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
    IF parent = 'audit' THEN
        PERFORM anchor_audit(child, date_trunc('month', month)::date);
    END IF;
    EXECUTE format('DROP TABLE %I', child);
    RETURN true;
END $$
"""

# Only what is sealed may go. Its seals go too, up to the first of a month that stays; an anchor keeps the last hash.
ANCHOR_AUDIT = """
CREATE FUNCTION anchor_audit(child text, gone date) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    unsealed boolean;
BEGIN
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %I a WHERE (a.epoch, a.xid, a.id) > ALL (SELECT s.epoch, s.xid, s.last_id FROM ('
        '(SELECT 0 AS n, 0 AS epoch, 0::bigint AS xid, 0::bigint AS last_id) '
        'UNION ALL (SELECT n, epoch, xid, last_id FROM audit_seals ORDER BY n DESC LIMIT 1)) s))', child
    ) INTO unsealed;
    IF unsealed THEN
        RAISE EXCEPTION '% holds rows that are not sealed', child USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    WITH dropped AS (
        DELETE FROM audit_seals
        WHERE n < coalesce(
            (SELECT min(s.n) FROM audit_seals s
             WHERE s.month <> gone AND s.month NOT IN (SELECT a.month FROM audit_anchors a)),
            (SELECT max(s.n) FROM audit_seals s))
        RETURNING n, epoch, xid, last_id, hash
    ), heads AS (
        SELECT * FROM dropped
        UNION ALL SELECT a.n, a.epoch, a.xid, a.last_id, a.hash FROM audit_anchors a
        UNION ALL SELECT 0, 0, 0, 0, decode(repeat('00', 32), 'hex')
    )
    INSERT INTO audit_anchors (month, n, epoch, xid, last_id, hash, dropped_at)
    SELECT gone, n, epoch, xid, last_id, hash, clock_timestamp() FROM heads ORDER BY n DESC LIMIT 1;
END $$
"""

AS_BEFORE = """
    IF parent = 'audit' THEN
        PERFORM anchor_audit(child, date_trunc('month', month)::date);
    END IF;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("xid", sa.BigInteger(), server_default=sa.text("own_xid()"), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=True),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("changed", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("epoch", "xid", "id", "at"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_audit_subject", "audit", ["subject", "at"])
    op.create_index("ix_audit_people", "audit", ["actor", "at"], postgresql_where=sa.text("actor LIKE 'acc\\_%'"))
    op.execute("CREATE TABLE audit_default PARTITION OF audit DEFAULT")
    op.create_table(
        "audit_seals",
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("n"),
    )
    op.create_table(
        "audit_anchors",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("dropped_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("month"),
    )
    op.execute("INSERT INTO kept_by_month VALUES ('audit', 12)")
    op.execute(ANCHOR_AUDIT)
    op.execute("REVOKE ALL ON FUNCTION anchor_audit(text, date) FROM PUBLIC")
    op.execute(DROP_MONTH)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute(DROP_MONTH.replace(AS_BEFORE, "\n"))
    op.execute("DROP FUNCTION anchor_audit(text, date)")
    op.execute("DELETE FROM kept_by_month WHERE parent = 'audit'")
    op.drop_table("audit_anchors")
    op.drop_table("audit_seals")
    op.drop_table("audit")
