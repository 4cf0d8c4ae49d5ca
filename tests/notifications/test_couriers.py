"""One suite over the console and SMTP: what arrives, and what a failure is called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from notifications.couriers import Off, Refused, SwitchedOff, Unreachable
from notifications.letters import Letter
from tests.notifications.mailbox import Mailbox, OfConsole, a_mail_server

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WRONG = "not the password"  # pragma: allowlist secret
ERIKA = "erika@home.example"


def a_letter(address: str = ERIKA, **more: Any) -> Letter:
    told: dict[str, Any] = {"name": "Erika Müller", "subject": "Grüße & mehr", "text": "Guten Tag,\n\n1 < 2\nzwei"}
    return Letter(address=address, language="de", **{**told, **more})


@pytest.fixture(params=["console", "smtp"])
async def mailbox(request: pytest.FixtureRequest) -> AsyncIterator[Mailbox]:
    if request.param == "console":
        yield OfConsole()
    else:
        async with a_mail_server() as server:
            yield server


async def sent(mailbox: Mailbox, letter: Letter, message_id: str = "msg_1") -> EmailMessage:
    await mailbox.courier.carry(letter, message_id, NOW)
    return mailbox.letters()[-1]


async def test_letter_arrives_with_its_headers(mailbox: Mailbox) -> None:
    arrived = await sent(mailbox, a_letter())

    assert arrived["From"] == "Durchwahl <advisors@durchwahl.example>"
    assert arrived["To"] == "Erika Müller <erika@home.example>"
    assert arrived["Subject"] == "Grüße & mehr"
    assert parsedate_to_datetime(arrived["Date"]) == NOW
    assert arrived["Message-ID"] == "<msg_1@durchwahl.example>"
    assert arrived["Content-Language"] == "de"
    assert arrived["Auto-Submitted"] == "auto-generated"


async def test_text_and_html_say_the_same_and_no_word_is_read_as_html(mailbox: Mailbox) -> None:
    arrived = await sent(mailbox, a_letter())

    text, html = arrived.get_body(("plain",)), arrived.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == "Guten Tag,\n\n1 < 2\nzwei\n"
    assert '<html lang="de">' in html.get_content()
    assert "<p>1 &lt; 2<br>zwei</p>" in html.get_content()


async def test_second_attempt_has_the_same_message_id(mailbox: Mailbox) -> None:
    first, second = [await sent(mailbox, a_letter(), "msg_7") for _ in range(2)]

    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize(
    "typed", ["Erika\r\nBcc: all@home.example", "Erika\nBcc: x", "\r\n\r\nHello", "a\u2028b\0c\u202ed"]
)
async def test_what_people_type_begins_no_header(mailbox: Mailbox, typed: str) -> None:
    arrived = await sent(mailbox, a_letter(name=typed, subject=typed))

    assert "Bcc" not in arrived
    assert arrived["To"].addresses[0].addr_spec == ERIKA
    assert len(arrived["To"].addresses) == 1
    assert not set("\r\n\0\u2028\u202e") & set(str(arrived["Subject"]) + arrived["To"].addresses[0].display_name)


async def test_name_that_looks_like_addresses_is_a_name(mailbox: Mailbox) -> None:
    arrived = await sent(mailbox, a_letter(name='x@y.example, "Eve" <eve@z.example>'))

    assert [one.addr_spec for one in arrived["To"].addresses] == [ERIKA]


async def test_long_line_and_dots_arrive_as_they_were(mailbox: Mailbox) -> None:
    text = "." + "ä" * 2000 + "\n.\n..\n\nEnde"

    arrived = (await sent(mailbox, a_letter(text=text))).get_body(("plain",))

    assert arrived is not None
    assert arrived.get_content().replace("\r\n", "\n") == text + "\n"


async def test_domain_in_other_letters_is_looked_up_in_ascii(mailbox: Mailbox) -> None:
    arrived = await sent(mailbox, a_letter("erika@müller.example"))

    assert arrived["To"].addresses[0].domain == "xn--mller-kva.example"


@pytest.mark.parametrize("code", [550, 552, 553])
async def test_5xx_for_the_recipient_is_for_ever(mailbox: Mailbox, code: int) -> None:
    mailbox.refuse(ERIKA, code)

    with pytest.raises(Refused) as refused:
        await sent(mailbox, a_letter())

    assert refused.value.code == f"smtp_{code}"
    assert ERIKA not in str(refused.value)
    assert mailbox.letters() == []


@pytest.mark.parametrize("code", [421, 450, 452])
async def test_4xx_is_for_the_time_being(mailbox: Mailbox, code: int) -> None:
    mailbox.refuse(ERIKA, code)

    with pytest.raises(Unreachable) as away:
        await sent(mailbox, a_letter())

    assert away.value.code == f"smtp_{code}"


async def test_nobody_there_is_for_the_time_being(mailbox: Mailbox) -> None:
    mailbox.go_away()

    with pytest.raises(Unreachable, match="unreachable"):
        await sent(mailbox, a_letter())


async def test_one_that_is_refused_spoils_nothing_for_the_next(mailbox: Mailbox) -> None:
    mailbox.refuse(ERIKA, 550)
    with pytest.raises(Refused):
        await sent(mailbox, a_letter())

    assert (await sent(mailbox, a_letter("max@home.example")))["To"].addresses[0].addr_spec == "max@home.example"


# SMTP alone


@pytest.mark.parametrize(("code", "kind"), [(554, Refused), (451, Unreachable)])
async def test_letter_itself_may_be_refused(code: int, kind: type[Exception]) -> None:
    async with a_mail_server() as server:
        server.handler.data_code = code

        with pytest.raises(kind, match=f"smtp_{code}"):
            await sent(server, a_letter())


async def test_server_without_encryption_gets_nothing_where_it_is_asked_for() -> None:
    async with a_mail_server(tls="starttls") as server:
        with pytest.raises(Unreachable, match="smtp_not_supported"):
            await sent(server, a_letter())

        assert server.letters() == []


async def test_server_that_hangs_is_left_after_a_while() -> None:
    async with a_mail_server(patience=timedelta(milliseconds=50)) as server:
        server.handler.hangs = asyncio.Event()

        with pytest.raises(Unreachable, match="timeout"):
            await sent(server, a_letter())

        server.handler.hangs.set()


async def test_wrong_password_is_no_letters_fault() -> None:
    async with a_mail_server(lets_nobody_in=True, user="durchwahl", password=WRONG) as server:
        with pytest.raises(Unreachable, match="smtp_sign_in"):
            await sent(server, a_letter())


async def test_installation_without_mail_says_so() -> None:
    with pytest.raises(SwitchedOff):
        await Off().carry(a_letter(), "msg_1", NOW)
