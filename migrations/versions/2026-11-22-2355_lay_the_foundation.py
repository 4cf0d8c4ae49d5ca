"""Lay the foundation: people, numbers, relationships, contacts, promises, events."""

import sqlalchemy as sa
import sqlmodel  # noqa: F401
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.execute(
        "CREATE FUNCTION own_xid() RETURNS bigint LANGUAGE sql STABLE PARALLEL RESTRICTED "
        "AS 'SELECT pg_current_xact_id()::text::bigint'"
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("chosen", sa.Uuid(), nullable=True),
        sa.Column("policy", sa.Text(), nullable=True),
        sa.Column("data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "kind IN ('activation', 'callback', 'match', 'rebalance', 'route')", name="ck_decisions_kind"
        ),
        sa.PrimaryKeyConstraint("id", "at"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_decisions_subject", "decisions", ["subject", "at"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("xid", sa.BigInteger(), server_default=sa.text("own_xid()"), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=True),
        sa.Column("desk_group_id", sa.Uuid(), nullable=True),
        sa.Column("advisor_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", "at"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_events_order", "events", ["xid", "id"], unique=False)
    op.create_table(
        "machine_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key_hash"),
    )
    op.create_table(
        "markets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone_region", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("languages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("opening_hours", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("holiday_country", sa.Text(), nullable=True),
        sa.Column("holiday_subdivision", sa.Text(), nullable=True),
        sa.Column("number_quarantine_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("id ~ '^[A-Z][A-Z0-9_-]{1,15}$'", name="ck_markets_id"),
        sa.CheckConstraint("number_quarantine_days >= 90", name="ck_markets_quarantine"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "products",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("expected_seconds", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name="ck_products_level"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("holiday_country", sa.Text(), nullable=True),
        sa.Column("holiday_subdivision", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "stored_answers",
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("subjects", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("kept_until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal", "key"),
    )
    op.create_index(
        "ix_stored_answers_subjects", "stored_answers", ["subjects"], unique=False, postgresql_using="gin"
    )
    op.create_index("ix_stored_answers_until", "stored_answers", ["kept_until"], unique=False)
    op.create_table(
        "stream_tickets",
        sa.Column("ticket_hash", sa.LargeBinary(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("sign_in_hash", sa.LargeBinary(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("advisor_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ticket_hash"),
    )
    op.create_table(
        "switch_events",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("signal", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "identity"),
    )
    op.create_table(
        "advisors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_ref", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("photo_url", sa.Text(), nullable=True),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("languages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("working_pattern", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("phone_capacity", sa.Integer(), nullable=False),
        sa.Column("chat_capacity", sa.Integer(), nullable=False),
        sa.Column("email_capacity", sa.Integer(), nullable=False),
        sa.Column("sip_uri", sa.Text(), nullable=True),
        sa.Column("sip_endpoint", sa.Text(), nullable=True),
        sa.Column("leaving_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("chat_capacity BETWEEN 0 AND 20", name="ck_advisors_chat_capacity"),
        sa.CheckConstraint("email_capacity BETWEEN 0 AND 50", name="ck_advisors_email_capacity"),
        sa.CheckConstraint("phone_capacity IN (0, 1)", name="ck_advisors_phone_capacity"),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["sites.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("external_ref"),
    )
    op.create_table(
        "closures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('emergency', 'planned')", name="ck_closures_kind"),
        sa.CheckConstraint("ends_at > starts_at", name="ck_closures_period"),
        sa.ForeignKeyConstraint(
            ["market_id"],
            ["markets.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_closures_market", "closures", ["market_id", "starts_at"], unique=False)
    op.create_table(
        "customers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("external_ref", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("languages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("products", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("calling_hours", sa.LargeBinary(), nullable=True),
        sa.Column("expected_seconds", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("expected_seconds BETWEEN 1 AND 2592000", name="ck_customers_expected_seconds"),
        sa.CheckConstraint("octet_length(calling_hours) = 21", name="ck_customers_calling_hours"),
        sa.ForeignKeyConstraint(
            ["market_id"],
            ["markets.id"],
        ),
        sa.PrimaryKeyConstraint("id", "market_id"),
        sa.UniqueConstraint("external_ref"),
    )
    op.create_table(
        "policies",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("rules", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["market_id"],
            ["markets.id"],
        ),
        sa.PrimaryKeyConstraint("market_id", "version"),
    )
    op.create_table(
        "absences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("advisor_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('other', 'parental', 'sick', 'training', 'vacation')", name="ck_absences_kind"
        ),
        sa.CheckConstraint("state IN ('approved', 'cancelled', 'declined', 'requested')", name="ck_absences_state"),
        sa.CheckConstraint("ends_at > starts_at", name="ck_absences_period"),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_absences_advisor", "absences", ["advisor_id", "ends_at"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("advisor_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('admin', 'advisor', 'auditor', 'lead', 'supervisor')", name="ck_accounts_role"
        ),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("advisor_id"),
    )
    op.create_index("ux_accounts_email", "accounts", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "advisor_markets",
        sa.Column("advisor_id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.ForeignKeyConstraint(
            ["market_id"],
            ["markets.id"],
        ),
        sa.PrimaryKeyConstraint("advisor_id", "market_id"),
    )
    op.create_table(
        "advisor_skills",
        sa.Column("advisor_id", sa.Uuid(), nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name="ck_advisor_skills_level"),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.PrimaryKeyConstraint("advisor_id", "skill"),
    )
    op.create_table(
        "books",
        sa.Column("advisor_id", sa.Uuid(), nullable=False),
        sa.Column("load_s", sa.Integer(), nullable=False),
        sa.Column("cap_s", sa.Integer(), nullable=False),
        sa.Column("target_s", sa.Integer(), nullable=False),
        sa.Column("price", sa.Float(), nullable=True),
        sa.Column("over_cap", sa.Boolean(), nullable=False),
        sa.Column("open_for_new", sa.Boolean(), nullable=False),
        sa.CheckConstraint("load_s <= cap_s OR over_cap", name="ck_books_cap"),
        sa.CheckConstraint("load_s >= 0", name="ck_books_load"),
        sa.CheckConstraint("target_s > 0", name="ck_books_target"),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.PrimaryKeyConstraint("advisor_id"),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("switch_call_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("age_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("caller_number", sa.Text(), nullable=True),
        sa.Column("dialled_number", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("needs", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("own_advisor_id", sa.Uuid(), nullable=True),
        sa.Column("own_by", sa.Text(), nullable=True),
        sa.Column("desk_group_id", sa.Uuid(), nullable=True),
        sa.Column("advisor_id", sa.Uuid(), nullable=True),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.Column("choices_asked", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("menu", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("hold_told_s", sa.Integer(), nullable=True),
        sa.Column("waiting_since", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("asked_after_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("tried", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("deadline_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_signal_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("first_offered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("hung_up_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("callback_id", sa.Uuid(), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('abandoned', 'closed_hours', 'completed', 'lost_signal', 'promised')) = (ended_at IS NOT NULL)",
            name="ck_contacts_ended",
        ),
        sa.CheckConstraint("channel IN ('chat', 'email', 'phone')", name="ck_contacts_channel"),
        sa.CheckConstraint("own_by IN ('number', 'relationship')", name="ck_contacts_own_by"),
        sa.CheckConstraint("choice IN ('callback', 'colleague', 'hold')", name="ck_contacts_choice"),
        sa.CheckConstraint("direction IN ('in', 'out')", name="ck_contacts_direction"),
        sa.CheckConstraint(
            "state IN ('abandoned', 'choosing', 'closed_hours', 'completed', 'connected', 'identifying', 'lost_signal', 'offered', 'promised', 'received', 'waiting', 'wrapping')",
            name="ck_contacts_state",
        ),
        sa.CheckConstraint(
            "state NOT IN ('connected', 'wrapping') OR advisor_id IS NOT NULL", name="ck_contacts_held_by"
        ),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "market_id"],
            ["customers.id", "customers.market_id"],
        ),
        sa.ForeignKeyConstraint(
            ["own_advisor_id"],
            ["advisors.id"],
        ),
        sa.PrimaryKeyConstraint("id", "market_id"),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_contacts_customer", "contacts", ["customer_id", "received_at"], unique=False)
    op.create_index(
        "ix_contacts_open",
        "contacts",
        ["id"],
        unique=False,
        postgresql_where=sa.text(
            "state NOT IN ('abandoned', 'closed_hours', 'completed', 'lost_signal', 'promised')"
        ),
    )
    op.create_index(
        "ix_contacts_waiting",
        "contacts",
        ["market_id", "age_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'choosing')"),
    )
    op.create_index(
        "ux_contacts_active_phone",
        "contacts",
        ["advisor_id"],
        unique=True,
        postgresql_where=sa.text("channel = 'phone' AND state IN ('connected', 'wrapping')"),
    )
    op.create_index("ux_contacts_switch_call", "contacts", ["switch_call_id"], unique=True)
    op.create_table(
        "customer_phones",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "market_id"],
            ["customers.id", "customers.market_id"],
        ),
        sa.PrimaryKeyConstraint("number", "customer_id", "market_id"),
    )
    op.create_index("ix_customer_phones_customer", "customer_phones", ["customer_id"], unique=False)
    op.create_table(
        "desk_groups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("minimum_presence", sa.Integer(), nullable=False),
        sa.CheckConstraint("minimum_presence >= 0", name="ck_desk_groups_minimum_presence"),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["advisors.id"],
        ),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["sites.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "direct_dial_numbers",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("trunk", sa.Text(), nullable=True),
        sa.Column("advisor_id", sa.Uuid(), nullable=True),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("quarantined_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('assigned', 'redirected')) = (advisor_id IS NOT NULL)", name="ck_direct_dial_numbers_owner"
        ),
        sa.CheckConstraint("kind IN ('direct', 'general')", name="ck_direct_dial_numbers_kind"),
        sa.CheckConstraint("number ~ '^\\+[1-9][0-9]{4,14}$'", name="ck_direct_dial_numbers_e164"),
        sa.CheckConstraint(
            "state IN ('assigned', 'free', 'quarantined', 'redirected')", name="ck_direct_dial_numbers_state"
        ),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.ForeignKeyConstraint(
            ["market_id"],
            ["markets.id"],
        ),
        sa.PrimaryKeyConstraint("number", "market_id"),
    )
    op.create_index(
        "ix_direct_dial_numbers_free",
        "direct_dial_numbers",
        ["market_id", "number"],
        unique=False,
        postgresql_where=sa.text("state = 'free'"),
    )
    op.create_index(
        "ux_direct_dial_numbers_advisor",
        "direct_dial_numbers",
        ["advisor_id", "market_id"],
        unique=True,
        postgresql_where=sa.text("state = 'assigned'"),
    )
    op.create_index("ux_direct_dial_numbers_number", "direct_dial_numbers", ["number"], unique=True)
    op.create_table(
        "presences",
        sa.Column("advisor_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("next_state", sa.Text(), nullable=True),
        sa.Column("next_reason", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("deadline_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("idle_since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('available', 'break', 'in_contact', 'meeting', 'not_responding', 'offered', 'offline', 'training', 'wrap_up')",
            name="ck_presences_state",
        ),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.PrimaryKeyConstraint("advisor_id"),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "relationships",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("advisor_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("on_behalf_by", sa.Uuid(), nullable=True),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("expected_seconds", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('bulk', 'control_center', 'phone', 'portal')", name="ck_relationships_channel"
        ),
        sa.CheckConstraint("(ends_at IS NULL) = (ended_reason IS NULL)", name="ck_relationships_ended"),
        sa.CheckConstraint("ends_at >= starts_at", name="ck_relationships_period"),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "market_id"],
            ["customers.id", "customers.market_id"],
        ),
        sa.ForeignKeyConstraint(
            ["market_id"],
            ["markets.id"],
        ),
        sa.ForeignKeyConstraint(
            ["on_behalf_by"],
            ["advisors.id"],
        ),
        sa.PrimaryKeyConstraint("id", "market_id"),
    )
    op.create_index(
        "ix_relationships_advisor",
        "relationships",
        ["advisor_id"],
        unique=False,
        postgresql_where=sa.text("ends_at IS NULL"),
    )
    op.create_index(
        "ix_relationships_history",
        "relationships",
        ["customer_id", "ends_at"],
        unique=False,
        postgresql_where=sa.text("ends_at IS NOT NULL"),
    )
    op.create_index(
        "ux_relationships_current",
        "relationships",
        ["customer_id", "market_id"],
        unique=True,
        postgresql_include=["advisor_id", "id"],
        postgresql_where=sa.text("ends_at IS NULL"),
    )
    op.create_table(
        "callbacks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("advisor_id", sa.Uuid(), nullable=True),
        sa.Column("desk_group_id", sa.Uuid(), nullable=True),
        sa.Column("owner_state", sa.Text(), nullable=False),
        sa.Column("owner_reason", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("promised_from", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("promised_until", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("window_starts_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("window_ends_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_action_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reached_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reached_by", sa.Uuid(), nullable=True),
        sa.Column("final_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("final_reason", sa.Text(), nullable=True),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state IN ('cancelled', 'done', 'failed', 'merged', 'settled')) = (final_at IS NOT NULL)",
            name="ck_callbacks_final_at",
        ),
        sa.CheckConstraint(
            "(state IN ('cancelled', 'done', 'failed', 'merged', 'settled')) = (final_reason IS NOT NULL)",
            name="ck_callbacks_final_reason",
        ),
        sa.CheckConstraint(
            "(state IN ('cancelled', 'done', 'failed', 'merged', 'settled')) = (next_action_at IS NULL)",
            name="ck_callbacks_next_action",
        ),
        sa.CheckConstraint("owner_state = 'own' OR owner_reason IS NOT NULL", name="ck_callbacks_owner_reason"),
        sa.CheckConstraint("owner_state IN ('handed_to_group', 'own')", name="ck_callbacks_owner_state"),
        sa.CheckConstraint(
            "state IN ('cancelled', 'dialling', 'done', 'due', 'failed', 'merged', 'missed', 'offered', 'requested', 'scheduled', 'settled')",
            name="ck_callbacks_state",
        ),
        sa.CheckConstraint("attempts BETWEEN 0 AND 20", name="ck_callbacks_attempts"),
        sa.CheckConstraint("window_ends_at > window_starts_at", name="ck_callbacks_window"),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.ForeignKeyConstraint(
            ["customer_id", "market_id"],
            ["customers.id", "customers.market_id"],
        ),
        sa.ForeignKeyConstraint(
            ["desk_group_id"],
            ["desk_groups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["market_id"],
            ["markets.id"],
        ),
        sa.PrimaryKeyConstraint("id", "market_id"),
    )
    op.create_index(
        "ix_callbacks_advisor",
        "callbacks",
        ["advisor_id", "window_starts_at"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('cancelled', 'done', 'failed', 'merged', 'settled')"),
    )
    op.create_index(
        "ix_callbacks_group",
        "callbacks",
        ["desk_group_id", "window_starts_at"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('cancelled', 'done', 'failed', 'merged', 'settled')"),
    )
    op.create_index(
        "ix_callbacks_due",
        "callbacks",
        ["next_action_at"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('cancelled', 'done', 'failed', 'merged', 'settled')"),
    )
    op.create_index(
        "ux_callbacks_open_customer",
        "callbacks",
        ["customer_id", "market_id"],
        unique=True,
        postgresql_where=sa.text(
            "state NOT IN ('cancelled', 'done', 'failed', 'merged', 'settled') AND customer_id IS NOT NULL"
        ),
    )
    op.create_table(
        "desk_group_members",
        sa.Column("advisor_id", sa.Uuid(), nullable=False),
        sa.Column("desk_group_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.ForeignKeyConstraint(
            ["desk_group_id"],
            ["desk_groups.id"],
        ),
        sa.PrimaryKeyConstraint("advisor_id"),
    )
    op.create_index(
        op.f("ix_desk_group_members_desk_group_id"), "desk_group_members", ["desk_group_id"], unique=False
    )
    op.create_table(
        "desk_group_neighbours",
        sa.Column("desk_group_id", sa.Uuid(), nullable=False),
        sa.Column("neighbour_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.CheckConstraint("desk_group_id <> neighbour_id", name="ck_desk_group_neighbours_other"),
        sa.ForeignKeyConstraint(
            ["desk_group_id"],
            ["desk_groups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["neighbour_id"],
            ["desk_groups.id"],
        ),
        sa.PrimaryKeyConstraint("desk_group_id", "neighbour_id"),
    )
    op.create_table(
        "general_groups",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("desk_group_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["desk_group_id"],
            ["desk_groups.id"],
        ),
        sa.ForeignKeyConstraint(
            ["market_id"],
            ["markets.id"],
        ),
        sa.PrimaryKeyConstraint("market_id"),
    )
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index(op.f("ix_sign_ins_account_id"), "sign_ins", ["account_id"], unique=False)
    op.create_table(
        "callback_attempts",
        sa.Column("token", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("callback_id", sa.Uuid(), nullable=False),
        sa.Column("advisor_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("handed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_signal_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.CheckConstraint("(ended_at IS NULL) = (result IS NULL)", name="ck_callback_attempts_result"),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.ForeignKeyConstraint(
            ["callback_id", "market_id"],
            ["callbacks.id", "callbacks.market_id"],
        ),
        sa.ForeignKeyConstraint(
            ["market_id"],
            ["markets.id"],
        ),
        sa.PrimaryKeyConstraint("token", "market_id"),
    )
    op.create_index(
        "ix_callback_attempts_to_dial",
        "callback_attempts",
        ["committed_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL AND handed_at IS NULL"),
    )
    op.create_index(
        "ux_callback_attempts_number",
        "callback_attempts",
        ["number"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ux_callback_attempts_open",
        "callback_attempts",
        ["callback_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("callback_id", sa.Uuid(), nullable=True),
        sa.Column("advisor_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ringing_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="ck_offers_decided"),
        sa.CheckConstraint("channel IN ('chat', 'email', 'phone')", name="ck_offers_channel"),
        sa.CheckConstraint(
            "state IN ('accepted', 'open', 'rejected', 'rescinded', 'timed_out')", name="ck_offers_state"
        ),
        sa.CheckConstraint("(contact_id IS NULL) <> (callback_id IS NULL)", name="ck_offers_subject"),
        sa.ForeignKeyConstraint(
            ["advisor_id"],
            ["advisors.id"],
        ),
        sa.ForeignKeyConstraint(
            ["callback_id", "market_id"],
            ["callbacks.id", "callbacks.market_id"],
        ),
        sa.ForeignKeyConstraint(
            ["contact_id", "market_id"],
            ["contacts.id", "contacts.market_id"],
        ),
        sa.PrimaryKeyConstraint("id", "market_id"),
    )
    op.create_index(op.f("ix_offers_callback_id"), "offers", ["callback_id"], unique=False)
    op.create_index(op.f("ix_offers_contact_id"), "offers", ["contact_id"], unique=False)
    op.create_index(
        "ix_offers_deadline", "offers", ["deadline_at"], unique=False, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "ux_offers_open_callback",
        "offers",
        ["callback_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ux_offers_open_contact", "offers", ["contact_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "ux_offers_open_phone",
        "offers",
        ["advisor_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open' AND channel = 'phone'"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_index(
        "ux_offers_open_phone",
        table_name="offers",
        postgresql_where=sa.text("state = 'open' AND channel = 'phone'"),
    )
    op.drop_index("ux_offers_open_contact", table_name="offers", postgresql_where=sa.text("state = 'open'"))
    op.drop_index("ux_offers_open_callback", table_name="offers", postgresql_where=sa.text("state = 'open'"))
    op.drop_index("ix_offers_deadline", table_name="offers", postgresql_where=sa.text("state = 'open'"))
    op.drop_index(op.f("ix_offers_contact_id"), table_name="offers")
    op.drop_index(op.f("ix_offers_callback_id"), table_name="offers")
    op.drop_table("offers")
    op.drop_index(
        "ux_callback_attempts_open", table_name="callback_attempts", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_index(
        "ux_callback_attempts_number", table_name="callback_attempts", postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_index(
        "ix_callback_attempts_to_dial",
        table_name="callback_attempts",
        postgresql_where=sa.text("ended_at IS NULL AND handed_at IS NULL"),
    )
    op.drop_table("callback_attempts")
    op.drop_index(op.f("ix_sign_ins_account_id"), table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_table("general_groups")
    op.drop_table("desk_group_neighbours")
    op.drop_index(op.f("ix_desk_group_members_desk_group_id"), table_name="desk_group_members")
    op.drop_table("desk_group_members")
    op.drop_index(
        "ux_callbacks_open_customer",
        table_name="callbacks",
        postgresql_where=sa.text(
            "state NOT IN ('cancelled', 'done', 'failed', 'merged', 'settled') AND customer_id IS NOT NULL"
        ),
    )
    op.drop_index(
        "ix_callbacks_due",
        table_name="callbacks",
        postgresql_where=sa.text("state NOT IN ('cancelled', 'done', 'failed', 'merged', 'settled')"),
    )
    op.drop_index(
        "ix_callbacks_advisor",
        table_name="callbacks",
        postgresql_where=sa.text("state NOT IN ('cancelled', 'done', 'failed', 'merged', 'settled')"),
    )
    op.drop_index(
        "ix_callbacks_group",
        table_name="callbacks",
        postgresql_where=sa.text("state NOT IN ('cancelled', 'done', 'failed', 'merged', 'settled')"),
    )
    op.drop_table("callbacks")
    op.drop_index(
        "ux_relationships_current",
        table_name="relationships",
        postgresql_include=["advisor_id", "id"],
        postgresql_where=sa.text("ends_at IS NULL"),
    )
    op.drop_index(
        "ix_relationships_history", table_name="relationships", postgresql_where=sa.text("ends_at IS NOT NULL")
    )
    op.drop_index(
        "ix_relationships_advisor", table_name="relationships", postgresql_where=sa.text("ends_at IS NULL")
    )
    op.drop_table("relationships")
    op.drop_table("presences")
    op.drop_index("ux_direct_dial_numbers_number", table_name="direct_dial_numbers")
    op.drop_index(
        "ux_direct_dial_numbers_advisor",
        table_name="direct_dial_numbers",
        postgresql_where=sa.text("state = 'assigned'"),
    )
    op.drop_index(
        "ix_direct_dial_numbers_free", table_name="direct_dial_numbers", postgresql_where=sa.text("state = 'free'")
    )
    op.drop_table("direct_dial_numbers")
    op.drop_table("desk_groups")
    op.drop_index("ix_customer_phones_customer", table_name="customer_phones")
    op.drop_table("customer_phones")
    op.drop_index("ux_contacts_switch_call", table_name="contacts")
    op.drop_index(
        "ux_contacts_active_phone",
        table_name="contacts",
        postgresql_where=sa.text("channel = 'phone' AND state IN ('connected', 'wrapping')"),
    )
    op.drop_index(
        "ix_contacts_waiting", table_name="contacts", postgresql_where=sa.text("state IN ('waiting', 'choosing')")
    )
    op.drop_index(
        "ix_contacts_open",
        table_name="contacts",
        postgresql_where=sa.text(
            "state NOT IN ('abandoned', 'closed_hours', 'completed', 'lost_signal', 'promised')"
        ),
    )
    op.drop_index("ix_contacts_customer", table_name="contacts")
    op.drop_table("contacts")
    op.drop_table("books")
    op.drop_table("advisor_skills")
    op.drop_table("advisor_markets")
    op.drop_index("ux_accounts_email", table_name="accounts")
    op.drop_table("accounts")
    op.drop_index("ix_absences_advisor", table_name="absences")
    op.drop_table("absences")
    op.drop_table("policies")
    op.drop_table("customers")
    op.drop_index("ix_closures_market", table_name="closures")
    op.drop_table("closures")
    op.drop_table("advisors")
    op.drop_table("switch_events")
    op.drop_table("stream_tickets")
    op.drop_index("ix_stored_answers_until", table_name="stored_answers")
    op.drop_index("ix_stored_answers_subjects", table_name="stored_answers", postgresql_using="gin")
    op.drop_table("stored_answers")
    op.drop_table("sites")
    op.drop_table("products")
    op.drop_table("markets")
    op.drop_table("machine_keys")
    op.drop_index("ix_events_order", table_name="events")
    op.drop_table("events")
    op.drop_index("ix_decisions_subject", table_name="decisions")
    op.drop_table("decisions")
    op.execute("DROP FUNCTION own_xid()")
