"""What a colleague sees before saying hello: customer, open matters, last contacts, the owner's remarks, why they.

One statement, read when the desk asks for the offer that rings, so that the routed call waits for nothing. Events
and snapshots hold ids alone; who may read an offer reads its briefing, while something is to be done about it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from callbacks.models import FINAL as FINAL_CALLBACKS
from contacts.models import FINAL as FINAL_CONTACTS
from kit.catalogue import Catalogue
from kit.database import ReadSession, Row
from kit.ids import encode

LANGUAGES = ("de", "en")
MOST_CONTACTS = 5
AROUND = timedelta(seconds=5)
"""A decision is made at the instant of its offer, give or take."""

OF_A_CONTACT = ("received_at", "channel", "direction", "state", "disposition", "solved", "note")

READ = f"""
WITH asked AS (
    SELECT o.id, o.advisor_id, o.made_at, o.decision_id, o.contact_id, m.desk_group_id, g.lead_id,
           coalesce(c.customer_id, p.customer_id) AS customer_id, o.market_id,
           o.state = 'open' OR (o.state = 'accepted' AND (c.state NOT IN ({FINAL_CONTACTS})
               OR p.state NOT IN ({FINAL_CALLBACKS}))) AS is_under_way
    FROM offers AS o
    LEFT JOIN contacts AS c ON c.id = o.contact_id AND c.market_id = o.market_id
    LEFT JOIN callbacks AS p ON p.id = o.callback_id AND p.market_id = o.market_id
    LEFT JOIN desk_group_members AS m ON m.advisor_id = o.advisor_id
    LEFT JOIN desk_groups AS g ON g.id = m.desk_group_id
    WHERE o.id = $1
)
SELECT a.advisor_id, a.lead_id, a.is_under_way, u.id AS customer_id, u.external_ref, u.name, u.languages, u.tier,
       u.products, r.text AS remarks, owner.id AS owner_id, owner.name AS owner_name,
       (SELECT d.data -> 'because' FROM decisions AS d
        WHERE d.id = a.decision_id AND d.at BETWEEN a.made_at - $2::interval AND a.made_at + $2::interval
       ) AS because,
       (SELECT coalesce(jsonb_agg(to_jsonb(open) ORDER BY open.window_starts_at), '[]') FROM (
           SELECT id, state, window_starts_at, window_ends_at, topic FROM callbacks
           WHERE customer_id = u.id AND market_id = u.market_id AND state NOT IN ({FINAL_CALLBACKS})
       ) AS open) AS promises,
       (SELECT coalesce(jsonb_agg(to_jsonb(last) ORDER BY last.received_at DESC), '[]') FROM (
           SELECT k.id, k.received_at, k.channel, k.direction, k.state, k.disposition, k.solved, k.note,
                  w.name AS with_name, k.advisor_id
           FROM contacts AS k LEFT JOIN advisors AS w ON w.id = k.advisor_id
           WHERE k.customer_id = u.id AND k.market_id = u.market_id AND k.id IS DISTINCT FROM a.contact_id
           ORDER BY k.received_at DESC LIMIT {MOST_CONTACTS}
       ) AS last) AS contacts
FROM asked AS a
LEFT JOIN customers AS u ON u.id = a.customer_id AND u.market_id = a.market_id
LEFT JOIN customer_remarks AS r ON r.customer_id = u.id AND r.market_id = u.market_id
LEFT JOIN relationships AS rel ON rel.customer_id = u.id AND rel.market_id = u.market_id AND rel.ends_at IS NULL
LEFT JOIN advisors AS owner ON owner.id = rel.advisor_id
"""  # noqa: S608 - constants of ours


class Person(BaseModel):
    id: str
    name: str


class Promised(BaseModel):
    """An open callback: an open matter."""

    id: str
    state: str
    window: tuple[datetime, datetime]
    topic: str | None


class Spoken(BaseModel):
    """An earlier contact; one that was not solved is an open matter, too."""

    id: str
    received_at: datetime
    channel: str
    direction: str
    state: str
    advisor: Person | None
    disposition: str | None
    solved: bool | None
    note: str | None


class Because(BaseModel):
    """Why it is put to this advisor, in the words of each language."""

    code: str
    words: dict[str, str]


class CustomerBrief(BaseModel):
    id: str
    external_ref: str
    name: str | None
    languages: list[str]
    tier: str
    products: list[str]


class Briefing(BaseModel):
    """`customer` is null for somebody unknown; then there is nothing else but the reasons."""

    customer: CustomerBrief | None
    own_advisor: Person | None
    remarks: str | None
    promises: list[Promised]
    unsolved: list[str]
    contacts: list[Spoken]
    because: list[Because]


async def read(session: ReadSession, offer_id: UUID) -> Row | None:
    """The offer's row with all that its briefing is made of; `advisor_id` and `lead_id` say whose it is."""
    return await session.fetch_row(READ, offer_id, AROUND)


def of(row: Row, catalogue: Catalogue) -> Briefing | None:
    """None where there is nothing to be done about it any more."""
    if not row["is_under_way"]:
        return None
    contacts = [_spoken(one) for one in row["contacts"]]
    return Briefing(
        customer=_customer(row),
        own_advisor=_person(row["owner_id"], row["owner_name"]),
        remarks=row["remarks"],
        promises=[_promised(one) for one in row["promises"]],
        unsolved=[one.id for one in contacts if one.solved is False],
        contacts=contacts,
        because=[_because(one, catalogue) for one in row["because"] or ()],
    )


def _customer(row: Row) -> CustomerBrief | None:
    if row["customer_id"] is None:
        return None
    return CustomerBrief(
        id=encode("cus", row["customer_id"]),
        external_ref=row["external_ref"],
        name=row["name"],
        languages=row["languages"],
        tier=row["tier"],
        products=row["products"],
    )


def _person(identifier: UUID | None, name: str | None) -> Person | None:
    return None if identifier is None else Person(id=encode("adv", identifier), name=name or "")


def _promised(row: Any) -> Promised:
    return Promised(
        id=encode("cb", UUID(row["id"])),
        state=row["state"],
        window=(row["window_starts_at"], row["window_ends_at"]),
        topic=row["topic"],
    )


def _spoken(row: Any) -> Spoken:
    advisor = row["advisor_id"]
    told = {name: row[name] for name in OF_A_CONTACT}
    with_whom = None if advisor is None else _person(UUID(advisor), row["with_name"])
    return Spoken(id=encode("con", UUID(row["id"])), advisor=with_whom, **told)


def _because(reason: Any, catalogue: Catalogue) -> Because:
    args = {name: value for name, value in reason.items() if name != "code"}
    words = {language: catalogue.say(f"reason.{reason['code']}", language, **args) for language in LANGUAGES}
    return Because(code=reason["code"], words=words)
