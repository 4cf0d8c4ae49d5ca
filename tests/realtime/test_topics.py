"""Who may listen to what, and whom an event concerns."""

from __future__ import annotations

from uuid import UUID

import pytest

from accounts.models import ROLES
from kit.ids import encode
from realtime.topics import ME, NotYours, Viewer, audience, resolved
from tests.api import role_matrix
from tests.realtime.listening import a_viewer

ADVISOR, GROUP = UUID(int=7), UUID(int=8)
ANNA = encode("adv", UUID(int=1))
OWN, LED, OTHER = (encode("grp", UUID(int=number)) for number in (11, 12, 13))

PLACES = {
    "desk:own": f"desk:{OWN}",
    "desk:led": f"desk:{LED}",
    "desk:other": f"desk:{OTHER}",
    "me:adv": f"me:{ANNA}",
}
MAY = {
    role: {PLACES.get(topic, topic) for topic, roles in role_matrix.TOPICS.items() if role in roles.split()}
    for role in ROLES
}
TOPICS = sorted(PLACES.get(topic, topic) for topic in role_matrix.TOPICS)


def anna_as(role: str) -> Viewer:
    return a_viewer(role, advisor=ANNA, group=OWN, leads=frozenset({LED}))


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("role", ROLES)
def test_the_role_decides_what_may_be_listened_to(role: str, topic: str) -> None:
    if topic in MAY[role]:
        assert resolved(anna_as(role), [topic]) == {topic.replace(ME, f"me:{ANNA}")}
    else:
        with pytest.raises(NotYours):
            resolved(anna_as(role), [topic])


@pytest.mark.parametrize(
    "topics",
    [
        [],
        ["me"] * 21,
        ["everything"],
        [f"me:{ANNA}"],
        ["desk:grp_1"],
        ["market:"],
        ["desk:*"],
        [None],
        [["all"]],
        ["ALL"],
    ],
)
def test_what_is_no_topic_is_nobodys(topics: list[object]) -> None:
    with pytest.raises(NotYours):
        resolved(anna_as("admin"), topics)


def test_one_foreign_topic_spoils_the_subscription() -> None:
    with pytest.raises(NotYours):
        resolved(anna_as("advisor"), ["me", f"desk:{OTHER}"])


def test_somebody_who_is_no_advisor_has_no_me() -> None:
    with pytest.raises(NotYours):
        resolved(a_viewer("supervisor"), ["me"])


def test_an_event_concerns_whom_its_columns_name() -> None:
    concerned = audience({"number": {"state": "assigned"}}, "DE", GROUP, ADVISOR)

    assert concerned == {"all", "market:DE", f"desk:{encode('grp', GROUP)}", f"me:{encode('adv', ADVISOR)}"}


def test_a_contact_concerns_its_own_advisor_too_and_who_has_lost_it() -> None:
    contact = {"id": "con_1", "market": "DE", "group": OWN, "advisor": None, "own_advisor": ANNA}
    left = {"groups": [OTHER], "advisors": ["adv_2"]}

    concerned = audience({"contact": contact, "left": left}, "DE", None, None)

    assert concerned == {"all", "market:DE", f"desk:{OWN}", f"me:{ANNA}", f"desk:{OTHER}", "me:adv_2"}
