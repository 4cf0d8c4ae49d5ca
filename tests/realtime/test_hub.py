"""Fanning out, without a socket and without a database."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from kit.ids import encode
from realtime import envelope
from realtime.cursor import Cursor
from realtime.envelope import Frame, Message
from realtime.hub import Hub
from realtime.listener import MOST_UNSENT, Listener
from realtime.log import Logged
from realtime.topics import Topics, Viewer
from tests.realtime.listening import Notes, a_listener, a_viewer

AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
ALL = Topics(["all"])
START = Cursor(1, 0, 0)
ONE, TWO = UUID(int=1), UUID(int=2)


def an_event(xid: int, identifier: int | None = None, group: UUID | None = None) -> Message:
    identifier = identifier or xid
    data = b'{"note": {"id": %d}}' % identifier
    return Message(Logged(xid, identifier, AT, "note.made", f"note_{identifier}", None, group, None, data), 1)


def a_hub(kept: int = 100) -> Hub:
    hub = Hub(kept)
    hub.begin(START)
    return hub


def listening(hub: Hub, topics: Topics = ALL, cursor: Cursor = START) -> tuple[Listener, Notes]:
    listener, notes = a_listener()
    hub.enter(listener)
    assert hub.tell(listener, topics, cursor, [])
    return listener, notes


def deliver(hub: Hub, *messages: Message) -> None:
    hub.deliver(messages, Cursor(1, messages[-1].xid, messages[-1].id))


def test_an_event_reaches_those_on_its_topics_once() -> None:
    hub = a_hub()
    desk = Topics([f"desk:{encode('grp', ONE)}"])
    _, everything = listening(hub)
    _, ones = listening(hub, desk)
    _, both = listening(hub, desk | ALL)

    deliver(hub, an_event(1, group=ONE), an_event(2, group=TWO))

    assert everything.events() == both.events() == ["1-1", "1-2"]
    assert ones.events() == ["1-1"]


def test_an_event_is_encoded_once_for_all() -> None:
    hub = a_hub()
    heard = [listening(hub)[1] for _ in range(3)]

    deliver(hub, an_event(1))

    assert len({id(notes.frames[-1]) for notes in heard}) == 1


def test_an_event_is_a_cloud_event_with_a_cursor() -> None:
    hub = a_hub()
    _, notes = listening(hub)

    deliver(hub, an_event(5, 7, ONE))

    assert notes.heard == [
        {
            "type": "event",
            "cursor": str(Cursor(1, 5, 7)),
            "event": {
                "specversion": "1.0",
                "id": "1-7",
                "source": "/durchwahl",
                "type": "note.made",
                "subject": "note_7",
                "time": "2026-11-23T09:00:00Z",
                "sequence": "0000000000000000007",
                "datacontenttype": "application/json",
                "data": {"note": {"id": 7}},
            },
        }
    ]


def test_whoever_joins_gets_first_what_followed_the_cursor() -> None:
    hub = a_hub()
    deliver(hub, an_event(1), an_event(2), an_event(3))

    _, notes = listening(hub, cursor=Cursor(1, 1, 1))
    deliver(hub, an_event(4))

    assert notes.events() == ["1-2", "1-3", "1-4"]


def test_a_cursor_before_what_is_kept_is_not_joined() -> None:
    hub = a_hub(kept=2)
    deliver(hub, an_event(1), an_event(2), an_event(3))
    listener, notes = a_listener()
    hub.enter(listener)

    assert not hub.tell(listener, ALL, START, [])
    assert hub.tell(listener, ALL, Cursor(1, 1, 1), [])

    assert notes.events() == ["1-2", "1-3"]


def test_a_cursor_of_another_epoch_is_not_joined() -> None:
    listener, _ = a_listener()

    assert not a_hub().tell(listener, ALL, Cursor(2, 0, 0), [])


def test_what_the_snapshot_held_already_is_skipped_and_the_cursor_remembers_it() -> None:
    hub = a_hub()
    _, notes = listening(hub, cursor=Cursor(1, 0, 0, frozenset({2, 4})))

    deliver(hub, an_event(1), an_event(2), an_event(3), an_event(4), an_event(5))

    assert notes.events() == ["1-1", "1-3", "1-5"]
    cursors = [message["cursor"] for message in notes.heard]
    assert cursors == [
        str(Cursor(1, 1, 1, frozenset({2, 4}))),
        str(Cursor(1, 3, 3, frozenset({4}))),
        str(Cursor(1, 5, 5)),
    ]


def test_who_does_not_read_is_ended_and_the_others_do_not_notice() -> None:
    hub = a_hub()
    slow, slow_notes = listening(hub)
    _, notes = listening(hub)

    slow_notes.stuck = MOST_UNSENT + 1
    deliver(hub, an_event(1))
    deliver(hub, an_event(2))

    assert slow_notes.closed is not None
    assert slow_notes.closed[0] == 1013
    assert slow_notes.events() == []
    assert slow not in hub.listeners
    assert notes.events() == ["1-1", "1-2"]
    assert hub.too_slow == 1


def test_a_large_snapshot_may_lie_there_for_a_while() -> None:
    hub = a_hub()
    listener, notes = a_listener()
    hub.enter(listener)
    large = Frame.of(b" " * 3 * MOST_UNSENT)
    notes.send = lambda frames: None  # type: ignore[method-assign]

    hub.tell(listener, ALL, START, [large])
    notes.stuck = len(large.wire)
    deliver(hub, an_event(1))

    assert notes.closed is None


def test_muted_is_silent_until_the_next_subscription() -> None:
    hub = a_hub()
    listener, notes = listening(hub)

    hub.mute(listener)
    deliver(hub, an_event(1))
    hub.tell(listener, ALL, Cursor(1, 1, 1), [])
    deliver(hub, an_event(2))

    assert notes.events() == ["1-2"]


def test_a_new_beginning_is_a_resync_for_who_listens() -> None:
    hub = a_hub()
    _, notes = listening(hub)

    hub.begin(Cursor(2, 10, 10))
    deliver(hub, an_event(11))

    assert [message["type"] for message in notes.heard] == ["resync"]


def test_whose_sign_in_has_ended_or_whose_rights_changed_is_ended() -> None:
    hub = a_hub()
    heard = {}
    for name in ("stays", "gone", "demoted"):
        listener, heard[name] = a_listener(sign_in=name.encode())
        hub.enter(listener)
    now = {b"stays": a_viewer(sign_in=b"stays"), b"demoted": Viewer(b"demoted", "advisor")}

    ended = hub.recheck(list(hub.listeners), now)

    assert ended == 2
    assert heard["stays"].closed is None
    assert heard["gone"].closed == heard["demoted"].closed == (1008, "signed out, or rights have changed")


def test_who_comes_while_sign_ins_are_looked_up_is_left_alone() -> None:
    hub = a_hub()
    asked = list(hub.listeners)
    listener, notes = a_listener()
    hub.enter(listener)

    hub.recheck(asked, {})

    assert notes.closed is None


def test_leaving_ends_all_with_1012() -> None:
    hub = a_hub()
    _, notes = listening(hub)

    hub.close(1012, "restarting")

    assert notes.closed == (1012, "restarting")
    assert not hub.listeners


@given(st.binary(max_size=70_000).map(lambda raw: json.dumps(raw.hex()).encode()))
def test_a_frame_made_once_is_what_the_library_reads(payload: bytes) -> None:
    client = ClientProtocol(parse_uri("ws://durchwahl.test"), state=OPEN)

    client.receive_data(Frame.of(payload).wire)

    [received] = client.events_received()
    assert (received.opcode, received.data, received.fin) == (Opcode.TEXT, payload, True)  # type: ignore[union-attr]


def test_a_heartbeat_goes_to_everybody() -> None:
    hub = a_hub()
    listener, notes = a_listener()
    hub.enter(listener)

    hub.broadcast(envelope.heartbeat(AT))

    assert notes.heard == [{"type": "heartbeat", "at": "2026-11-23T09:00:00Z"}]
