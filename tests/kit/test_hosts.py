"""One URL, several servers: who is asked, for how long, and who is asked first the next time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
from asyncpg.connect_utils import SessionAttribute

from kit.hosts import FIRST_REST_S, LONGEST_REST_S, Hosts, NobodyThere, split

Answer = Callable[[], object]
A, B, C = "postgresql://u@a/db", "postgresql://u@b/db", "postgresql://u@c/db"


class Servers:
    """What each host says when it is asked, and who was asked for how long."""

    def __init__(self, **says: BaseException | str) -> None:
        self.says: dict[str, BaseException | str] = says
        self.asked: list[tuple[str, float]] = []
        self.now = 0.0
        self.wanted: set[SessionAttribute | None] = set()

    async def connect(self, url: str, *, timeout: float, target_session_attrs: Any) -> object:  # noqa: ASYNC109
        host = url.split("@")[1][0]
        self.asked.append((host, timeout))
        self.wanted.add(target_session_attrs)
        said = self.says[host]
        if said == "nothing":
            self.now += timeout
            raise TimeoutError
        if isinstance(said, BaseException):
            raise said
        return f"connected to {host}"

    @property
    def names(self) -> str:
        names, self.asked = "".join(host for host, _ in self.asked), []
        return names


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Hosts, Servers]]:
    def made(url: str, **says: BaseException | str) -> tuple[Hosts, Servers]:
        servers = Servers(**says)
        monkeypatch.setattr("asyncpg.connect", servers.connect)
        return Hosts(url, lambda: servers.now), servers

    return made


Made = Callable[..., tuple[Hosts, Servers]]


@pytest.mark.parametrize(
    ("url", "urls", "wanted"),
    [
        (A, [A], None),
        (f"{A}?target_session_attrs=any", [A], "any"),
        ("postgresql://u@a,b/db", [A, B], "read-write"),
        ("postgresql://u@a,b/db?target_session_attrs=primary", [A, B], "primary"),
        ("postgresql://u:p@a:1,b:2/db?sslmode=require", [
            "postgresql://u:p@a:1/db?sslmode=require", "postgresql://u:p@b:2/db?sslmode=require",
        ], "read-write"),
        ("postgresql://u@/db?host=/run/a,/run/b", [
            "postgresql://u@/db?host=/run/a", "postgresql://u@/db?host=/run/b",
        ], "read-write"),
        ("postgresql://u@/db?host=a,b&port=1,2", [
            "postgresql://u@/db?host=a&port=1", "postgresql://u@/db?host=b&port=2",
        ], "read-write"),
        ("postgresql://u@/db?host=a,b&port=1", [
            "postgresql://u@/db?host=a&port=1", "postgresql://u@/db?host=b&port=1",
        ], "read-write"),
    ],
)  # fmt: skip
def test_a_url_is_one_for_each_host(url: str, urls: list[str], wanted: str | None) -> None:
    assert split(url) == (urls, wanted)


async def test_who_takes_writes_is_found_and_asked_first_from_then_on(hosts: Made) -> None:
    standby = asyncpg.TargetServerAttributeNotMatched("it follows another")
    found, servers = hosts("postgresql://u@a,b,c/db", a=ConnectionRefusedError(), b=standby, c="fine")

    assert str(await found.connect(2.0)) == "connected to c"
    assert servers.names == "abc"
    await found.connect(2.0)

    assert servers.names == "c"
    assert servers.wanted == {SessionAttribute.read_write}


async def test_a_host_that_swallows_everything_costs_its_share_and_once(hosts: Made) -> None:
    found, servers = hosts("postgresql://u@a,b/db", a="nothing", b="fine")

    await found.connect(2.0)
    cost = servers.now
    await found.connect(2.0)

    assert cost == servers.now == 1.0


async def test_what_the_quick_leave_over_the_slow_may_use(hosts: Made) -> None:
    found, servers = hosts("postgresql://u@a,b/db", a=ConnectionRefusedError(), b="fine")

    await found.connect(2.0)

    assert servers.asked == [("a", 1.0), ("b", 2.0)]


async def test_nobody_is_knocked_at_while_everybody_rests(hosts: Made) -> None:
    found, servers = hosts("postgresql://u@a,b/db", a=ConnectionRefusedError(), b=ConnectionRefusedError())
    rests: list[float] = []
    for _ in range(8):
        with pytest.raises(NobodyThere):
            await found.connect(2.0)
        began, servers.asked = servers.now, []
        while True:
            with pytest.raises(NobodyThere):
                await found.connect(2.0)
            if servers.asked:
                break
            servers.now += 0.001
        rests.append(round(servers.now - began, 2))

    assert (rests[0], rests[-1]) == (FIRST_REST_S, LONGEST_REST_S)
    assert rests == sorted(rests)


async def test_those_who_fail_together_count_once(hosts: Made) -> None:
    found, servers = hosts(A, a=ConnectionRefusedError())

    await asyncio.gather(*(found.connect(2.0) for _ in range(16)), return_exceptions=True)
    servers.says["a"] = "fine"
    servers.now += FIRST_REST_S

    assert str(await found.connect(2.0)) == "connected to a"


async def test_who_may_not_come_in_is_told_so_at_once(hosts: Made) -> None:
    found, servers = hosts("postgresql://u@a,b/db", a=asyncpg.InvalidPasswordError("no"), b="fine")

    with pytest.raises(asyncpg.InvalidPasswordError):
        await found.connect(2.0)

    assert servers.names == "a"
