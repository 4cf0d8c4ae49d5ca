"""A small company in full swing: enough of everything that an input can meet something real.

Two desk groups, customers with an advisor and one without, a call that rings, one that is talked on and one that
is over, promises, an absence, a closure, a decision. A name stands for an id: `anna` for `adv_…`, and so on.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeAlias

from advisors.models import Advisor
from api.services import Services
from desk_groups.models import DeskGroup
from kit.database import Session
from kit.ids import decode, encode
from tests.support.api import Client, Response, a_person
from tests.support.builders import (
    MONDAY_MORNING,
    a_customer,
    a_delivery,
    a_desk_group,
    a_market,
    a_message,
    a_note,
    a_number,
    a_product,
    a_site,
    an_advisor,
    numbers,
)

Names: TypeAlias = dict[str, str]

GENERAL = "+493023125900"
PHONES = {f"K-{number}": f"+49899999810{number}" for number in (1, 2, 3, 4, 7, 8)}
LEADS = {"lea", "luis"}
PASSWORD = "correct horse battery"  # pragma: allowlist secret


async def founded(client: Client) -> tuple[Client, Names]:
    """The company at 10 o'clock: the client has everybody's token, the names everybody's id."""
    services: Services = client.app.state.services
    async with services.database.transaction() as session:
        people, names = await _people(session)
        names |= await _customers(session, people)
        names |= {f"msg_{state}": await _message(session, people["ben"], state) for state in ("failed", "sent")}
        tokens = {name: await _token(session, services, name, person) for name, person in people.items()}
        tokens["leaver"] = await a_person(session, services.clock, services.settings, "auditor")
    client = Client(client.app, {**client.tokens, **tokens})
    names |= await _calls(client)
    names |= await _promises(client)
    names |= await _administered(client, names)
    names |= await _subscribed(client)
    names |= await _notes(client, names)
    return client, {**names, "token": tokens["leaver"]}


async def _people(session: Session) -> tuple[dict[str, Advisor], Names]:
    await a_market(session)
    await a_product(session)
    site = await a_site(session, name="Berlin")
    groups: dict[str, DeskGroup] = {}
    people: dict[str, Advisor] = {}
    for group, lead, members in (("nord", "lea", ("anna", "ben")), ("sued", "luis", ("carl",))):
        people[lead] = await an_advisor(session, name=lead.title(), site=site, available=False)
        general = "DE" if group == "nord" else None
        groups[group] = await a_desk_group(
            session, name=group.title(), site=site, lead=people[lead], minimum_presence=0, general_for=general
        )
        for member in members:
            people[member] = await an_advisor(session, name=member.title(), group=groups[group])
    ids = {name: encode("adv", person.id) for name, person in people.items()}
    return people, {**ids, "berlin": encode("site", site.id)} | {n: encode("grp", g.id) for n, g in groups.items()}


async def _customers(session: Session, people: dict[str, Advisor]) -> Names:
    own = {"K-1": people["anna"], "K-2": people["carl"], "K-3": people["ben"]}
    found: Names = {}
    for reference, phone in PHONES.items():
        advisor = own.get(reference)
        customer = await a_customer(session, external_ref=reference, phones=(phone,), advisor=advisor)
        found[reference] = encode("cus", customer.id)
    await a_number(session, number=GENERAL, kind="general")
    await numbers(session, 5)
    return found


async def _message(session: Session, to: Advisor, state: str) -> str:
    """Of long ago, so that the events of today say nothing of it."""
    return encode("msg", (await a_message(session, to, state=state, due_at=MONDAY_MORNING - timedelta(days=2))).id)


async def _token(session: Session, services: Services, name: str, person: Advisor) -> str:
    role = "lead" if name in LEADS else "advisor"
    return await a_person(session, services.clock, services.settings, role, person.id)


async def _calls(client: Client) -> Names:
    """One that rings at Anna's, one that Carl talks on, one that Ben wraps up."""
    switch = client.as_("telephony")
    found: Names = {}
    for call, reference in (("ringing", "K-1"), ("talking", "K-2"), ("over", "K-3")):
        body = {"call_id": f"pbx-{call}", "from": PHONES[reference], "to": GENERAL}
        answer = told(await switch.post("/v1/telephony/calls", json=body))
        found[f"con_{call}"], found[f"off_{call}"] = answer["contact_id"], answer["verbs"][-1]["offer_id"]
        if call != "ringing":
            told(await switch.post(f"/v1/telephony/calls/pbx-{call}/events", json={"type": "answered"}))
    told(await switch.post("/v1/telephony/calls/pbx-over/events", json={"type": "hangup"}))
    return found


