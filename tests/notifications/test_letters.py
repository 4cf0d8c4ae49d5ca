"""What may be a letter at all, and who may be its sender."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.letters import BadAddress, Letter, Nobody, one_line
from notifications.mime import Sender
from notifications.service import NewMessage, NotACode
from notifications.states import MESSAGE, MOST_ATTEMPTS, PAUSES, after_failure, pause_after


@pytest.mark.parametrize(
    "address",
    [
        "",
        "erika",
        "erika@home",
        "@home.example",
        "erika@home.example\r\nRCPT TO:<all@home.example>",
        "erika@home.example, max@home.example",
        "<erika@home.example>",
        "erika @home.example",
        "erika@home..example",
        '"a b"@home.example',
        "erika\u202e@home.example",
        "e" * 65 + "@home.example",
    ],
)
def test_what_is_no_address_gets_no_letter_and_is_not_told(address: str) -> None:
    with pytest.raises(BadAddress) as bad:
        Letter(address, "Erika", "s", "t", "de")

    assert str(bad.value) == ""


@given(st.text(max_size=400))
def test_one_line_is_one_visible_line(text: str) -> None:
    line = one_line(text)

    assert len(line.splitlines()) <= 1
    assert len(line) <= 200
    assert "  " not in line
    assert one_line(line) == line


@pytest.mark.parametrize(
    "written", ["", "Durchwahl", "a@b", "advisors@durchwahl.example, b@c.example", "ä@b.example"]
)
def test_sender_has_an_address(written: str) -> None:
    with pytest.raises(ValueError, match="sender"):
        Sender(written)


def test_reason_for_nobody_is_one_of_those_known() -> None:
    with pytest.raises(ValueError, match="moon"):
        Nobody("moon")


@pytest.mark.parametrize("words", ["Erika Müller", "erika@home.example", "", "+49 30", "x" * 65, "a\nb"])
def test_words_do_not_get_into_the_outbox(words: str) -> None:
    with pytest.raises(NotACode):
        NewMessage("greeting", "once", "de", {"name": words})


# The life of a message


@given(st.integers(min_value=1, max_value=100), st.integers(min_value=0, max_value=100))
def test_attempts_end_and_pauses_grow(attempts: int, more: int) -> None:
    most = attempts + more

    assert (after_failure(attempts, most) == "failed") == (attempts >= most)
    assert pause_after(attempts) <= pause_after(attempts + 1)


@given(st.data())
def test_message_that_is_tried_to_the_end_is_sent_dropped_or_failed(data: st.DataObject) -> None:
    state, attempts = "waiting", 0
    while state in {"waiting", "sending"}:
        MESSAGE.check(state, "sending")
        attempts += 1
        result = data.draw(st.sampled_from(("sent", "dropped", "failed", "for now")))
        wanted = after_failure(attempts, MOST_ATTEMPTS) if result == "for now" else result
        MESSAGE.check("sending", wanted)
        state = wanted

    assert attempts <= MOST_ATTEMPTS == len(PAUSES) + 1
    assert MESSAGE.final == {"sent", "dropped"}
