"""Rotation without a pause: two of a line are valid, a third is refused, and it is seen which is which."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from accounts import keys, queries
from accounts.keys import Issued, KeyHasEnded, TwoAreValid
from accounts.recognition import Recognition
from accounts.tokens import digest
from kit.database import Database, Session
from kit.errors import NotFound
from kit.ids import new_id

pytestmark = pytest.mark.database

DAY = timedelta(days=1)


async def a_key(session: Session, now: datetime, expires_at: datetime | None = None) -> Issued:
    issued = await keys.issue(
        session, name="switch", scopes=["telephony"], now=now, new_id=new_id, expires_at=expires_at
    )
    await session.flush()
    return issued


async def rotated(session: Session, key: Issued, now: datetime, grace: timedelta = DAY) -> Issued:
    issued = await keys.rotate(session, key.key.id, grace=grace, now=now, new_id=new_id)
    await session.flush()
    return issued


async def opens(session: Session, key: Issued, now: datetime) -> bool:
    return await queries.principal(session, digest(key.secret.encode()), now) is not None


async def test_both_keys_are_valid_until_the_grace_is_over(session: Session, now: datetime) -> None:
    old = await a_key(session, now)

    new = await rotated(session, old, now)

    assert [await opens(session, key, now + DAY / 2) for key in (old, new)] == [True, True]
    assert [await opens(session, key, now + DAY) for key in (old, new)] == [False, True]
    assert (new.key.name, new.key.scopes, new.key.replaces) == ("switch", ["telephony"], old.key.id)


@pytest.mark.parametrize("which", ["old", "new"])
async def test_third_key_is_refused_while_two_are_valid(session: Session, now: datetime, which: str) -> None:
    old = await a_key(session, now)
    new = await rotated(session, old, now)

    with pytest.raises(TwoAreValid) as refused:
        await rotated(session, {"old": old, "new": new}[which], now)

    assert refused.value.facts == {"ends_at": now + DAY}


@pytest.mark.parametrize("by", ["time", "hand"])
async def test_next_rotation_is_possible_when_the_old_key_has_ended(
    session: Session, now: datetime, by: str
) -> None:
    old = await a_key(session, now)
    new = await rotated(session, old, now)
    if by == "hand":
        await keys.revoke(session, old.key.id, now)
    later = now if by == "hand" else now + DAY

    third = await rotated(session, new, later)

    assert [await opens(session, key, later) for key in (old, new, third)] == [False, True, True]


async def test_successor_that_leaked_is_taken_back_and_replaced(session: Session, now: datetime) -> None:
    old = await a_key(session, now)
    leaked = await rotated(session, old, now)
    await keys.revoke(session, leaked.key.id, now)

    again = await rotated(session, old, now)

    assert [await opens(session, key, now) for key in (old, leaked, again)] == [True, False, True]


async def test_rotation_lengthens_no_life(session: Session, now: datetime) -> None:
    old = await a_key(session, now, expires_at=now + DAY)

    new = await rotated(session, old, now + DAY / 2, grace=30 * DAY)

    assert old.key.expires_at == now + DAY
    assert new.key.expires_at == now + DAY / 2 + DAY


async def test_key_that_is_over_has_no_successor(session: Session, now: datetime) -> None:
    expired, revoked = await a_key(session, now, expires_at=now + DAY), await a_key(session, now)
    await keys.revoke(session, revoked.key.id, now)

    for key in (expired, revoked):
        with pytest.raises(KeyHasEnded):
            await rotated(session, key, now + DAY)
    with pytest.raises(NotFound):
        await keys.rotate(session, new_id(now), grace=DAY, now=now, new_id=new_id)


async def test_state_tells_which_is_which(session: Session, now: datetime) -> None:
    old = await a_key(session, now)
    new = await rotated(session, old, now)
    gone = await a_key(session, now)
    await keys.revoke(session, gone.key.id, now)
    replaced = await queries.replaced_keys(session, [old.key, new.key, gone.key])

    def states(at: datetime) -> list[str]:
        return [keys.state(key.key, key.key.id in replaced, at) for key in (old, new, gone)]

    assert replaced == {old.key.id: new.key.id}
    assert states(now) == ["retiring", "valid", "revoked"]
    assert states(now + DAY) == ["expired", "valid", "revoked"]


async def test_use_is_noted_once_in_five_minutes_whatever_comes_in(database: Database, now: datetime) -> None:
    recognition = Recognition(database)
    async with database.transaction() as session:
        key = await a_key(session, now)

    async def used_at(at: datetime) -> tuple[int, datetime]:
        for _ in range(3):
            await recognition.recognise(key.secret.encode(), at)
        async with database.transaction() as session:
            noted = await keys.note_used(session, recognition.keys_used, at)
            seen = await session.fetch_value("SELECT last_used_at FROM machine_keys WHERE id = $1", key.key.id)
        return noted, seen

    minutes = [now + timedelta(minutes=minute) for minute in (0, 4, 6)]
    assert [await used_at(at) for at in minutes] == [(1, now), (0, now), (1, minutes[2])]
