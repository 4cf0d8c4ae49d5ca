"""Let an account belong to somebody of an identity provider's, and a sign-in to a session there."""

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.add_column("accounts", sa.Column("issuer", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("subject", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("signed_out_at", sa.TIMESTAMP(timezone=True), nullable=True))
    op.create_check_constraint("ck_accounts_subject", "accounts", "(issuer IS NULL) = (subject IS NULL)")
    op.create_index("ux_accounts_subject", "accounts", ["issuer", "subject"], unique=True)
    op.add_column("sign_ins", sa.Column("provider_session", sa.Text(), nullable=True))
    op.create_index("ix_sign_ins_provider_session", "sign_ins", ["provider_session"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.execute("SET LOCAL statement_timeout = '60s'")
    op.drop_index("ix_sign_ins_provider_session", table_name="sign_ins")
    op.drop_column("sign_ins", "provider_session")
    op.drop_index("ux_accounts_subject", table_name="accounts")
    op.drop_constraint("ck_accounts_subject", "accounts", type_="check")
    op.drop_column("accounts", "signed_out_at")
    op.drop_column("accounts", "subject")
    op.drop_column("accounts", "issuer")
