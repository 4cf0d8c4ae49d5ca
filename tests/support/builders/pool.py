"""Numbers of the pool."""

from __future__ import annotations

from datetime import datetime, timedelta

from advisors.models import Advisor
from direct_dial.models import DirectDialNumber
from direct_dial.states import QUARANTINE
from kit.database import Session
from tests.support.builders.company import a_market
from tests.support.builders.ground import (
    MONDAY_MORNING,
    an_office_number,
    insert,
)


async def a_number(
    session: Session,
    *,
    number: str | None = None,
    market: str = "DE",
    advisor: Advisor | None = None,
    state: str | None = None,
    kind: str = "direct",
    since: datetime = MONDAY_MORNING - timedelta(days=60),
    quarantined_until: datetime | None = None,
) -> DirectDialNumber:
    """A number of the pool: assigned where there is an `advisor`, else free."""
    await a_market(session, market)
    state = state or ("assigned" if advisor else "free")
    made_up = an_office_number()
    rests = quarantined_until or (since + QUARANTINE if state == "quarantined" else None)
    made = DirectDialNumber(
        number=number or made_up,
        market_id=market,
        kind=kind,
        state=state,
        trunk=(number or made_up)[:-3],
        advisor_id=advisor.id if advisor else None,
        since=since,
        quarantined_until=rests,
    )
    return await insert(session, made)


async def numbers(session: Session, count: int, *, market: str = "DE") -> list[DirectDialNumber]:
    """That many free numbers in the market's pool."""
    return [await a_number(session, market=market) for _ in range(count)]
