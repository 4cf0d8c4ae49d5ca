"""What customers and advisors read about a new advisor and a changed book, in four languages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from customers import letters
from customers.letters import REASONS, BookChange, Letters
from kit.catalogue import Catalogue
from kit.database import Session
from notifications import service
from notifications.letters import Letter, Nobody
from tests.conftest import MONDAY_MORNING
from tests.support.builders import a_customer, a_market, a_number, a_relationship, an_advisor, new_id

pytestmark = pytest.mark.database

CATALOGUE = Catalogue.load(strict=True)
LANGUAGES = ("de", "en", "es", "fr")
ERIKA = "erika@home.example"
NUMBER = "+493023125017"
WEDNESDAY = MONDAY_MORNING + timedelta(days=2)


async def a_move(session: Session, because: str = "rebalanced", **customer: Any) -> Any:
    """Erika's new advisor is Anna, with a number; returns the relationship and its message."""
    anna = await an_advisor(session, name="Anna Kästner")
    await a_number(session, advisor=anna, number=NUMBER)
    erika = await a_customer(session, **{"name": "Erika Müller", "email": ERIKA, **customer})
    relationship = await a_relationship(session, erika, anna, since=MONDAY_MORNING)
    messages = await letters.of_moves(session, {relationship.id: because})  # type: ignore[dict-item]
    (row,) = await service.queue(session, messages, MONDAY_MORNING, new_id)
    return relationship, row


async def written(session: Session, message: Any, url: str = "https://durchwahl.example") -> Letter | Nobody:
    return await Letters(CATALOGUE, url).writers()[message["template"]](message, session)


async def letter_of(session: Session, message: Any, **more: Any) -> Letter:
    found = await written(session, message, **more)
    assert isinstance(found, Letter)
    return found


async def test_customer_reads_who_is_there_on_which_number_and_why(session: Session) -> None:
    _, message = await a_move(session, "lent")

    letter = await letter_of(session, message)

    assert (letter.address, letter.name) == (ERIKA, "Erika Müller")
    assert letter.subject == "Für Sie ist jetzt Anna Kästner da"
    assert letter.text.split("\n\n") == [
        "Guten Tag Erika Müller,",
        "von jetzt an ist Anna Kästner persönlich für Sie da.",
        "Sie erreichen Anna Kästner direkt unter 030 23125-017.",
        "Das gilt für eine Weile. Danach ist wieder für Sie da, wen Sie schon kennen.",
        "Auch unter der Nummer, die Sie bisher gewählt haben, kommen Sie bei Anna Kästner an.",
        "Freundliche Grüße von Ihrem Team",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("because", REASONS)
async def test_every_reason_has_its_words_in_every_language(session: Session, because: str, language: str) -> None:
    _, message = await a_move(session, because, languages=(language,))

    letter = await letter_of(session, message)

    assert letter.language == language
    assert CATALOGUE.say(f"letter.because.{because}", language) in letter.text
    assert "{{" not in letter.text + letter.subject


async def test_reasons_are_those_that_have_words() -> None:
    prefix = "letter.because."
    said = {key.removeprefix(prefix) for key in CATALOGUE.messages["de"] if key.startswith(prefix)}

    assert said == set(REASONS)


async def test_customer_without_a_known_language_reads_that_of_the_market(session: Session) -> None:
    await a_market(session, "ES", languages=("es", "en"))

    _, message = await a_move(session, languages=(), market="ES")

    assert message["language"] == "es"


async def test_customer_without_a_name_is_greeted_all_the_same(session: Session) -> None:
    relationship, message = await a_move(session)
    await session.execute("UPDATE customers SET name = NULL WHERE id = $1", relationship.customer_id)

    assert (await letter_of(session, message)).text.startswith("Guten Tag,\n\n")


async def test_advisor_without_a_number_yet_is_told_without_one(session: Session) -> None:
    _, message = await a_move(session)
    await session.execute("DELETE FROM direct_dial_numbers")

    letter = await letter_of(session, message)

    assert "23125" not in letter.text
    assert "Anna Kästner" in letter.text


async def test_customer_without_an_address_gets_no_letter(session: Session) -> None:
    _, message = await a_move(session, email=None)

    assert await written(session, message) == Nobody("no_address")


async def test_what_is_true_no_longer_is_not_said(session: Session) -> None:
    relationship, message = await a_move(session)
    await session.execute(
        "UPDATE relationships SET ends_at = starts_at, ended_reason = 'changed' WHERE id = $1", relationship.id
    )

    assert await written(session, message) == Nobody("out_of_date")


async def test_each_move_is_told_once(session: Session) -> None:
    relationship, _ = await a_move(session)
    again = await letters.of_moves(session, {relationship.id: "undone"})

    assert await service.queue(session, again, MONDAY_MORNING, new_id) == []


async def a_change(session: Session, comes: int = 12, goes: int = 1, **advisor: Any) -> Any:
    """Anna's book changes on Wednesday; her site is in Berlin."""
    anna = await an_advisor(session, name="Anna", **advisor)
    changes = [BookChange(anna.id, comes, goes, WEDNESDAY)]
    messages = await letters.of_books(session, changes, "plan_1")
    (row,) = await service.queue(session, messages, MONDAY_MORNING, new_id)
    return row


async def test_advisor_reads_how_many_from_when_and_where_to_look(session: Session) -> None:
    letter = await letter_of(session, await a_change(session))

    assert letter.subject == "Ihr Kundenbuch ändert sich"
    assert letter.text.split("\n\n") == [
        "Guten Tag Anna,",
        "Ihr Kundenbuch ändert sich: gültig ab Mittwoch, 25. November 2026.",
        "Neu zu Ihnen kommen 12 Kundinnen und Kunden.",
        "Zu jemand anderem wechselt eine Kundin oder ein Kunde.",
        "Wer das ist, sehen Sie an Ihrem Arbeitsplatz: https://durchwahl.example",
        "Freundliche Grüße von Ihrem Team",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_advisor_reads_it_in_their_language(session: Session, language: str) -> None:
    message = await a_change(session, 1, 0, languages=(language, "de"))

    letter = await letter_of(session, message, url="")

    assert letter.language == language
    assert "2026" in letter.text
    assert "https" not in letter.text
    assert "{{" not in letter.text
    assert CATALOGUE.say("letter.book_changed.goes", language, count=1) not in letter.text


async def test_advisor_who_has_left_gets_no_letter(session: Session) -> None:
    assert await written(session, await a_change(session, leaving_at=MONDAY_MORNING)) == Nobody("no_recipient")


async def test_the_same_change_of_books_is_told_once(session: Session) -> None:
    message = await a_change(session)
    changes = [BookChange(message["advisor_id"], 5, 5, WEDNESDAY)]

    again = await letters.of_books(session, changes, "plan_1")
    another = await letters.of_books(session, changes, "plan_2")

    assert await service.queue(session, again, MONDAY_MORNING, new_id) == []
    assert len(await service.queue(session, another, MONDAY_MORNING, new_id)) == 1
