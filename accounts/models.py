"""People who sign in, machines that hold keys, and the answers kept for repeats."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, PrimaryKeyConstraint, Text, text
from sqlmodel import Field, SQLModel

from kit.tables import Instant, Json, TextList, about, kept, one_of

ROLES = ("advisor", "lead", "supervisor", "admin", "auditor")
SCOPES = ("telephony", "control_center", "operator")


@kept("access", "account", "pseudonymous", codes="role issuer")
class Account(SQLModel, table=True):
    """A person who signs in; `advisor_id` where the person is an advisor.

    `issuer` and `subject`: who the identity provider says it is; its tokens from before `signed_out_at` are void.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        one_of("role", ROLES, "ck_accounts_role"),
        Index("ux_accounts_email", text("lower(email)"), unique=True),
        Index("ux_accounts_subject", "issuer", "subject", unique=True),
        CheckConstraint("(issuer IS NULL) = (subject IS NULL)", name="ck_accounts_subject"),
    )

    id: UUID = Field(primary_key=True)
    email: str = about("personal", sa_type=Text)
    name: str = about("personal", sa_type=Text)
    password_hash: str = about("personal", sa_type=Text)
    role: str = Field(sa_type=Text)
    advisor_id: UUID | None = Field(default=None, foreign_key="advisors.id", unique=True)
    active: bool = True
    created_at: datetime = Field(sa_type=Instant)
    issuer: str | None = Field(default=None, sa_type=Text)
    subject: str | None = about("pseudonymous", default=None, sa_type=Text)
    signed_out_at: datetime | None = Field(default=None, sa_type=Instant)


@kept("access", "sign_in", "pseudonymous", codes="token_hash")
class SignIn(SQLModel, table=True):
    """One signed-in browser or client; only the hash of its token is kept."""

    __tablename__ = "sign_ins"

    token_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account_id: UUID = Field(foreign_key="accounts.id", index=True)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    provider_session: str | None = about("pseudonymous", default=None, sa_type=Text, index=True)


@kept("access", "audit", codes="name key_hash scopes")
class MachineKey(SQLModel, table=True):
    """A key of a machine client: hashed, scoped, ended by date or by hand.

    `replaces` is the key whose successor this one is. `last_used_at` is coarse: it lags by some minutes.
    """

    __tablename__ = "machine_keys"
    __table_args__ = (
        Index("ux_machine_keys_replaces", "replaces", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    key_hash: bytes = Field(sa_type=LargeBinary, unique=True)
    scopes: list[str] = Field(sa_type=TextList)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    replaces: UUID | None = Field(default=None, foreign_key="machine_keys.id")
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)


@kept("access", "audit", codes="client kid algorithm public_key")
class SigningKey(SQLModel, table=True):
    """The public key with which a control center's backend signs its customers' tokens; `kid` is its name there."""

    __tablename__ = "signing_keys"
    __table_args__ = (one_of("algorithm", ("Ed25519", "ES256"), "ck_signing_keys_algorithm"),)

    id: UUID = Field(primary_key=True)
    client: str = Field(sa_type=Text, index=True)
    kid: str = Field(sa_type=Text, unique=True)
    algorithm: str = Field(sa_type=Text)
    public_key: dict[str, str] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


@kept("running", "day", "pseudonymous", codes="principal key fingerprint subjects")
class StoredAnswer(SQLModel, table=True):
    """The answer to an `Idempotency-Key`, kept for a day; `subjects` lets an erasure find it."""

    __tablename__ = "stored_answers"
    __table_args__ = (
        PrimaryKeyConstraint("principal", "key"),
        Index("ix_stored_answers_until", "kept_until"),
        Index("ix_stored_answers_subjects", "subjects", postgresql_using="gin"),
    )

    principal: str = Field(sa_type=Text)
    key: str = Field(sa_type=Text)
    fingerprint: bytes = Field(sa_type=LargeBinary)
    status: int
    body: bytes = about("personal", sa_type=LargeBinary)
    subjects: list[str] = Field(sa_type=TextList)
    kept_until: datetime = Field(sa_type=Instant)
