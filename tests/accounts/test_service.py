"""Accounts and keys on a real database; each test is rolled back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from accounts import keys, queries, service
from accounts.keys import BadKeyRequest
from accounts.models import ROLES, SCOPES
from accounts.passwords import Hashing
from accounts.principal import machine, person
from accounts.tokens import digest
from kit.database import Session
from kit.errors import NotFound
from kit.ids import encode, new_id

pytestmark = pytest.mark.database


async def test_first_start_makes_an_admin_once_and_tells_the_password(session: Session, now: datetime) -> None:
    hashing = Hashing()

    first = await service.first_admin(session, hashing, now, new_id)
    await session.flush()
    second = await service.first_admin(session, hashing, now, new_id)

    assert first is not None
    assert second is None
    account = await queries.account_by_email(session, first.email)
    assert account is not None
    assert (account["role"], account["active"]) == ("admin", True)
    assert await hashing.fits(first.password, account["password_hash"])


async def test_key_is_recognised_until_it_ends(session: Session, now: datetime) -> None:
    ends = now + timedelta(days=1)
    issued = await keys.issue(
        session, name="cc", scopes=["operator", "control_center"], now=now, new_id=new_id, expires_at=ends
    )
    await session.flush()
    hashed = digest(issued.secret.encode())

    found = await queries.principal(session, hashed, now)

    assert found == (machine(issued.key.id, frozenset({"operator", "control_center"})), ends)
    assert issued.secret.startswith("dw_machine_")
    assert await queries.principal(session, hashed, ends) is None
    assert await queries.principal(session, digest(b"another"), now) is None


async def test_revoked_key_is_recognised_no_longer(session: Session, now: datetime) -> None:
    issued = await keys.issue(session, name="cc", scopes=["operator"], now=now, new_id=new_id)
    await session.flush()

    await keys.revoke(session, issued.key.id, now)
    await session.flush()

    assert await queries.principal(session, digest(issued.secret.encode()), now) is None
    with pytest.raises(NotFound):
        await keys.revoke(session, new_id(now), now)


@pytest.mark.parametrize(("scopes", "code"), [([], "no_scope"), (["admin"], "unknown_scope")])
async def test_key_without_a_scope_that_exists_is_refused(
    session: Session, now: datetime, scopes: list[str], code: str
) -> None:
    with pytest.raises(BadKeyRequest) as raised:
        await keys.issue(session, name="x", scopes=scopes, now=now, new_id=new_id)
    assert raised.value.errors[0].code == code


async def test_inactive_person_is_not_recognised(session: Session, now: datetime) -> None:
    account = await service.create(
        session, Hashing(), email="a@b", name="A", role="lead", password="x" * 12, now=now, new_id=new_id
    )
    await session.flush()
    token, _ = await service.begin(session, account.id, now, timedelta(hours=1))
    hashed = digest(token.encode())
    before = await queries.principal(session, hashed, now)

    await session.execute("UPDATE accounts SET active = false WHERE id = $1", account.id)

    assert before == (person(account.id, "lead", None, hashed), now + timedelta(hours=1))
    assert await queries.principal(session, hashed, now) is None


async def test_old_answers_are_dropped_and_young_ones_stay(session: Session, now: datetime) -> None:
    for key, until in (("old", now), ("young", now + timedelta(seconds=1))):
        await queries.keep_answer(session, "key_x", key, b"", 200, b"", [], until, now - timedelta(days=1))

    assert await queries.drop_old_answers(session, now) == 1
    assert [row["key"] for row in await session.fetch("SELECT key FROM stored_answers")] == ["young"]


async def test_answer_is_kept_once_while_it_lasts(session: Session, now: datetime) -> None:
    until = now + timedelta(hours=1)

    async def kept(body: bytes, at: datetime) -> bool:
        return await queries.keep_answer(session, "key_x", "k", b"", 200, body, [], until, at)

    assert await kept(b"first", now)
    assert not await kept(b"second", now)
    assert await kept(b"third", until)


def test_no_grant_implies_another(now: datetime) -> None:
    identifier = new_id(now)
    for role in ROLES:
        assert [grant for grant in (*ROLES, *SCOPES) if person(identifier, role).may(grant)] == [role]
    client = machine(identifier, frozenset({"telephony"}))
    assert [grant for grant in (*ROLES, *SCOPES) if client.may(grant)] == ["telephony"]
    assert client.name_for_keys == encode("key", identifier)
