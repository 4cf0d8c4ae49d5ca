"""A mail is read into safe text, whatever its sender has made of it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correspondence.mail import LONGEST, MOST_PARTS, Mail, file_name, read

HEAD = b"From: Erika <Erika@Home.example>\r\nMessage-ID: <1@home.example>\r\n"


def mail(rest: bytes, sender: str | None = "erika@home.example") -> Mail:
    return read(HEAD + rest, sender)


def multipart(*parts: bytes) -> bytes:
    return (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
        + b"--b--\r\n"
    )


def test_plain_mail_is_read_with_its_sender_in_small_letters() -> None:
    found = mail(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nGuten Tag,\r\nErika\r\n")

    assert (found.address, found.subject, found.text) == ("erika@home.example", "Grüße", "Guten Tag,\nErika")
    assert (found.message_id, found.automatic, found.readable) == ("<1@home.example>", False, True)


@pytest.mark.parametrize(
    ("rest", "text"),
    [
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nGr\xfc\xdfe", "Grüße"),
        (b"\r\nGr\xc3\xbc\xc3\x9fe", "Grüße"),
        (b"\r\nGr\xfc\xdfe", "Grüße"),
        (b"Content-Type: text/plain; charset=klingon\r\n\r\nGr\xc3\xbc\xc3\x9fe", "Grüße"),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\nGr\xfc\xdfe", "Grüße"),
        (b"Content-Type: text/plain; charset=utf-16\r\n\r\nx\x00y", "x"),
        (b"Content-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ==", "Grüße"),
        (b"Content-Transfer-Encoding: base64\r\n\r\n!!!not base64", "!!!not base64"),
        (b"\r\na\x00b\x07c\xe2\x80\xaed", "abcd"),
        (b"\r\n" + b"a" * (LONGEST + 9), "a" * LONGEST),
    ],
    ids=[
        "latin-1", "no charset, utf-8", "no charset, latin-1", "unknown charset", "another charset",
        "half a character", "base64", "broken base64", "controls and turned direction", "too long",
    ],
)  # fmt: skip
def test_text_is_made_of_what_came(rest: bytes, text: str) -> None:
    assert mail(rest).text.startswith(text)


def test_html_alone_is_reduced_to_its_words() -> None:
    page = (
        b"<html><head><title>x</title><style>p{}</style></head><body><h1>Rechnung</h1><p>Guten&nbsp;Tag,<br>ich "
        b"<b>frage</b></p><script>alert(1)</script><p>Gr&uuml;&szlig;e<img src=x onerror=alert(1)></p></body>"
    )

    found = mail(b"Content-Type: text/html\r\n\r\n" + page)

    assert found.text == "Rechnung\n\nGuten Tag,\nich frage\n\nGrüße"


def test_words_beside_html_count() -> None:
    both = b"Content-Type: text/plain\r\n\r\nWorte", b"Content-Type: text/html\r\n\r\n<p>HTML</p>"

    found = mail(multipart(*both))

    assert found.text == "Worte"


def test_attachment_is_one_with_the_name_it_has() -> None:
    part = (
        b'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="../../a b.pdf"\r\n\r\n%PDF-1'
    )

    (found,) = mail(multipart(part)).parts

    assert (found.name, found.type, found.content) == ("a b.pdf", "application/pdf", b"%PDF-1")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("..\\..\\evil.exe", "evil.exe"),
        ("/etc/passwd", "passwd"),
        ("...", "unnamed"),
        ("", "unnamed"),
        ("a\r\nb\u202etxt.exe", "a b txt.exe"),
    ],
)
def test_file_name_is_one_line_without_folders(name: str, kept: str) -> None:
    assert file_name(name) == kept


def test_long_file_name_keeps_its_ending() -> None:
    assert file_name("x" * 500 + ".exe").endswith(".exe")
    assert len(file_name("x" * 500 + ".exe")) <= 120


def test_thousand_parts_are_read_as_far_as_the_limit_goes() -> None:
    found = mail(multipart(*[b"Content-Type: text/plain\r\n\r\nx"] * 1000))

    assert found.text.count("x") == MOST_PARTS


def test_what_is_nested_without_end_is_a_mail_without_words() -> None:
    bomb = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000))

    found = mail(bomb + b"\r\nhallo")

    assert (found.text, found.parts) == ("", ())


@pytest.mark.parametrize(
    ("headers", "automatic", "answer"),
    [
        (b"Auto-Submitted: auto-replied\r\n", True, True),
        (b"Auto-Submitted: auto-generated\r\n", True, False),
        (b"Auto-Submitted: no\r\n", False, False),
        (b"Precedence: bulk\r\n", True, False),
        (b"List-Id: <news.example>\r\n", True, False),
        (b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n", True, True),
    ],
)
def test_machines_are_told_from_people(headers: bytes, automatic: bool, answer: bool) -> None:
    found = mail(headers + b"\r\nx")

    assert (found.automatic, found.answer) == (automatic, answer)


def test_mail_without_an_envelope_sender_is_a_bounce() -> None:
    assert mail(b"\r\nx", None).answer


@pytest.mark.parametrize(
    "header",
    [
        b"From: a@b.example, c@d.example\r\n",
        b"From: nobody\r\n",
        b"From: \r\n",
        b"From: =?utf-8?q?a=0d=0aBcc:_x?= <a b@c.example>\r\n",
        b"From: a@b.example\r\nFrom: c@d.example\r\n",
    ],
)
def test_sender_that_is_no_single_address_is_unknown(header: bytes) -> None:
    assert read(header + b"\r\nx", "x@y.example").address is None


def test_headers_that_are_smuggled_into_a_subject_stay_in_it() -> None:
    found = mail(b"Subject: =?utf-8?q?Hallo=0d=0aBcc:_all=40home.example?=\r\n\r\nx")

    assert found.subject == "Hallo Bcc: all@home.example"


def test_same_mail_has_the_same_key_and_another_sender_another() -> None:
    first, again = mail(b"\r\nx"), mail(b"Received: later\r\n\r\nx")
    others = read(b"From: eve@home.example\r\nMessage-ID: <1@home.example>\r\n\r\nx", "eve@home.example")

    assert first.key == again.key
    assert first.key != others.key


def test_references_are_ids_and_few() -> None:
    found = mail(b"In-Reply-To: <a@b>\r\nReferences: <c@d> nonsense <a@b> " + b"<e@f> " * 99 + b"\r\n\r\nx")

    assert found.references == ("<a@b>", "<c@d>", "<e@f>")


@given(st.binary(max_size=2000))
def test_whatever_comes_is_safe_text(raw: bytes) -> None:
    for found in (mail(raw), read(raw, None), mail(b"Content-Type: text/html\r\n\r\n" + raw)):
        for text in (found.text, found.subject, *(part.name for part in found.parts)):
            assert text.encode("utf-8").decode("utf-8") == text
            assert not any(unicodedata.category(one) in {"Cc", "Cs"} and one not in "\n\t" for one in text)
