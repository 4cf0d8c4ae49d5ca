"""Every statement about keys, sign-ins, accounts and stored answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import col, func, select

from accounts.models import Account, MachineKey, SigningKey
from accounts.principal import Principal, machine, person
from kit.database import ReadSession, Row, Session

NEVER = datetime.max.replace(tzinfo=UTC)

PRINCIPAL = """
SELECT id, scopes, NULL::text AS role, NULL::uuid AS advisor_id, expires_at AS until
FROM machine_keys
WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
UNION ALL
SELECT accounts.id, NULL, accounts.role, accounts.advisor_id, sign_ins.expires_at
FROM sign_ins JOIN accounts ON accounts.id = sign_ins.account_id AND accounts.active
WHERE sign_ins.token_hash = $1 AND sign_ins.ended_at IS NULL AND sign_ins.expires_at > $2
"""


async def principal(session: ReadSession, hashed: bytes, now: datetime) -> tuple[Principal, datetime] | None:
    """Whom the hash of a token stands for at `now`, and until when at the latest."""
    row = await session.fetch_row(PRINCIPAL, hashed, now)
    if row is None:
        return None
    until = row["until"] or NEVER
    if row["role"] is None:
        return machine(row["id"], frozenset(row["scopes"])), until
    return person(row["id"], row["role"], row["advisor_id"], hashed), until


CLAIM = """
SELECT pg_try_advisory_xact_lock($1) AS mine, kept.fingerprint, kept.status, kept.body
FROM (SELECT 1) AS one
LEFT JOIN stored_answers AS kept ON kept.principal = $2 AND kept.key = $3 AND kept.kept_until > $4
"""


async def claim_key(session: Session, lock: int, principal_name: str, key: str, now: datetime) -> Row:
    """Try to be the one who works under this key; there is a `fingerprint` when it was answered before."""
    row = await session.fetch_row(CLAIM, lock, principal_name, key, now)
    assert row is not None
    return row


KEEP = """
INSERT INTO stored_answers AS kept (principal, key, fingerprint, status, body, subjects, kept_until)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (principal, key) DO UPDATE
SET fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body,
    subjects = excluded.subjects, kept_until = excluded.kept_until
WHERE kept.kept_until <= $8
"""


async def keep_answer(
    session: Session,
    principal_name: str,
    key: str,
    fingerprint: bytes,
    status: int,
    body: bytes,
    subjects: Sequence[str],
    kept_until: datetime,
    now: datetime,
) -> bool:
    """False when another transaction has answered under this key since it was claimed."""
    tag = await session.execute(KEEP, principal_name, key, fingerprint, status, body, subjects, kept_until, now)
    return tag != "INSERT 0 0"


PROBE = """
INSERT INTO stored_answers (principal, key, fingerprint, status, body, subjects, kept_until)
VALUES ('durchwahl', 'probe', '', 204, '', '{}', $1)
ON CONFLICT (principal, key) DO UPDATE SET kept_until = excluded.kept_until
"""


async def write_probe(session: Session, now: datetime) -> None:
    """Write one row, always the same, to learn whether writing works."""
    await session.execute(PROBE, now)


async def drop_old_answers(session: Session, now: datetime, most: int = 10_000) -> int:
    """Remove answers that need not be kept any longer; returns how many. Called by a loop until it returns 0."""
    tag = await session.execute(
        """
        DELETE FROM stored_answers WHERE (principal, key) IN
            (SELECT principal, key FROM stored_answers WHERE kept_until <= $1 ORDER BY kept_until LIMIT $2)
        """,
        now,
        most,
    )
    return int(tag.split()[1])


async def account_by_email(session: ReadSession, email: str) -> Row | None:
    return await session.fetch_row(
        "SELECT id, password_hash, role, name, advisor_id, active FROM accounts WHERE lower(email) = lower($1)",
        email,
    )


BEGIN_SIGN_IN = """
INSERT INTO sign_ins (token_hash, account_id, created_at, expires_at, provider_session) VALUES ($1, $2, $3, $4, $5)
"""


async def begin_sign_in(
    session: Session,
    hashed: bytes,
    account_id: UUID,
    now: datetime,
    expires_at: datetime,
    provider_session: str | None = None,
) -> None:
    await session.execute(BEGIN_SIGN_IN, hashed, account_id, now, expires_at, provider_session)


async def end_sign_in(session: Session, hashed: bytes, now: datetime) -> bool:
    tag = await session.execute(
        "UPDATE sign_ins SET ended_at = $2 WHERE token_hash = $1 AND ended_at IS NULL", hashed, now
    )
    return tag == "UPDATE 1"


async def end_sign_ins_of(session: Session, account_id: UUID, now: datetime) -> int:
    tag = await session.execute(
        "UPDATE sign_ins SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL", account_id, now
    )
    return int(tag.split()[1])


END_PROVIDER_SESSION = """
UPDATE sign_ins SET ended_at = $3 FROM accounts
WHERE accounts.id = sign_ins.account_id AND accounts.issuer = $1
  AND sign_ins.provider_session = $2 AND sign_ins.ended_at IS NULL
RETURNING sign_ins.account_id
"""


async def end_sign_ins_of_provider_session(session: Session, issuer: str, sid: str, now: datetime) -> list[UUID]:
    """Whose sign-ins were ended, each once."""
    rows = await session.fetch(END_PROVIDER_SESSION, issuer, sid, now)
    return list(dict.fromkeys(row["account_id"] for row in rows))


async def account_of_subject(session: ReadSession, issuer: str, subject: str) -> Account | None:
    query = select(Account).where(col(Account.issuer) == issuer, col(Account.subject) == subject)
    return (await session.orm.exec(query)).first()


async def account_to_link(session: Session, email: str) -> Account | None:
    """The account with this address that nobody of the identity provider's has yet, locked."""
    query = select(Account).where(func.lower(col(Account.email)) == email.lower(), col(Account.subject).is_(None))
    return (await session.orm.exec(query.with_for_update())).first()