async def _promises(client: Client) -> Names:
    portal = client.as_("control_center")
    found: Names = {}
    for reference in ("K-2", "K-4"):
        path = f"/v1/customers/{reference}"
        slots = told(await portal.get(f"{path}/callback-slots"))["slots"]
        wish = {"slot_starts_at": slots[-1]["starts_at"]}
        found[f"cb_{reference}"] = told(await portal.post(f"{path}/callbacks", json=wish))["id"]
    told(await portal.post(f"/v1/customers/K-4/callbacks/{found['cb_K-4']}/cancel", json={}))
    return found


async def _administered(client: Client, names: Names) -> Names:
    admin, supervisor = client.as_("admin"), client.as_("supervisor")
    found = {f"abs_{name}": await _absence(client, name, names[name]) for name in ("anna", "ben", "carl", "lea")}
    planned = {"kind": "planned", "starts_at": "2026-12-24T11:00:00+01:00", "ends_at": "2026-12-25T00:00:00+01:00"}
    closure = told(await supervisor.post("/v1/markets/DE/closures", json=planned))
    told(await supervisor.post("/v1/markets/DE/policies", json={"rules": {"wrap_up_limit_s": 60}}))
    key = told(await admin.post("/v1/machine-keys", json={"name": "old", "scopes": ["operator"]}))
    public = {"kty": "OKP", "crv": "Ed25519"}
    public["x"] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"  # pragma: allowlist secret
    signing = told(await admin.post("/v1/signing-keys", json={"client": "shop", "public_key": public}))
    account = {"email": "frieda@desk.example", "name": "Frieda", "role": "auditor", "password": PASSWORD}
    frieda = told(await admin.post("/v1/accounts", json=account))
    activated = told(
        await client.as_("control_center").post(
            "/v1/customers/K-4/advisor", json={}, headers={"Idempotency-Key": "activation"}
        )
    )
    accounts = told(await admin.get("/v1/accounts?limit=1"))
    return found | {
        "clo": closure["id"],
        "key": key["id"],
        "sig": signing["id"],
        "frieda": frieda["id"],
        "dec": activated["decision_id"],
        "rel": activated["relationship_id"],
        "cursor": accounts["next"],
    }


async def _subscribed(client: Client) -> Names:
    """A subscription with a dead letter and one that was delivered."""
    services: Services = client.app.state.services
    wish = {"name": "CRM", "url": "https://crm.example/hooks", "types": ["customer.*"]}
    webhook = told(await client.as_("admin").post("/v1/webhooks", json=wish))["id"]
    found: Names = {"whk": webhook}
    async with services.database.transaction() as session:
        for state in ("dead", "delivered"):
            row = await a_delivery(session, decode("whk", webhook), state=state, ended_at=MONDAY_MORNING)
            found[f"whd_{state}"] = encode("whd", row.id)
    return found


async def _notes(client: Client, names: Names) -> Names:
    """To each who holds a call, as if Lea had taken it."""
    services: Services = client.app.state.services
    found: Names = {}
    async with services.database.transaction() as session:
        for call, name in (("ringing", "anna"), ("talking", "carl"), ("over", "ben")):
            who = {"from_advisor_id": decode("adv", names["lea"]), "to_advisor_id": decode("adv", names[name])}
            note = await a_note(session, decode("con", names[f"con_{call}"]), **who)
            found[f"not_{call}"] = encode("note", note.id)
    return found


async def _absence(client: Client, name: str, advisor_id: str) -> str:
    """A week off that somebody asks for."""
    week = {"starts_at": "2026-12-07T00:00:00+01:00", "ends_at": "2026-12-12T00:00:00+01:00", "kind": "vacation"}
    found: str = told(await client.as_(name).post(f"/v1/advisors/{advisor_id}/absences", json=week))["id"]
    return found


def told(answer: Response) -> dict[str, Any]:
    """What was answered, where all went well."""
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found
