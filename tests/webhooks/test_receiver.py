"""Sending over the network: pinned to the address that was judged, bounded in time and in what is read."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.clock import LiveClock
from kit.database import Database
from kit.settings import Settings
from tests.webhooks.company import INSTALLATION, House
from tests.webhooks.receiver import Receiver, listening
from webhooks import secrets, service
from webhooks.addresses import networks
from webhooks.receiver import OverHttp, Unreached

LOOPBACK = networks("127.0.0.0/8")
SECOND = timedelta(seconds=1)


def a_courier(timeout: timedelta = timedelta(seconds=10), **more: Any) -> OverHttp:
    return OverHttp(more.pop("allowed", LOOPBACK), timeout, encrypted_only=False, **more)


class Names:
    """Answers of a name server, one after the other; the last one stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def posted(courier: OverHttp, url: str) -> int:
    return (await courier.post(url, {"webhook-id": "x"}, b"{}")).status


async def refusal(courier: OverHttp, url: str) -> str:
    with pytest.raises(Unreached) as refused:
        await courier.post(url, {}, b"{}")
    return refused.value.code


async def test_connection_goes_to_the_address_and_speaks_the_name() -> None:
    async with listening(receiver=Receiver(secret=secrets.make())) as receiver:
        courier = a_courier(resolve=Names(["127.0.0.1"]))

        assert await posted(courier, f"http://crm.example:{receiver.port}/a?b=c") == 401

    (head,) = receiver.heads
    assert head.startswith("POST /a?b=c HTTP/1.1\r\n")
    assert f"host: crm.example:{receiver.port}\r\n" in head.lower()


async def test_name_that_changes_its_mind_is_asked_once_for_each_attempt_and_judged_anew() -> None:
    """Rebinding: a good address for the check, a bad one for the connection. There is one answer for both."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    async with listening(receiver=Receiver(secret=secrets.make())) as receiver:
        courier = a_courier(resolve=names)
        url = f"http://crm.example:{receiver.port}/"

        assert await posted(courier, url) == 401
        assert names.asked == 1
        assert await refusal(courier, url) == "address_not_allowed"
        assert len(receiver.heads) == 1


@pytest.mark.parametrize(
    "answer", [["127.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["::ffff:127.0.0.1"], ["fe80::1%eth0"], ["169.254.169.254"]]
)
async def test_name_with_an_address_inside_is_not_connected_to(answer: list[str]) -> None:
    async with listening(receiver=Receiver(secret=secrets.make())) as receiver:
        courier = a_courier(allowed=(), resolve=Names(answer))

        assert await refusal(courier, f"http://crm.example:{receiver.port}/") == "address_not_allowed"
    assert receiver.heads == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "localhost"])
async def test_other_ways_to_write_this_machine_lead_nowhere(host: str) -> None:
    assert await refusal(a_courier(allowed=()), f"http://{host}/") in {"address_not_allowed", "unreadable"}


async def test_rules_of_today_count_not_those_of_the_day_it_was_written() -> None:
    courier = OverHttp(LOOPBACK, SECOND)

    assert await refusal(courier, "http://127.0.0.1/") == "not_https"


async def test_redirect_is_an_answer_and_no_way() -> None:
    async with listening(receiver=Receiver(secret=secrets.make())) as inside:
        to_inside = (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % inside.port
        )

        async def redirects(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(to_inside)
            await writer.drain()
            writer.close()

        async with listening(redirects) as receiver:
            assert await posted(a_courier(), receiver.url) == 302
    assert inside.heads == []


async def test_receiver_that_says_nothing_ends_at_the_time_out() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with listening(silent) as receiver:
        assert await refusal(a_courier(timedelta(milliseconds=300)), receiver.url) == "timeout"


async def test_receiver_that_drips_ends_at_the_time_out_too() -> None:
    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        gone = asyncio.create_task(reader.read())
        while not (await asyncio.wait({gone}, timeout=0.02))[0]:
            writer.write(b"x: y\r\n")
        writer.close()

    async with listening(drips) as receiver:
        assert await refusal(a_courier(timedelta(milliseconds=300)), receiver.url) == "timeout"


async def test_endless_answer_is_not_read_to_its_end() -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < 1 << 28:
                writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                await writer.drain()
                sent += 0x10000
        except OSError:
            writer.close()

    async with listening(endless) as receiver:
        assert await posted(a_courier(), receiver.url) == 200
    assert sent < 1 << 25


@pytest.mark.parametrize(
    ("header", "seconds"), [("120", 120), ("-1", None), ("Mon, 23 Nov 2026 09:00:00 GMT", None), ("9" * 30, None)]
)
async def test_wish_to_wait_is_heard_in_seconds(header: str, seconds: int | None) -> None:
    busy = f"HTTP/1.1 503 Busy\r\nRetry-After: {header}\r\nContent-Length: 0\r\n\r\n".encode()

    async def says(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(busy)
        await writer.drain()
        writer.close()

    async with listening(says) as receiver:
        answer = await a_courier().post(receiver.url, {}, b"{}")

    assert (answer.status, answer.retry_after_s) == (503, seconds)


async def test_nobody_there_and_nonsense_are_unreachable() -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 smtp.example ready\r\n")
        writer.close()

    async with listening(nonsense) as receiver:
        assert await refusal(a_courier(), receiver.url) == "unreachable"
    assert await refusal(a_courier(), receiver.url) == "unreachable"


async def test_second_address_is_tried_where_the_first_is_not_there() -> None:
    names = Names(["127.0.0.2", "127.0.0.1"])
    async with listening(receiver=Receiver(secret=secrets.make())) as receiver:
        assert await posted(a_courier(resolve=names), f"http://crm.example:{receiver.port}/") == 401


async def test_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with listening(receiver=Receiver(secret=secrets.make())) as receiver:
        assert await posted(a_courier(), receiver.url) == 401


async def test_certificate_must_be_the_names_though_the_connection_is_the_addresss(tmp_path: Path) -> None:
    certificate, key = a_certificate(tmp_path, "crm.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    courier = a_courier(resolve=Names(["127.0.0.1"]))
    courier._trust = ssl.create_default_context(cafile=str(certificate))

    async with listening(receiver=Receiver(secret=secrets.make()), ssl=context) as receiver:
        assert await posted(courier, f"https://crm.example:{receiver.port}/") == 401
        assert await refusal(courier, f"https://other.example:{receiver.port}/") == "tls"
        assert await refusal(a_courier(), f"https://127.0.0.1:{receiver.port}/") == "tls"


def a_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Signed by itself."""
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return certificate, key


