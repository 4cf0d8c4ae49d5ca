"""Who plays in the demo, read from its database: advisors with phones and sign-ins, customers with numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts import service as accounts
from kit.clock import Clock
from kit.database import Database, ReadSession
from kit.ids import encode
from kit.settings import Settings

ADVISORS = """
SELECT a.id, a.external_ref, a.name, a.sip_endpoint, c.id AS account_id, EXISTS (
    SELECT FROM absences WHERE advisor_id = a.id AND state = 'approved' AND starts_at <= $1 AND ends_at > $1
) AS away
FROM advisors a JOIN accounts c ON c.advisor_id = a.id
ORDER BY a.external_ref
"""

CUSTOMERS = """
SELECT c.external_ref, p.number AS phone, d.number AS direct_dial
FROM customers c
JOIN customer_phones p ON p.customer_id = c.id
JOIN relationships r ON r.customer_id = c.id AND r.ends_at IS NULL
JOIN direct_dial_numbers d ON d.advisor_id = r.advisor_id AND d.market_id = r.market_id AND d.state = 'assigned'
ORDER BY c.external_ref
"""


@dataclass(frozen=True)
class Player:
    """An advisor. `away`: absent when the demo was started."""

    id: UUID
    key: str
    name: str
    endpoint: str
    account_id: UUID
    away: bool

    @property
    def code(self) -> str:
        """The id as the stream has it."""
        return encode("adv", self.id)


@dataclass(frozen=True)
class Client:
    """A customer with the phone they call from and the number they call."""

    external_ref: str
    phone: str
    direct_dial: str


async def advisors(session: ReadSession, now: datetime) -> list[Player]:
    """Those who have an account."""
    return [
        Player(row["id"], row["external_ref"], row["name"], row["sip_endpoint"], row["account_id"], row["away"])
        for row in await session.fetch(ADVISORS, now)
    ]


async def customers(session: ReadSession) -> list[Client]:
    """Those who have an advisor with a number."""
    return [Client(**row) for row in await session.fetch(CUSTOMERS)]


async def supervisor(session: ReadSession) -> UUID:
    """The account of somebody who may enter absences and see everything."""
    found = await session.fetch_value("SELECT id FROM accounts WHERE role = 'supervisor' AND active LIMIT 1")
    assert isinstance(found, UUID)
    return found


class SignIns:
    """Signs people in without their passwords, which nobody keeps; remembers the tokens."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database, self._clock, self._lasts = database, clock, settings.session_lifetime
        self._tokens: dict[UUID, str] = {}

    async def token(self, account_id: UUID) -> str:
        if account_id not in self._tokens:
            async with self._database.transaction() as session:
                token, _ = await accounts.begin(session, account_id, self._clock.now(), self._lasts)
            self._tokens[account_id] = token
        return self._tokens[account_id]

    def forget(self, account_id: UUID) -> None:
        """The sign-in has ended; the next token is a new one."""
        self._tokens.pop(account_id, None)
