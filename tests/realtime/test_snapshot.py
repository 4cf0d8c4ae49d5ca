"""What a snapshot holds, and that verbs tell all they change."""

from __future__ import annotations

from datetime import datetime

import pytest

from advisors import presences
from kit.database import Session
from kit.ids import encode
from realtime import snapshot
from realtime.topics import Topics
from tests.support.builders import a_desk_group, an_advisor
from tests.support.replay import told

pytestmark = pytest.mark.database


async def test_choosing_a_break_tells_the_desk_group_and_the_advisor(session: Session, now: datetime) -> None:
    advisor = await an_advisor(session)

    async with told(session) as heard:
        await presences.choose(session, advisor.id, "break", now)

    assert heard.types == ["presence.changed"]


async def test_an_event_that_is_kept_back_is_noticed(session: Session, now: datetime) -> None:
    advisor = await an_advisor(session)

    with pytest.raises(AssertionError, match="the events tell"):
        async with told(session):
            await session.execute("UPDATE presences SET state = 'break' WHERE advisor_id = $1", advisor.id)


async def test_a_desk_group_sees_its_members_and_an_advisor_themselves(session: Session) -> None:
    group = await a_desk_group(session)
    anna, ben = [await an_advisor(session, group=group) for _ in range(2)]
    await an_advisor(session)

    desk = await snapshot.read(session, Topics([f"desk:{encode('grp', group.id)}"]))
    own = await snapshot.read(session, Topics([f"me:{encode('adv', anna.id)}"]))

    assert desk["presences"].keys() == {encode("adv", anna.id), encode("adv", ben.id)}
    assert own["presences"].keys() == {encode("adv", anna.id)}
