"""Numbers from a file into the pools of their markets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from direct_dial import events, pools, queries
from direct_dial.schemas import NumberRow
from kit.bulk import BATCH, Done
from kit.database import ReadSession, Session
from kit.errors import Error, Fault, Unprocessable
from kit.ids import IdMaker
from kit.records import Columns
from markets import queries as markets


class UnknownMarket(Unprocessable):
    word, title = "unknown-market", "There is no market of that id."


class TrunkForeign(Unprocessable):
    word, title = "trunk-foreign", "The number does not begin with that trunk."


@dataclass(frozen=True, slots=True)
class Read:
    """A number in E.164 and where it goes; `trunk` as it was given."""

    number: str
    market_id: str
    kind: str
    trunk: str | None


class Numbers:
    """Adds numbers; those that are in their market's pool already stay as they are (`skipped`)."""

    name = "numbers"
    columns = Columns(names=frozenset(NumberRow.model_fields))
    batch = BATCH

    def __init__(self) -> None:
        self._regions: Mapping[str, str] = {}

    async def prepare(self, session: ReadSession, /) -> None:
        known = await markets.at_the_edge(session)
        self._regions = {market: row["phone_region"] for market, row in known.items()}

    def read(self, value: Mapping[str, Any]) -> Read:
        row = NumberRow.model_validate(value)
        region = self._regions.get(row.market)
        if region is None:
            raise UnknownMarket(Error("/market", "unknown_market"))
        number = pools.read(row.number, region, "/number")
        if row.trunk is not None and (not number.startswith(row.trunk) or number == row.trunk):
            raise TrunkForeign(Error("/trunk", "trunk_foreign"))
        return Read(number, row.market, row.kind, row.trunk)

    def key(self, record: Read) -> str:
        return record.number

    async def write(
        self, session: Session, records: Sequence[Read], now: datetime, _: IdMaker, /
    ) -> list[Done | Fault]:
        known = await queries.markets_of(session, [read.number for read in records])
        beginnings = pools.trunks([read.number for read in records])
        rows = [
            (read.number, read.market_id, read.kind, read.trunk or beginnings[read.number])
            for read in records
            if read.number not in known
        ]
        added: Set[str] = await queries.add(session, rows, now) if rows else frozenset()
        for market_id, count in Counter(row[1] for row in rows if row[0] in added).items():
            session.announce(events.added(market_id, count, now))
        return [_outcome(read, known.get(read.number, read.market_id), added) for read in records]


def _outcome(read: Read, market_id: str, added: Set[str]) -> Done | Fault:
    if market_id != read.market_id:
        return pools.NumberElsewhere(Error("/market", "elsewhere"))
    return Done("created" if read.number in added else "skipped")
