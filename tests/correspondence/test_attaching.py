"""What is attached is kept where it is what it says, and refused by a word where not."""

from __future__ import annotations

import pytest

from correspondence.attaching import MOST, judge
from correspondence.mail import Part
from correspondence.models import MOST_ATTACHED

PDF, PNG, ZIP = b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"


def part(name: str, content: bytes = b"x") -> Part:
    return Part(name, "application/x-whatever", content)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("Rechnung.pdf", PDF, "application/pdf"),
        ("BILD.PNG", PNG, "image/png"),
        ("brief.docx", ZIP, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("liste.csv", b"a;b\n", "text/csv"),
        ("leer.txt", b"", "text/plain"),
    ],
)
def test_documents_and_pictures_are_kept_as_what_they_are(name: str, content: bytes, kind: str) -> None:
    (found,) = judge([part(name, content)])

    assert (found.refused_for, found.type, found.content) == (None, kind, content)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("setup.exe", b"MZ", "executable"),
        ("rechnung.pdf.exe", PDF, "executable"),
        ("bild.png", b"MZ\x90", "executable"),
        ("skript.txt", b"#!/bin/sh", "executable"),
        ("makro.docm", ZIP, "executable"),
        ("bild.svg", b"<svg/>", "executable"),
        ("alles.zip", ZIP, "archive"),
        ("alles", ZIP, "archive"),
        ("alles.txt", ZIP, "type"),
        ("rechnung.pdf", PNG, "type"),
        ("tabelle.xls", b"\xd0\xcf\x11\xe0", "type"),
        ("seite.html", b"<p>", "type"),
        ("text.txt", b"a\x00b", "type"),
        ("unnamed", b"x", "type"),
    ],
)
def test_the_rest_is_refused_by_a_word(name: str, content: bytes, word: str) -> None:
    (found,) = judge([part(name, content)])

    assert (found.refused_for, found.content) == (word, None)


def test_what_is_too_much_together_is_what_comes_last() -> None:
    half = PDF + b"x" * (MOST_ATTACHED // 2 - len(PDF))

    found = judge([part("a.pdf", half), part("b.pdf", half), part("c.pdf", PDF)])

    assert [one.refused_for for one in found] == [None, None, "too_large"]


def test_twenty_are_plenty() -> None:
    found = judge([part(f"{n}.txt") for n in range(MOST + 1)])

    assert [one.refused_for for one in found] == [None] * MOST + ["too_many"]
