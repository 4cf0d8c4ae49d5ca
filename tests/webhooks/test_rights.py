"""Who hears of what."""

from __future__ import annotations

from uuid import UUID

import pytest

from kit.ids import encode
from webhooks.rights import complaint_about_type, places, wants


@pytest.mark.parametrize(
    ("types", "reach", "kind", "heard"),
    [
        (["*"], "all", "account.signed_in", True),
        (["*"], "control_center", "account.signed_in", False),
        (["*"], "control_center", "presence.changed", False),
        (["*"], "control_center", "absence.approved", False),
        (["*"], "control_center", "callback.done", True),
        (["contact.*"], "all", "contact.offered", True),
        (["contact.*"], "all", "contacts.offered", False),
        (["contact.offered"], "all", "contact.offered", True),
        (["contact.offered"], "all", "contact.offered_again", False),
        (["presence.*"], "control_center", "presence.changed", False),
        (["*"], "all", "webhook.delivery_died", False),
        (["webhook.*"], "all", "webhook.delivery_died", False),
    ],
)
def test_event_is_heard_of(types: list[str], reach: str, kind: str, heard: bool) -> None:
    assert wants(types, reach, kind) is heard


@pytest.mark.parametrize(
    ("kind", "reach", "code"),
    [
        ("*", "control_center", None),
        ("contact.*", "control_center", None),
        ("presence.*", "control_center", "not_for_you"),
        ("webhook.paused", "all", "not_for_you"),
        ("presence.*", "all", None),
        ("contact", "all", "unreadable"),
        ("contact.", "all", "unreadable"),
        ("Contact.offered", "all", "unreadable"),
        ("contact.**", "all", "unreadable"),
        ("", "all", "unreadable"),
    ],
)
def test_type_that_somebody_wants(kind: str, reach: str, code: str | None) -> None:
    assert complaint_about_type(kind, reach) == code


def test_places_are_topics_of_the_stream() -> None:
    group = UUID(int=7)

    assert places([], []) == {"all"}
    assert places(["DE"], [group]) == {"market:DE", f"desk:{encode('grp', group)}"}