@pytest.mark.database
async def test_receiver_verifies_what_it_gets_before_during_and_after_a_rotation(
    database: Database, settings: Settings
) -> None:
    """With the clock of this machine, as the library looks at it."""
    house = House(database, LiveClock(), settings.model_copy(update={"webhook_networks": "127.0.0.0/8"}))
    house.sender = house.a_sender(a_courier())
    async with listening() as receiver, database.lane():
        webhook, first = await subscribed(house, receiver.url)
        receiver.secret = first
        await house.tell("before")
        await house.send()
        async with database.transaction() as session:
            day = timedelta(days=1)
            row, second = await service.rotate(
                session, house.office, webhook, service.EVERY, day, house.clock.now()
            )
        await house.tell("with the old one")
        await house.send()
        receiver.secret = second
        await house.tell("with the new one")
        await house.send()
        async with database.transaction() as session:
            await session.execute("UPDATE webhooks SET old_secret_until = $1", house.clock.now())
        receiver.secret = first
        await house.tell("when the old one is over")
        await house.send()

    assert [event["subject"] for event in receiver.got] == ["before", "with the old one", "with the new one"]
    assert (receiver.refused, (await house.rows())[-1]["reason"]) == (1, "status_401")
    assert second.encode() not in bytes(row["secret"])


async def subscribed(house: House, url: str) -> tuple[Any, str]:
    wish = service.Wish("CRM", url, ["*"])
    async with house.database.transaction() as session:
        row, secret = await service.add(session, house.office, wish, "all", "acc_test", house.clock.now())
    return row["id"], secret


def test_secret_is_sealed_for_one_subscription_of_one_installation() -> None:
    from uuid import UUID

    one, other = UUID(int=1), UUID(int=2)
    secret = secrets.make()
    kept = secrets.sealed(INSTALLATION, one, secret)

    assert secrets.opened(INSTALLATION, one, kept) == secret
    assert secret.encode() not in kept
    for installation, webhook in ((INSTALLATION, other), (b"x" * 32, one)):
        with pytest.raises(secrets.Unreadable):
            secrets.opened(installation, webhook, kept)
