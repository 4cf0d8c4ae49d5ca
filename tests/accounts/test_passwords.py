"""Passwords fit or do not; guessing is slow; a flood of sign-ins takes neither all memory nor all cores."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta

import pytest

from accounts.passwords import AT_ONCE, FAILURES, MOST_WAITING, FailedSignIns, Hashing, TooManyAttempts, invented
from accounts.tokens import digest, looks_like_one, make
from kit.errors import TooManyRequests


async def test_password_fits_its_own_hash_alone() -> None:
    hashing = Hashing()
    hashed = await hashing.hashed("correct horse")

    assert hashed.startswith("$argon2id$")
    assert await hashing.fits("correct horse", hashed)
    assert not await hashing.fits("correct horse ", hashed)
    assert not await hashing.fits("correct horse", "not a hash")


async def test_nobody_fits_no_account_and_it_takes_a_hash_to_find_out(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str | None] = []

    def fits(_: str, hashed: str | None) -> bool:
        verified.append(hashed)
        return True

    monkeypatch.setattr("accounts.passwords._fits", fits)

    assert not await Hashing().fits("anything", None)
    assert verified == [None]


async def test_few_are_hashed_at_once_and_too_many_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    hashing, at_once, most = Hashing(), 0, 0
    release = asyncio.Event()

    async def slow(*_: object) -> bool:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await release.wait()
        at_once -= 1
        return True

    monkeypatch.setattr("accounts.passwords.asyncio.to_thread", slow)
    waiting = [asyncio.create_task(hashing.fits("x", "y")) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await hashing.fits("x", "y")
    release.set()

    assert await asyncio.gather(*waiting) == [True] * MOST_WAITING
    assert most == AT_ONCE
    assert await hashing.fits("x", "y")


def test_address_waits_after_too_many_failures_and_others_do_not(now: datetime) -> None:
    failed = FailedSignIns()
    for _ in range(FAILURES.times):
        failed.check("anna@desk.example", now)
        failed.note("anna@desk.example", now)

    failed.check("ben@desk.example", now)
    with pytest.raises(TooManyAttempts) as raised:
        failed.check(" ANNA@desk.example", now)
    assert raised.value.retry_after_s == 61
    failed.check("anna@desk.example", now + timedelta(minutes=1))


def test_success_and_time_clear_the_count(now: datetime) -> None:
    failed = FailedSignIns()
    for _ in range(FAILURES.times - 1):
        failed.note("anna@desk.example", now)
    failed.clear("anna@desk.example")
    failed.note("anna@desk.example", now)
    failed.check("anna@desk.example", now)

    for seconds in range(0, 600, 60):
        failed.note("ben@desk.example", now + timedelta(seconds=seconds))
    failed.check("ben@desk.example", now + timedelta(seconds=599))


def test_watched_addresses_are_bounded_and_not_kept_in_clear(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.passwords.MOST", 3)
    failed = FailedSignIns()
    for number in range(10):
        failed.note(f"{number}@desk.example", now)

    assert len(failed._failures) == 3
    assert "desk.example" not in str(failed._failures._windows)


def test_tokens_differ_have_a_shape_and_carry_256_bits() -> None:
    made = {make("control_center") for _ in range(50)}

    assert len(made) == 50
    assert all(re.fullmatch(r"dw_control_center_[A-Za-z0-9_-]{43}", token) for token in made)
    assert all(looks_like_one(token.encode()) for token in made)
    assert len(digest(b"x")) == 32


@pytest.mark.parametrize("token", [b"", b"dw_", b"dw_telephony_short", b"x" * 60, b"dw_telephony_" + b"\xff" * 43])
def test_what_has_not_the_shape_is_not_looked_up(token: bytes) -> None:
    assert not looks_like_one(token)


def test_invented_passwords_are_long_and_differ() -> None:
    made = {invented() for _ in range(20)}

    assert len(made) == 20
    assert min(map(len, made)) >= 16
