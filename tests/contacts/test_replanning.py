"""What an absence does to promises: moved within the wish, asked about, handed over, and never dropped."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from advisors import absences
from advisors.models import Advisor
from callbacks import queries as callback_queries
from callbacks.letters import Letters
from callbacks.questions import QuestionOver
from contacts import asking, wishes
from contacts.arrivals import scene_for
from contacts.replanning import preview
from contacts.situation import Scene
from kit.clock import VirtualClock
from kit.database import Row, Session
from kit.intervals import Interval
from notifications.letters import Letter, Nobody
from tests.contacts.test_calls import MARKET_NUMBER, a_caller, anna_and_ben
from tests.support.builders import a_customer, new_id
from tests.support.world import World

TOMORROW = timedelta(days=1)


@pytest.fixture
async def world(session: Session, clock: VirtualClock) -> World:
    return World(session, clock)


async def the_scene(world: World) -> Scene:
    return await scene_for(world.session, world.exchange, world.now)


async def a_promise(world: World, anna: Advisor, ref: str = "K-1", *, days: int = 1, **customer: Any) -> Row:
    """Anna's customer is promised a call at ten o'clock, tomorrow if nothing else is said."""
    await a_customer(world.session, external_ref=ref, advisor=anna, **{"email": f"{ref}@home.example", **customer})
    return await wishes.promise(await the_scene(world), ref, world.now + timedelta(days=days), None, None)


async def falls_ill(world: World, anna: Advisor, *, days: int = 3, after: timedelta = timedelta(0)) -> Row:
    """Entered now, and what it breaks is looked at by the loop."""
    period = Interval(world.now + after, world.now + timedelta(days=days))
    absence = await absences.enter(world.session, anna.id, period, "sick", "approved", world.now, new_id)
    await world.pass_time(1)
    return absence


async def now_is(world: World, promise: Row) -> Row:
    row = await callback_queries.by_id(world.session, promise["id"])
    assert row is not None
    return row


async def questions(world: World) -> list[Row]:
    return await world.session.fetch("SELECT * FROM callback_questions ORDER BY asked_at, id")


async def letters(world: World, template: str = "callback_question") -> list[Row]:
    return await world.session.fetch("SELECT * FROM messages WHERE template = $1", template)


async def test_customer_is_asked_and_the_promise_stands_until_they_answer(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    promise = await a_promise(world, anna)

    await falls_ill(world, anna)

    row = await now_is(world, promise)
    (question,) = await questions(world)
    (letter,) = await letters(world)
    assert (row["state"], row["owner_state"], row["question_id"]) == ("scheduled", "own", question["id"])
    assert question["answer_until"] < row["window_starts_at"]
    assert (letter["customer_id"], letter["args"]) == (row["customer_id"], {"question": str(question["id"])})
    assert all(datetime.fromisoformat(begin) > world.now + timedelta(days=2) for begin, _ in question["choices"])


async def test_letter_says_what_can_be_chosen_and_nothing_about_why(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_promise(world, anna, name="Erika Müller")
    await falls_ill(world, anna)
    (message,) = await letters(world)
    writers = Letters(world.exchange.catalogue, "https://durchwahl.example", b"s" * 32).writers()

    letter = await writers["callback_question"](message, world.session)

    assert isinstance(letter, Letter)
    assert "Dienstag, 24. November 2026, 10 Uhr - 10 Uhr 30" in letter.text
    assert "https://durchwahl.example/v1/callback-answers/" in letter.text
    assert not any(word in letter.text.lower() for word in ("krank", "urlaub", "abwesen", "sick"))


async def test_who_has_answered_by_other_means_gets_no_letter_any_more(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_promise(world, anna)
    await falls_ill(world, anna)
    (message,) = await letters(world)
    (question,) = await questions(world)
    await asking.answer(await the_scene(world), question["id"], "cancel")

    writers = Letters(world.exchange.catalogue).writers()

    assert await writers["callback_question"](message, world.session) == Nobody("out_of_date")


async def test_colleague_keeps_the_time_for_who_would_rather_have_it(world: World) -> None:
    anna, ben = await anna_and_ben(world)
    promise = await a_promise(world, anna)
    await falls_ill(world, anna)
    (question,) = await questions(world)

    await asking.answer(await the_scene(world), question["id"], "keep")

    row = await now_is(world, promise)
    assert (row["owner_state"], row["owner_reason"]) == ("handed_to_group", "customer_agreed")
    assert (row["state"], row["window_starts_at"]) == ("scheduled", promise["window_starts_at"])
    await world.session.execute("UPDATE presences SET lease_until = $1", row["window_ends_at"])
    await world.pass_time((row["window_starts_at"] - world.now).total_seconds())
    assert await world.presence(ben) == "offered"


async def test_other_window_of_the_own_advisor_is_the_promise_from_then_on(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    promise = await a_promise(world, anna)
    await falls_ill(world, anna)
    (question,) = await questions(world)
    begins = datetime.fromisoformat(question["choices"][0][0])

    await asking.answer(await the_scene(world), question["id"], "move", begins)

    row = await now_is(world, promise)
    (ended,) = await questions(world)
    assert (row["owner_state"], row["window_starts_at"], row["moves"]) == ("own", begins, 1)
    assert (row["question_id"], ended["state"], ended["answer"]) == (None, "answered", "move")
    with pytest.raises(QuestionOver):
        await asking.answer(await the_scene(world), question["id"], "cancel")


async def test_unanswered_question_hands_the_promise_to_the_group_with_the_reason(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    promise = await a_promise(world, anna)
    await falls_ill(world, anna)
    (question,) = await questions(world)

    await world.pass_time((question["answer_until"] - world.now).total_seconds())

    row = await now_is(world, promise)
    (ended,) = await questions(world)
    assert (row["state"], row["owner_state"], row["owner_reason"]) == (
        "scheduled",
        "handed_to_group",
        "own_advisor_away",
    )
    assert (row["window_starts_at"], ended["state"]) == (promise["window_starts_at"], "unanswered")


async def test_with_no_time_to_ask_the_group_keeps_it_at_once(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    await a_customer(world.session, external_ref="K-1", advisor=anna)
    scene = await the_scene(world)
    (first, *_) = await wishes.slots(scene, "K-1")
    promise = await wishes.promise(scene, "K-1", first.slot.starts_at, None, None)

    await falls_ill(world, anna)

    row = await now_is(world, promise)
    assert (row["owner_state"], row["window_starts_at"]) == ("handed_to_group", promise["window_starts_at"])
    assert await questions(world) == []


async def test_promise_is_moved_in_silence_within_what_suits_the_customer(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    promise = await a_promise(world, anna)
    wish = (promise["window_starts_at"], promise["window_starts_at"] + timedelta(hours=3))
    await world.session.execute("UPDATE callbacks SET wish_from = $1, wish_until = $2", *wish)

    absence = Interval(promise["window_starts_at"], promise["window_starts_at"] + timedelta(hours=1))
    await absences.enter(world.session, anna.id, absence, "other", "approved", world.now, new_id)
    await world.pass_time(1)

    row = await now_is(world, promise)
    assert (row["window_starts_at"], row["owner_state"]) == (absence.ends_at, "own")
    assert await questions(world) == []


async def test_promise_that_can_still_be_begun_in_its_window_stands(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    promise = await a_promise(world, anna)
    away = Interval(promise["window_starts_at"] + timedelta(minutes=15), promise["window_ends_at"] + TOMORROW)

    await absences.enter(world.session, anna.id, away, "other", "approved", world.now, new_id)
    await world.pass_time(1)

    assert await now_is(world, promise) == promise


async def test_absence_that_is_called_off_withdraws_the_question(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    promise = await a_promise(world, anna)
    absence = await falls_ill(world, anna)

    await absences.cancel(world.session, absence["id"], world.now)
    await world.pass_time(1)

    (question,) = await questions(world)
    row = await now_is(world, promise)
    assert (question["state"], row["question_id"], row["owner_state"]) == ("void", None, "own")


async def test_customer_who_gets_through_first_is_asked_no_longer(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    phone = await a_caller(world, anna, email="erika@home.example")
    (customer,) = await world.session.fetch("SELECT external_ref FROM customers")
    scene = await the_scene(world)
    promise = await wishes.promise(scene, customer["external_ref"], world.now + TOMORROW, None, None)
    await falls_ill(world, anna)

    call = await world.call(phone, MARKET_NUMBER)
    await call.digits("1")
    await call.answered()

    (question,) = await questions(world)
    assert ((await now_is(world, promise))["state"], question["state"]) == ("settled", "void")


async def test_caller_hears_what_they_are_asked_and_keeps_the_time(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    phone = await a_caller(world, anna)
    (customer,) = await world.session.fetch("SELECT external_ref FROM customers")
    scene = await the_scene(world)
    promise = await wishes.promise(scene, customer["external_ref"], world.now + TOMORROW, None, None)
    await falls_ill(world, anna)

    call = await world.call(phone, MARKET_NUMBER)
    assert "drücken Sie die 4" in call.said
    await call.digits("4")

    row = await now_is(world, promise)
    (question,) = await questions(world)
    assert (row["owner_state"], row["owner_reason"]) == ("handed_to_group", "customer_agreed")
    assert (question["answer"], question["answered_by"]) == ("keep", "call")
    assert "jemand aus" in call.said.lower()


async def test_preview_names_what_would_break_and_changes_nothing(world: World) -> None:
    anna, _ = await anna_and_ben(world)
    promise = await a_promise(world, anna)
    later = await a_promise(world, anna, "K-2", days=4)

    found = await preview(await the_scene(world), anna.id, Interval(world.now, world.now + timedelta(days=2)))

    assert [(one.promise["id"], one.replan.kind) for one in found] == [(promise["id"], "asked")]
    assert (await now_is(world, promise), await now_is(world, later)) == (promise, later)


async def test_group_is_told_how_many_promises_it_takes_over(world: World) -> None:
    anna, ben = await anna_and_ben(world)
    await world.session.execute("UPDATE desk_groups SET lead_id = $1", ben.id)
    await world.session.execute("UPDATE advisors SET email = 'ben@desk.example' WHERE id = $1", ben.id)
    await a_promise(world, anna)

    await falls_ill(world, anna)

    (message,) = await letters(world, "promises_replanned")
    letter = await Letters(world.exchange.catalogue).writers()["promises_replanned"](message, world.session)
    assert isinstance(letter, Letter)
    assert (letter.address, message["args"]) == ("ben@desk.example", {"handed": 0, "asked": 1, "moved": 0})
    assert "Bei einem Rückruf fragen wir nach" in letter.text
