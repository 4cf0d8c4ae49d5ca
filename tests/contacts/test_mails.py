"""A mail's way: own advisor within the working day, then the desk group; answered from the advisor's address."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

import pytest

from advisors import mail_names
from advisors.models import Advisor
from contacts import mails, queries
from contacts.mails import Outcome, Recipient
from correspondence import mail as reading
from correspondence import service as correspondence
from correspondence import tokens
from correspondence.letters import Letters
from kit.catalogue import Catalogue
from kit.clock import VirtualClock
from kit.database import Row, Session
from kit.ids import encode
from notifications.letters import Letter
from tests.support.builders import a_customer, a_desk_group, an_absence, an_advisor
from tests.support.writing import WritingWorld

pytestmark = pytest.mark.database

SECRET, DOMAIN = b"s" * 32, "desk.example"
ERIKA = "erika@home.example"


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> WritingWorld:
    return WritingWorld(session, clock)


@pytest.fixture
async def people(world: WritingWorld) -> tuple[Advisor, Advisor]:
    """Anna, whose customer Erika is, and Ben beside her."""
    group = await a_desk_group(world.session, general_for="DE")
    anna = await an_advisor(world.session, name="Anna Berger", group=group)
    ben = await an_advisor(world.session, name="Ben Krüger", group=group)
    await a_customer(world.session, advisor=anna, email=ERIKA.upper())
    await mail_names.give(world.session)
    return anna, ben


def a_mail(text: str = "Meine Rechnung?", **headers: str) -> bytes:
    made = EmailMessage()
    usual = {
        "From": f"Erika <{ERIKA}>",
        "Subject": "Rechnung",
        "Message-ID": f"<{sum(text.encode())}@home.example>",
    }
    for name, value in {**usual, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
        made[name] = value
    made.set_content(text)
    return made.as_bytes()


async def receives(world: WritingWorld, raw: bytes, to: Recipient, sender: str | None = ERIKA) -> Outcome:
    world.clock.advance(0.01)
    outcome = await mails.receive(await world.scene(), reading.read(raw, sender), to)
    await world.after_commit()
    return outcome


def to(advisor: Advisor) -> Recipient:
    return Recipient(advisor_id=advisor.id)


async def contact(world: WritingWorld) -> Row:
    (row,) = await world.session.fetch("SELECT * FROM contacts ORDER BY id DESC LIMIT 1")
    return row


async def test_own_advisor_gets_it_whoever_was_written_to(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, ben = people

    await receives(world, a_mail(), to(ben))

    row = await contact(world)
    assert (row["state"], row["advisor_id"], row["channel"], row["own_by"]) == (
        "offered", anna.id, "email", "relationship",
    )  # fmt: skip
    assert await world.presence(anna) == "available"
    assert await world.broken() == {}


async def test_it_waits_while_the_own_advisor_is_in_a_meeting(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, _ = people
    await world.choose(anna, "meeting")
    await receives(world, a_mail(), to(anna))
    assert (await contact(world))["state"] == "waiting"

    await world.pass_time(3600)
    assert (await contact(world))["state"] == "waiting"
    await world.choose(anna, "available")

    assert (await contact(world))["advisor_id"] == anna.id


async def test_after_the_own_turn_the_desk_group_gets_it(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, ben = people
    await world.choose(anna, "meeting")
    await receives(world, a_mail(), to(anna))
    age = (await contact(world))["age_at"]

    await world.pass_time(4 * 3600 + 1)
    await world.choose(ben, "available")

    row = await contact(world)
    assert (row["state"], row["advisor_id"], row["age_at"]) == ("offered", ben.id, age)
    assert await world.broken() == {}


async def test_absence_of_days_leads_to_the_desk_group_at_once(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, ben = people
    await an_absence(world.session, anna, kind="sick", ends_at=world.now + timedelta(days=3))

    await receives(world, a_mail(), to(anna))

    assert (await contact(world))["advisor_id"] == ben.id


async def test_mail_that_was_not_opened_goes_to_a_colleague(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, ben = people
    await receives(world, a_mail(), to(anna))

    await world.pass_time(4 * 3600 + 1)
    await world.choose(ben, "available")

    assert (await contact(world))["advisor_id"] == ben.id
    assert await world.presence(anna) != "not_responding"


async def test_mail_that_was_opened_and_not_answered_goes_to_a_colleague(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, ben = people
    await receives(world, a_mail(), to(anna))
    await world.accept(anna, (await contact(world))["id"])

    await world.pass_time(24 * 3600)
    await world.pass_time(590)
    await world.choose(ben, "available")
    await world.pass_time(11)

    assert (await contact(world))["advisor_id"] == ben.id
    assert await world.broken() == {}


async def test_same_mail_is_taken_in_once(world: WritingWorld, people: tuple[Advisor, Advisor]) -> None:
    anna, ben = people

    outcomes = [await receives(world, a_mail(), to(who)) for who in (anna, ben, anna)]

    assert outcomes == ["opened", "again", "again"]
    assert len(await world.session.fetch("SELECT id FROM thread_messages")) == 1


async def test_stranger_reaches_the_owner_of_the_address(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    _, ben = people

    await receives(world, a_mail(From="eve@elsewhere.example"), to(ben), "eve@elsewhere.example")

    row = await contact(world)
    assert (row["advisor_id"], row["customer_id"], row["own_by"]) == (ben.id, None, "number")


async def test_address_of_two_customers_is_nobodys(world: WritingWorld, people: tuple[Advisor, Advisor]) -> None:
    _, ben = people
    await a_customer(world.session, email=ERIKA)

    await receives(world, a_mail(), to(ben))

    assert (await contact(world))["customer_id"] is None


async def test_answer_settles_a_promise_and_ends_the_contact(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, _ = people
    await world.choose(anna, "meeting")
    await receives(world, a_mail(), to(anna))
    customer_id = (await contact(world))["customer_id"]
    (phone,) = await world.session.fetch("SELECT number FROM customer_phones WHERE customer_id = $1", customer_id)
    call = await world.call(phone["number"], None)
    await call.digits("2")
    await call.hangs_up()
    await world.pass_time(2)
    await world.choose(anna, "available")
    (mail,) = await world.session.fetch("SELECT * FROM contacts WHERE channel = 'email'")

    await world.reply(anna, mail["id"], "Anbei die Antwort.")

    (promise,) = await world.promises()
    assert promise["state"] == "settled"
    done = await queries.by_id(world.session, mail["id"])
    assert done is not None
    assert (done["state"], done["answered_at"]) == ("completed", world.now)
    assert await world.broken() == {}


async def letter_of(world: WritingWorld, template: str) -> Letter:
    writers = Letters(Catalogue.load(), SECRET, DOMAIN).writers()
    (message,) = await world.session.fetch("SELECT * FROM messages WHERE template = $1", template)
    letter = await writers[template](message, world.session)
    assert isinstance(letter, Letter), letter
    return letter


async def test_answer_leaves_from_the_advisors_address_and_comes_back_into_the_thread(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, ben = people
    await receives(world, a_mail(), to(anna))
    first = await contact(world)
    await world.reply(anna, first["id"], "Anbei die Antwort.")

    letter = await letter_of(world, "thread_answer")
    assert letter.reply is not None
    assert (letter.address, letter.subject, letter.text) == (ERIKA.upper(), "Re: Rechnung", "Anbei die Antwort.")
    assert letter.reply.address == "anna.berger@desk.example"
    assert letter.reply.references[-1].endswith("@home.example>")
    thread_id = tokens.opened(SECRET, (letter.reply.reply_to or "").partition("@")[0])
    assert thread_id == first["thread_id"]

    again = await receives(world, a_mail("Danke"), Recipient(thread_id=thread_id), ERIKA)

    second = await contact(world)
    assert (again, second["thread_id"], second["advisor_id"]) == ("opened", thread_id, anna.id)
    assert second["id"] != first["id"]
    assert ben.id != second["advisor_id"]


async def test_second_mail_joins_the_contact_that_is_open(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, _ = people
    await receives(world, a_mail(), to(anna))
    thread_id = (await contact(world))["thread_id"]

    outcome = await receives(world, a_mail("Noch etwas"), Recipient(thread_id=thread_id))

    assert outcome == "added"
    assert len(await world.session.fetch("SELECT id FROM contacts")) == 1


async def test_answer_to_one_of_ours_is_found_by_its_references(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, _ = people
    await receives(world, a_mail(), to(anna))
    first = await contact(world)
    await world.reply(anna, first["id"])
    (ours,) = await world.session.fetch("SELECT id FROM messages")
    reference = f"<{encode('msg', ours['id'])}@desk.example>"

    await receives(world, a_mail("Danke", In_Reply_To=reference), to(anna))
    assert (await contact(world))["thread_id"] == first["thread_id"]
    await receives(world, a_mail("Ich auch", In_Reply_To=reference, From="eve@elsewhere.example"), to(anna))
    assert (await contact(world))["thread_id"] != first["thread_id"]


@pytest.mark.parametrize("headers", [{"Auto_Submitted": "auto-replied"}, {"Content_Type": "multipart/report"}])
async def test_what_machines_answer_opens_no_contact(
    world: WritingWorld, people: tuple[Advisor, Advisor], headers: dict[str, str]
) -> None:
    anna, _ = people
    raw = b"".join(f"{name.replace('_', '-')}: {value}\r\n".encode() for name, value in headers.items()) + a_mail()

    assert await receives(world, raw, to(anna)) == "ignored"
    assert await receives(world, a_mail("Unzustellbar"), to(anna), None) == "ignored"
    assert await world.session.fetch("SELECT id FROM contacts") == []


async def test_refused_attachment_is_named_to_the_customer_and_the_text_is_kept(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, _ = people
    made = EmailMessage()
    made["From"], made["Message-ID"], made["Subject"] = ERIKA, "<a@home.example>", "Unterlagen"
    made.set_content("Anbei.")
    made.add_attachment(b"MZ", maintype="application", subtype="pdf", filename="rechnung.exe")
    made.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="rechnung.pdf")

    await receives(world, made.as_bytes(), to(anna))

    kept = await world.session.fetch("SELECT name, content, refused_for FROM attachments ORDER BY name")
    assert [(one["name"], one["content"], one["refused_for"]) for one in kept] == [
        ("rechnung.exe", None, "executable"), ("rechnung.pdf", b"%PDF-1.7", None),
    ]  # fmt: skip
    letter = await letter_of(world, "attachments_refused")
    assert "rechnung.exe" in letter.text
    assert "rechnung.pdf" not in letter.text
    assert letter.reply is not None
    assert letter.reply.automatic


async def test_nobody_is_written_to_because_somebody_has_named_them(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, _ = people
    made = EmailMessage()
    made["From"], made["Message-ID"] = "eve@elsewhere.example", "<e@elsewhere.example>"
    made.set_content("x")
    made.add_attachment(b"MZ", maintype="application", subtype="pdf", filename="x.exe")

    await receives(world, made.as_bytes(), to(anna), "eve@elsewhere.example")

    assert await world.session.fetch("SELECT id FROM messages") == []


async def test_what_became_of_the_letter_stands_on_the_message(
    world: WritingWorld, people: tuple[Advisor, Advisor]
) -> None:
    anna, _ = people
    await receives(world, a_mail(), to(anna))
    await world.reply(anna, (await contact(world))["id"])
    leaving = "SELECT delivery FROM thread_messages WHERE author = 'advisor'"
    assert await world.session.fetch_value(leaving) == "waiting"
    for state in ("sending", "sent"):
        await world.session.execute(
            "UPDATE messages SET state = $1, ended_at = CASE WHEN $1 = 'sent' THEN $2::timestamptz END",
            state,
            world.now,
        )

    changed = [await correspondence.note_deliveries(world.session, world.now) for _ in range(2)]

    assert changed == [1, 0]
    assert await world.session.fetch_value(leaving) == "sent"


async def test_answers_to_strangers_leave_too(world: WritingWorld, people: tuple[Advisor, Advisor]) -> None:
    _, ben = people
    await receives(world, a_mail(From="eve@elsewhere.example"), to(ben), "eve@elsewhere.example")

    await world.reply(ben, (await contact(world))["id"], "Guten Tag")

    assert (await letter_of(world, "thread_answer")).address == "eve@elsewhere.example"


async def test_second_advisor_of_the_same_name_has_another_address(world: WritingWorld) -> None:
    for _ in range(2):
        await an_advisor(world.session, name="Anna Berger")

    assert await mail_names.give(world.session) == 2

    rows = await world.session.fetch("SELECT mail_name FROM advisors ORDER BY mail_name")
    assert [row["mail_name"] for row in rows] == ["anna.berger", "anna.berger2"]
    assert await mail_names.give(world.session) == 0