async def account_for_bearer(session: ReadSession, issuer: str, subject: str) -> Row | None:
    return await session.fetch_row(
        """
        SELECT id, role, advisor_id, signed_out_at, created_at FROM accounts
        WHERE issuer = $1 AND subject = $2 AND active
        """,
        issuer,
        subject,
    )


async def sign_in(session: ReadSession, hashed: bytes) -> Row | None:
    """The account behind a token, and until when it is signed in."""
    return await session.fetch_row(
        """
        SELECT accounts.*, sign_ins.expires_at FROM sign_ins JOIN accounts ON accounts.id = sign_ins.account_id
        WHERE token_hash = $1
        """,
        hashed,
    )


async def another_admin(session: Session, account_id: UUID) -> bool:
    """Whether somebody else is an active admin; locks them, so that two admins can't remove each other."""
    rows = await session.fetch(
        "SELECT id FROM accounts WHERE role = 'admin' AND active ORDER BY id FOR NO KEY UPDATE"
    )
    return any(row["id"] != account_id for row in rows)


async def hold_first_admin(session: Session) -> None:
    await session.execute("SELECT pg_advisory_xact_lock(34, 1)")


async def any_account(session: ReadSession) -> bool:
    return bool(await session.fetch_value("SELECT EXISTS (SELECT FROM accounts)"))


async def page_of_accounts(session: ReadSession, after: UUID | None, limit: int) -> Sequence[Account]:
    query = select(Account).order_by(col(Account.id)).limit(limit)
    if after is not None:
        query = query.where(col(Account.id) > after)
    return (await session.orm.exec(query)).all()


async def page_of_keys(session: ReadSession, after: UUID | None, limit: int) -> Sequence[MachineKey]:
    query = select(MachineKey).order_by(col(MachineKey.id)).limit(limit)
    if after is not None:
        query = query.where(col(MachineKey.id) > after)
    return (await session.orm.exec(query)).all()


async def neighbours_of_key(session: ReadSession, key: MachineKey) -> Sequence[MachineKey]:
    """The key that it replaces, and those that replace it."""
    query = select(MachineKey).where((col(MachineKey.id) == key.replaces) | (col(MachineKey.replaces) == key.id))
    return (await session.orm.exec(query)).all()


async def replaced_keys(session: ReadSession, keys: Sequence[MachineKey]) -> dict[UUID, UUID]:
    """Of these keys those that have a successor which was not taken back, with its id."""
    query = select(MachineKey.replaces, MachineKey.id).where(
        col(MachineKey.replaces).in_([key.id for key in keys]), col(MachineKey.revoked_at).is_(None)
    )
    return {old: new for old, new in await session.orm.exec(query) if old is not None}


NOTE_KEYS_USED = """
UPDATE machine_keys SET last_used_at = $2
WHERE id = ANY($1::uuid[]) AND (last_used_at IS NULL OR last_used_at < $3)
"""


async def note_keys_used(session: Session, ids: Sequence[UUID], now: datetime, unless_since: datetime) -> int:
    tag = await session.execute(NOTE_KEYS_USED, ids, now, unless_since)
    return int(tag.split()[1])


async def signing_key(session: ReadSession, kid: str, now: datetime) -> Row | None:
    """The valid key of that name."""
    return await session.fetch_row(
        """
        SELECT algorithm, public_key, expires_at FROM signing_keys
        WHERE kid = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
        """,
        kid,
        now,
    )


async def key_is_valid(session: ReadSession, key_id: UUID, now: datetime) -> bool:
    """Whether that machine key is neither revoked nor expired."""
    return bool(
        await session.fetch_value(
            """
            SELECT true FROM machine_keys
            WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
            """,
            key_id,
            now,
        )
    )


async def hold_client(session: Session, client: str) -> None:
    """Nobody else registers a key for this client until the end of the transaction."""
    await session.execute("SELECT pg_advisory_xact_lock(23, hashtext($1))", client)


async def valid_signing_keys(session: ReadSession, client: str, now: datetime) -> int:
    found: int = await session.fetch_value(
        """
        SELECT count(*) FROM signing_keys
        WHERE client = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
        """,
        client,
        now,
    )
    return found


async def kid_taken(session: ReadSession, kid: str) -> bool:
    return bool(await session.fetch_value("SELECT true FROM signing_keys WHERE kid = $1", kid))


async def page_of_signing_keys(session: ReadSession, after: UUID | None, limit: int) -> Sequence[SigningKey]:
    query = select(SigningKey).order_by(col(SigningKey.id)).limit(limit)
    if after is not None:
        query = query.where(col(SigningKey.id) > after)
    return (await session.orm.exec(query)).all()


async def advisor_account(session: ReadSession, advisor_id: UUID) -> tuple[bool, bool]:
    """Whether there is such an advisor, and whether one has an account already."""
    row = await session.fetch_row(
        """
        SELECT EXISTS (SELECT FROM advisors WHERE id = $1) AS known,
               EXISTS (SELECT FROM accounts WHERE advisor_id = $1) AS taken
        """,
        advisor_id,
    )
    assert row is not None
    return row["known"], row["taken"]
