"""The life of a chat: own advisor first, explained, chosen, taken, ended; nobody is left without an answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from advisors.models import Advisor
from contacts import inbox
from contacts.chats import ChatOver, ChatUnderWay, NotOffered
from contacts.desk import OfferExpired
from contacts.inbox import NobodyFree
from customers.models import Customer
from kit.clock import VirtualClock
from kit.database import Session
from kit.errors import NotFound
from tests.support.builders import (
    a_closure,
    a_customer,
    a_desk_group,
    a_number,
    an_absence,
    an_advisor,
    phones_of,
)
from tests.support.writing import WritingWorld

pytestmark = pytest.mark.database

MARKET_NUMBER = "+493023125900"


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> WritingWorld:
    return WritingWorld(session, clock)


async def anna_and_ben(world: WritingWorld, **anna: object) -> tuple[Advisor, Advisor]:
    group = await a_desk_group(world.session, general_for="DE")
    first = await an_advisor(world.session, name="Anna Berger", group=group, **anna)  # type: ignore[arg-type]
    second = await an_advisor(world.session, name="Ben Krüger", group=group)
    await a_number(world.session, number=MARKET_NUMBER, kind="general")
    return first, second


async def of_anna(world: WritingWorld, anna: Advisor) -> Customer:
    return await a_customer(world.session, advisor=anna)


async def test_own_advisor_who_is_free_is_asked_first(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)

    chat = await world.chat(await of_anna(world, anna))

    row = await chat.row()
    assert (row["state"], row["advisor_id"], row["channel"]) == ("offered", anna.id, "chat")
    assert (await chat.seen()).advisor == "Anna"
    assert await world.presence(anna) == "available"


async def test_chat_taken_written_in_and_ended_is_completed_at_once(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    chat = await world.chat(await of_anna(world, anna), "Meine Rechnung?")

    await world.accept(anna, chat.contact_id)
    await world.reply(anna, chat.contact_id, "Ich sehe nach.")
    await chat.say("Danke")
    assert (await chat.seen()).state == "connected"
    await world.end(anna, chat.contact_id)

    assert await chat.state() == "completed"
    assert await chat.texts() == ["Meine Rechnung?", "Ich sehe nach.", "Danke"]
    assert await world.places() == []
    assert await world.broken() == {}


async def test_advisor_on_the_phone_is_offered_no_chat(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    on_the_phone = await of_anna(world, anna)
    call = await world.call((await phones_of(world.session, on_the_phone))[0], MARKET_NUMBER)
    await call.answered()

    chat = await world.chat(await of_anna(world, anna))

    seen = await chat.seen()
    assert seen.state == "choosing"
    assert "Anna" in (seen.words or "")
    assert seen.choices[0] == "colleague"
    assert seen.choices[-1] == "message"


async def test_advisor_in_a_chat_still_gets_calls(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    customer = await of_anna(world, anna)
    chat = await world.chat(await of_anna(world, anna))
    await world.accept(anna, chat.contact_id)

    call = await world.call((await phones_of(world.session, customer))[0], MARKET_NUMBER)

    assert (await call.row())["advisor_id"] == anna.id
    assert await world.broken() == {}


async def test_fourth_chat_does_not_fit_and_is_told_why(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    for _ in range(3):
        chat = await world.chat(await of_anna(world, anna))
        await world.accept(anna, chat.contact_id)

    fourth = await world.chat(await of_anna(world, anna))

    assert (await fourth.seen()).state == "choosing"
    assert [slot for _, _, slot in await world.places()] == [1, 2, 3]


async def test_colleague_takes_it_when_that_is_chosen(world: WritingWorld) -> None:
    anna, ben = await anna_and_ben(world, state="meeting")
    chat = await world.chat(await of_anna(world, anna))

    await chat.choose("colleague")

    assert (await chat.row())["advisor_id"] == ben.id


async def test_chat_that_rang_out_is_explained_and_keeps_its_age(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    chat = await world.chat(await of_anna(world, anna))
    age = (await chat.row())["age_at"]

    await world.pass_time(61)

    row = await chat.row()
    assert (row["state"], row["age_at"], row["menu"]["why"]) == ("choosing", age, "no_answer")
    assert await world.presence(anna) == "available"
    assert await world.places() == []


async def test_callback_that_is_chosen_is_promised_and_ends_the_chat(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    chat = await world.chat(await of_anna(world, anna))

    await chat.choose("callback")

    (promise,) = await world.promises()
    assert (promise["state"], promise["advisor_id"]) == ("scheduled", anna.id)
    assert (await chat.seen()).state == "promised"


async def test_choice_that_is_not_made_becomes_a_message_for_the_own_advisor(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world, state="meeting")
    chat = await world.chat(await of_anna(world, anna))

    await world.pass_time(301)
    row = await chat.row()
    assert (row["channel"], row["state"], row["choice"]) == ("email", "waiting", "hold")
    assert (await chat.seen()).state == "message"
    await world.choose(anna, "available")

    assert (await chat.row())["advisor_id"] == anna.id
    assert await chat.texts() == ["Guten Tag", "message_left"]
    assert await world.broken() == {}


async def test_chat_after_hours_says_so_and_is_answered_later(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    await a_closure(world.session, ends_at=world.now + timedelta(hours=2))

    chat = await world.chat(await of_anna(world, anna))

    seen = await chat.seen()
    assert (seen.state, seen.choices) == ("choosing", ["callback", "message"])
    await chat.choose("message")
    assert (await chat.row())["channel"] == "email"


async def test_customer_who_waits_gets_whoever_is_free_first(world: WritingWorld) -> None:
    anna, ben = await anna_and_ben(world, state="meeting")
    await world.choose(ben, "meeting")
    chat = await world.chat(await of_anna(world, anna))
    await chat.choose("colleague")
    assert (await chat.seen()).state == "waiting"

    await world.choose(ben, "available")

    assert (await chat.row())["advisor_id"] == ben.id


async def test_absent_advisor_is_explained_without_the_kind(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    back = world.now + timedelta(days=2)
    await an_absence(world.session, anna, kind="sick", ends_at=back)

    seen = await (await world.chat(await of_anna(world, anna))).seen()

    assert seen.returns_at == back
    assert "sick" not in seen.model_dump_json()
    assert "krank" not in (seen.words or "")


async def test_promise_is_settled_when_the_customer_gets_through_by_chat(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    customer = await of_anna(world, anna)
    await world.choose(anna, "meeting")
    first = await world.chat(customer)
    await first.choose("callback")
    await world.choose(anna, "available")

    again = await world.chat(customer)
    await world.accept(anna, again.contact_id)

    (promise,) = await world.promises()
    assert promise["state"] == "settled"
    assert await world.broken() == {}


async def test_chat_in_which_nobody_writes_ends(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    chat = await world.chat(await of_anna(world, anna))
    await world.accept(anna, chat.contact_id)
    await world.pass_time(14 * 60)
    await chat.say()
    await world.pass_time(14 * 60)
    assert await chat.state() == "connected"

    await world.pass_time(61)

    assert await chat.state() == "completed"
    assert (await chat.texts())[-1] == "ended_idle"
    with pytest.raises(ChatOver):
        await chat.say()


async def test_customer_leaves_before_anybody_has_taken_it(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    chat = await world.chat(await of_anna(world, anna))

    await chat.leave()
    await chat.leave()

    assert await chat.state() == "abandoned"
    assert await world.places() == []
    with pytest.raises(AssertionError, match="nobody is asked"):
        await world.accept(anna, chat.contact_id)


async def test_second_chat_of_the_same_customer_is_refused(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    customer = await of_anna(world, anna)
    await world.chat(customer)

    with pytest.raises(ChatUnderWay):
        await world.chat(customer)


async def test_chat_handed_over_is_the_colleagues(world: WritingWorld) -> None:
    anna, ben = await anna_and_ben(world)
    chat = await world.chat(await of_anna(world, anna))
    await world.accept(anna, chat.contact_id)

    await world.hand_over(anna, chat.contact_id, ben)
    await world.accept(ben, chat.contact_id)

    assert ((await chat.row())["advisor_id"], await chat.state()) == (ben.id, "connected")
    assert await world.places() == [(ben.id, "chat", 1)]
    with pytest.raises(NotFound):
        await world.reply(anna, chat.contact_id)


async def test_nobody_who_is_busy_gets_a_chat_handed_over(world: WritingWorld) -> None:
    anna, ben = await anna_and_ben(world)
    chat = await world.chat(await of_anna(world, anna))
    await world.accept(anna, chat.contact_id)
    await world.choose(ben, "break")

    with pytest.raises(NobodyFree) as refused:
        await world.hand_over(anna, chat.contact_id, ben)

    assert refused.value.facts == {"rule": "is_available"}


async def test_offer_that_is_over_is_not_accepted(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    chat = await world.chat(await of_anna(world, anna))
    (offer,) = await world.session.fetch("SELECT id FROM offers")
    await world.pass_time(61)

    with pytest.raises(OfferExpired):
        await inbox.accept(world.session, world.exchange, anna.id, offer["id"], world.now)

    assert await chat.state() == "choosing"


async def test_only_what_is_offered_can_be_chosen(world: WritingWorld) -> None:
    anna, _ = await anna_and_ben(world)
    chat = await world.chat(await of_anna(world, anna))

    with pytest.raises(NotOffered):
        await chat.choose("colleague")
