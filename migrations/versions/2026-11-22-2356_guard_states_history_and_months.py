"""Guard states by triggers, history by exclusion, promises against deletion; keep events by month."""

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

TRANSITIONS = {
    "presences": {
        "offline": "available",
        "available": "offered break meeting training offline",
        "offered": "in_contact available not_responding break meeting",
        "in_contact": "wrap_up available break meeting offline",
        "wrap_up": "available break meeting training offline",
        "break": "available offline",
        "meeting": "available offline",
        "training": "available offline",
        "not_responding": "available break offline",
    },
    "contacts": {
        "received": "identifying lost_signal",
        "identifying": "offered choosing waiting abandoned lost_signal",
        "offered": "connected choosing waiting abandoned lost_signal",
        "choosing": "offered waiting promised abandoned lost_signal",
        "waiting": "offered choosing promised abandoned closed_hours lost_signal",
        "connected": "offered wrapping lost_signal",
        "wrapping": "completed lost_signal",
    },
    "offers": {"open": "accepted rejected timed_out rescinded"},
    "callbacks": {
        "requested": "scheduled",
        "scheduled": "due settled cancelled merged",
        "due": "offered scheduled settled cancelled merged",
        "offered": "dialling due settled cancelled",
        "dialling": "done missed",
        "missed": "scheduled failed settled cancelled",
    },
    "direct_dial_numbers": {
        "free": "assigned",
        "assigned": "redirected",
        "redirected": "quarantined",
        "quarantined": "free",
    },
}

CHECK_TRANSITION = """
CREATE FUNCTION check_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (OLD.state || '>' || NEW.state) = ANY (TG_ARGV) THEN
        RAISE EXCEPTION '% may not go from % to %', TG_TABLE_NAME, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'legal_transition';
    END IF;
    RETURN NEW;
END $$
"""

REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'never_deleted';
END $$
"""

ENSURE_MONTH = """
CREATE FUNCTION ensure_month(parent text, month date) RETURNS void LANGUAGE plpgsql AS $$
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
    -- rows of a month that began without its partition lie in the default one: they move over
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
    op.execute(CHECK_TRANSITION)
    for table, transitions in TRANSITIONS.items():
        pairs = ", ".join(f"'{a}>{b}'" for a, following in transitions.items() for b in following.split())
        op.execute(
            f"CREATE TRIGGER legal_transition BEFORE UPDATE OF state ON {table} FOR EACH ROW "
            f"WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION check_transition({pairs})"
        )
    op.execute(REFUSE)
    op.execute("CREATE TRIGGER never_deleted BEFORE DELETE ON callbacks FOR EACH ROW EXECUTE FUNCTION refuse()")
    op.execute("CREATE TYPE uuidrange AS RANGE (subtype = uuid)")
    op.execute(
        "ALTER TABLE relationships ADD CONSTRAINT ex_relationships_overlap EXCLUDE USING gist ("
        "uuidrange(customer_id, customer_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&)"
    )
    op.execute(ENSURE_MONTH)
    for table in ("events", "decisions"):
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    op.execute("CREATE TABLE event_epoch (epoch integer PRIMARY KEY)")
    op.execute("INSERT INTO event_epoch VALUES (1)")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute("DROP TABLE event_epoch")
    for table in ("events", "decisions"):
        op.execute(f"DROP TABLE {table}_default")
    op.execute("DROP FUNCTION ensure_month(text, date)")
    op.execute("ALTER TABLE relationships DROP CONSTRAINT ex_relationships_overlap")
    op.execute("DROP TYPE uuidrange")
    op.execute("DROP TRIGGER never_deleted ON callbacks")
    op.execute("DROP FUNCTION refuse()")
    for table in TRANSITIONS:
        op.execute(f"DROP TRIGGER legal_transition ON {table}")
    op.execute("DROP FUNCTION check_transition()")
