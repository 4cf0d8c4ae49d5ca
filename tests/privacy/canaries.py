"""Words, names and numbers that stand for somebody's data, and a company in which they go through every door.

Each step is one request that does something; together they are every route that writes. The names are those of
`tests/nasty/company.py`; `@anna` stands for Anna's id, `@new_key` for what an earlier step was answered.
"""

# ruff: noqa: E501 - a table, a step per line
from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from joserfc.jwk import OKPKey

from api.exchange import exchange_of
from api.services import Services
from kit.actors import acting
from kit.clock import VirtualClock
from kit.ids import encode
from tests.books.shop import Shop
from tests.nasty.company import GENERAL, PASSWORD, Names
from tests.nasty.test_nasty import filled, named
from tests.support.api import Client, Response
from tests.support.builders import ALWAYS, WORKDAYS
from worker.loops import Worker

NAME = "Kanarienvogel"
EMAIL = "kanarienvogel@desk.example"
PHONE = "+498999998777"
CALLER = "+498999998778"
NOTE = "Zeisig im Kirschbaum"
TOPIC = "Nachtigall am Telefon"
REASON = "Rotkehlchen will nicht"
TYPED = "4711815"
CANARIES = (
    NAME,
    EMAIL,
    PHONE,
    PHONE.removeprefix("+"),
    CALLER,
    CALLER.removeprefix("+"),
    NOTE,
    TOPIC,
    REASON,
    TYPED,
)


@dataclass(frozen=True)
class Step:
    """`route` is the row of the role matrix; `keeps` are members of the answer under a name."""

    who: str | None
    route: str
    path: str
    body: Any = None
    keeps: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None

    @property
    def method(self) -> str:
        return self.route.split(" ")[0]


CUSTOMER = {"market": "DE", "name": NAME, "email": EMAIL, "phones": [PHONE], "languages": ["de"]}
ADVISOR = {
    "name": f"{NAME} Anna",
    "email": "anna.kanarienvogel@desk.example",
    "site": "Berlin",
    "languages": ["de"],
    "markets": ["DE"],
    "skills": [{"skill": "hosting", "level": 3}],
    "working_pattern": WORKDAYS,
    "sip_uri": "sip:kanarienvogel@desk.example",
    "desk_group": "Nord",
}
MARKET = {
    "name": "Spanien", "phone_region": "ES", "time_zone": "Europe/Madrid", "languages": ["es"],
    "opening_hours": ALWAYS,
}  # fmt: skip
ABSENCE = {"starts_at": "2026-12-14T00:00:00+01:00", "ends_at": "2026-12-15T00:00:00+01:00", "kind": "sick"}
ANOTHER = {"starts_at": "2027-01-14T00:00:00+01:00", "ends_at": "2027-01-15T00:00:00+01:00", "kind": "sick"}
CLOSED = {"kind": "planned", "starts_at": "2026-12-31T12:00:00+01:00", "ends_at": "2027-01-01T00:00:00+01:00"}
WEBHOOK = {"name": "CRM", "url": "https://crm.example/hooks", "types": ["*"]}
CSV = {"Content-Type": "text/csv"}

STEPS = (
    Step(None, "POST /v1/sessions", "/v1/sessions", {"email": "frieda@desk.example", "password": PASSWORD}),
    Step("leaver", "DELETE /v1/sessions/current", "/v1/sessions/current"),
    Step(
        "admin", "POST /v1/accounts", "/v1/accounts",
        {"email": EMAIL, "name": NAME, "role": "auditor", "password": PASSWORD}, {"new_account": "id"},
    ),
    Step("admin", "PATCH /v1/accounts/{account_id}", "/v1/accounts/@new_account", {"name": f"{NAME} II"}),
    Step(
        "admin", "POST /v1/machine-keys", "/v1/machine-keys", {"name": "portal", "scopes": ["operator"]},
        {"new_key": "id"},
    ),
    Step("admin", "POST /v1/machine-keys/{key_id}/rotate", "/v1/machine-keys/@new_key/rotate", {}),
    Step("admin", "DELETE /v1/machine-keys/{key_id}", "/v1/machine-keys/@new_key"),
    Step(
        "admin", "POST /v1/signing-keys", "/v1/signing-keys",
        {"client": "portal", "public_key": OKPKey.generate_key("Ed25519").as_dict(private=False)}, {"new_signing": "id"},
    ),
    Step("admin", "DELETE /v1/signing-keys/{key_id}", "/v1/signing-keys/@new_signing"),
    Step("control_center", "PUT /v1/customers/{external_ref}", "/v1/customers/C-1", CUSTOMER),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/advisor", "/v1/customers/C-1/advisor", {},
    ),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/advisor/change", "/v1/customers/C-1/advisor/change", {},
    ),
    Step(
        "telephony", "POST /v1/telephony/calls", "/v1/telephony/calls",
        {"call_id": "pbx-known", "from": PHONE, "to": GENERAL, "headers": {"x-name": NAME}}, {"con_known": "contact_id"},
    ),
    Step(
        "telephony", "POST /v1/telephony/calls", "/v1/telephony/calls",
        {"call_id": "pbx-stranger", "from": CALLER, "to": GENERAL, "headers": {"x-name": NAME}},
    ),
    Step(
        "telephony", "POST /v1/telephony/calls/{call_id}/events", "/v1/telephony/calls/pbx-stranger/events",
        {"type": "digits", "leg": "caller", "digits": TYPED},
    ),
    Step(
        "telephony", "POST /v1/telephony/calls/{call_id}/events", "/v1/telephony/calls/pbx-stranger/events",
        {"type": "hangup", "leg": "caller"},
    ),
    Step(
        "telephony", "POST /v1/telephony/calls/{call_id}/events", "/v1/telephony/calls/pbx-known/events",
        {"type": "hangup", "leg": "caller"},
    ),
    Step(
        "telephony", "POST /v1/telephony/calls/{call_id}/events", "/v1/telephony/calls/pbx-talking/events",
        {"type": "hangup", "leg": "caller"},
    ),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/callbacks", "/v1/customers/C-1/callbacks",
        {"slot_starts_at": "@slot", "number": PHONE, "topic": TOPIC}, {"cb_new": "id"},
    ),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/callbacks/{callback_id}/move",
        "/v1/customers/C-1/callbacks/@cb_new/move", {"slot_starts_at": "@later"},
    ),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/callbacks/{callback_id}/cancel",
        "/v1/customers/C-1/callbacks/@cb_new/cancel", {"reason": REASON},
    ),
    Step("control_center", "DELETE /v1/customers/{external_ref}/advisor", "/v1/customers/C-1/advisor"),
    Step("anna", "POST /v1/offers/{offer_id}/reject", "/v1/offers/@off_ringing/reject", {"reason": "break"}),
    Step(
        "ben", "POST /v1/contacts/{contact_id}/wrap-up", "/v1/contacts/@con_over/wrap-up",
        {"note": NOTE, "disposition": NOTE, "solved": True},
    ),
    Step("anna", "PUT /v1/desk/presence", "/v1/desk/presence", {"state": "available"}),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/chats", "/v1/customers/K-3/chats", {"text": NOTE},
        {"con_chat": "id"},
    ),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/chats/{chat_id}/messages",
        "/v1/customers/K-3/chats/@con_chat/messages", {"text": NOTE},
    ),
    Step("ben", "POST /v1/offers/{offer_id}/accept", "/v1/offers/@off_chat/accept"),
    Step("ben", "POST /v1/contacts/{contact_id}/hand-over", "/v1/contacts/@con_chat/hand-over", {}),
    Step("anna", "POST /v1/contacts/{contact_id}/messages", "/v1/contacts/@con_chat/messages", {"text": NOTE}),
    Step(
        "anna", "POST /v1/contacts/{contact_id}/end", "/v1/contacts/@con_chat/end",
        {"note": NOTE, "disposition": NOTE, "solved": True},
    ),
    Step("anna", "PUT /v1/desk/presence", "/v1/desk/presence", {"state": "break"}),
    Step(
        "anna", "PUT /v1/customers/{external_ref}/remarks", "/v1/customers/K-1/remarks", {"text": NOTE},
    ),
    Step("anna", "POST /v1/notes/{note_id}/read", "/v1/notes/@not_ringing/read"),
    Step("ben", "PUT /v1/desk/presence", "/v1/desk/presence", {"state": "break", "reason": "lunch"}),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/chats", "/v1/customers/K-3/chats", {"text": NOTE},
        {"con_chat": "id"},
    ),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/chats/{chat_id}/choose",
        "/v1/customers/K-3/chats/@con_chat/choose", {"choice": "message"},
    ),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/chats", "/v1/customers/K-7/chats", {"text": NOTE},
        {"con_left": "id"},
    ),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/chats/{chat_id}/leave",
        "/v1/customers/K-7/chats/@con_left/leave",
    ),
    Step(
        "admin", "POST /v1/imports/customers", "/v1/imports/customers",
        content=f"external_ref,market,name,email,phones,languages\nC-2,DE,{NAME},{EMAIL},{CALLER},de\n".encode(),
    ),
    Step(
        "admin", "POST /v1/imports/advisors", "/v1/imports/advisors",
        content=b'{"external_ref": "A-2", "name": "Kanarienvogel Ben", "site": "Berlin", "languages": ["de"], '
        b'"markets": ["DE"], "working_pattern": {"mon": [["08:00", "17:00"]]}}\n',
    ),
    Step("admin", "POST /v1/imports/numbers", "/v1/imports/numbers", content=b"number,market\n+493023125555,DE\n"),
    Step("supervisor", "POST /v1/activations", "/v1/activations", content=b"external_ref\nC-2\n"),
    Step("admin", "POST /v1/advisors", "/v1/advisors", {**ADVISOR, "external_ref": "A-1"}, {"new_advisor": "id"}),
    Step("admin", "PUT /v1/advisors/{advisor_id}", "/v1/advisors/@new_advisor", {**ADVISOR, "name": f"{NAME} Berta"}),
    Step(
        "supervisor", "POST /v1/advisors/{advisor_id}/leaving", "/v1/advisors/@new_advisor/leaving",
        {"leaving_at": "2026-12-31T00:00:00+01:00"},
    ),
    Step("supervisor", "DELETE /v1/advisors/{advisor_id}/leaving", "/v1/advisors/@new_advisor/leaving"),
    Step("supervisor", "POST /v1/advisors/{advisor_id}/absences", "/v1/advisors/@new_advisor/absences", ABSENCE),
    Step("anna", "POST /v1/advisors/{advisor_id}/calendar-feed", "/v1/advisors/@anna/calendar-feed"),
    Step("anna", "DELETE /v1/advisors/{advisor_id}/calendar-feed", "/v1/advisors/@anna/calendar-feed"),
    Step("supervisor", "POST /v1/absences/{absence_id}/approve", "/v1/absences/@abs_anna/approve", {}),
    Step("supervisor", "POST /v1/absences/{absence_id}/decline", "/v1/absences/@abs_carl/decline", {}),
    Step("supervisor", "POST /v1/absences/{absence_id}/cancel", "/v1/absences/@abs_ben/cancel", {}),
    Step(
        "admin", "POST /v1/desk-groups", "/v1/desk-groups", {"name": "West", "site": "Berlin"}, {"new_group": "id"},
    ),
    Step(
        "admin", "PUT /v1/desk-groups/{group_id}", "/v1/desk-groups/@new_group", {"name": "West II", "site": "Berlin"},
    ),
    Step("admin", "PUT /v1/markets/{market_id}", "/v1/markets/ES", MARKET),
    Step(
        "supervisor", "POST /v1/markets/{market_id}/policies", "/v1/markets/ES/policies",
        {"rules": {"wrap_up_limit_s": 60}},
    ),
    Step(
        "supervisor", "POST /v1/markets/{market_id}/policies", "/v1/markets/ES/policies",
        {"rules": {"wrap_up_limit_s": 90}, "valid_from": "2027-01-04T00:00:00Z"},
    ),
    Step(
        "admin", "POST /v1/markets/{market_id}/policies/{version}/withdraw", "/v1/markets/ES/policies/2/withdraw",
    ),
    Step(
        "supervisor", "POST /v1/markets/{market_id}/closures", "/v1/markets/DE/closures", CLOSED, {"new_closure": "id"},
    ),
    Step("supervisor", "DELETE /v1/closures/{closure_id}", "/v1/closures/@new_closure"),
    Step(
        "admin", "POST /v1/markets/{market_id}/numbers", "/v1/markets/DE/numbers", {"numbers": ["+493023125556"]},
    ),
    Step(
        "admin", "POST /v1/sites", "/v1/sites", {"name": "Köln", "time_zone": "Europe/Berlin"}, {"new_site": "id"},
    ),
    Step(
        "admin", "PUT /v1/sites/{site_id}", "/v1/sites/@new_site", {"name": "Köln am Rhein", "time_zone": "Europe/Berlin"},
    ),
    Step(
        "admin", "PUT /v1/products/{product_id}", "/v1/products/mail", {"name": "Mail", "skill": "mail"},
    ),
    Step("supervisor", "POST /v1/book-runs", "/v1/book-runs", {"kind": "rebalance"}, {"run": "id"}),
    Step("supervisor", "POST /v1/book-runs/{run_id}/apply", "/v1/book-runs/@run/apply"),
    Step("supervisor", "POST /v1/book-runs/{run_id}/undo", "/v1/book-runs/@run/undo"),
    Step("supervisor", "POST /v1/book-runs", "/v1/book-runs", {"kind": "rebalance"}, {"run": "id"}),
    Step("supervisor", "POST /v1/book-runs/{run_id}/discard", "/v1/book-runs/@run/discard"),
    Step("admin", "POST /v1/messages/{message_id}/retry", "/v1/messages/@msg_failed/retry"),
    Step("admin", "POST /v1/webhooks", "/v1/webhooks", WEBHOOK, {"new_webhook": "id"}),
    Step("admin", "PUT /v1/webhooks/{webhook_id}", "/v1/webhooks/@new_webhook", {**WEBHOOK, "name": "CRM II"}),
    Step("admin", "POST /v1/webhooks/{webhook_id}/rotate", "/v1/webhooks/@new_webhook/rotate", {}),
    Step("admin", "POST /v1/webhooks/{webhook_id}/test", "/v1/webhooks/@new_webhook/test", {}),
    Step("admin", "POST /v1/webhooks/{webhook_id}/pause", "/v1/webhooks/@new_webhook/pause", {}),
    Step("admin", "POST /v1/webhooks/{webhook_id}/resume", "/v1/webhooks/@new_webhook/resume", {}),
    Step(
        "admin", "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
        "/v1/webhooks/@whk/deliveries/@whd_dead/replay", {},
    ),
    Step("admin", "POST /v1/webhooks/{webhook_id}/replay", "/v1/webhooks/@whk/replay", {}),
    Step("admin", "DELETE /v1/webhooks/{webhook_id}", "/v1/webhooks/@new_webhook"),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/erase", "/v1/customers/C-1/erase",
        {"reason": "customer_request"}, {"declined": "id"},
    ),
    Step("auditor", "POST /v1/erasures/{erasure_id}/decline", "/v1/erasures/@declined/decline"),
    Step(
        "control_center", "POST /v1/customers/{external_ref}/erase", "/v1/customers/C-1/erase",
        {"reason": "customer_request"}, {"approved": "id"},
    ),
    Step("auditor", "POST /v1/erasures/{erasure_id}/approve", "/v1/erasures/@approved/approve"),
    Step("lea", "DELETE /v1/sessions", "/v1/sessions"),
)  # fmt: skip

READING = (
    ("admin", "/v1/accounts"), ("admin", "/v1/advisors"), ("control_center", "/v1/customers/C-2"),
    ("auditor", "/v1/customers/C-2/export"), ("auditor", "/v1/audit"), ("auditor", "/v1/erasures"),
    ("auditor", "/v1/messages"), ("auditor", f"/v1/messages?recipient={NAME}"),
    ("auditor", "/v1/sessions/current/export"), ("control_center", "/v1/customers/C-2/advisor"),
    ("supervisor", "/v1/contacts/@con_over"), ("supervisor", "/v1/contacts/@con_chat/thread"), ("supervisor", "/v1/directory"),
    ("admin", f"/v1/accounts?after={NAME}"), ("control_center", f"/v1/customers/{NAME}"),
)  # fmt: skip

REFUSED = (
    ("control_center", "PUT", "/v1/customers/C-9", {**CUSTOMER, "market": NAME}),
    ("control_center", "PUT", "/v1/customers/C-9", {**CUSTOMER, "phones": [f"{PHONE}{NAME}"]}),
    ("admin", "POST", "/v1/accounts", {"email": NAME, "name": NAME, "role": NAME}),
    ("telephony", "POST", "/v1/telephony/calls", {"call_id": NOTE, "from": PHONE, "to": CALLER}),
    (None, "POST", "/v1/sessions", {"email": EMAIL, "password": NOTE}),
)


async def passed(services: Services, seconds: float = 2) -> None:
    """Time in which what falls due is done: a hang-up is believed after a second."""
    clock = services.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(seconds)
    with acting("loop:deadlines"):
        await Worker(services.database, exchange_of(services), clock).deadlines_once()


async def walked(client: Client, names: Names) -> AsyncIterator[tuple[Step, Response]]:
    """Every step, in order, as it is answered; `names` learn what is kept."""
    for step in STEPS:
        if step.path.endswith("/erase"):
            await passed(client.app.state.services)
        if step.path.startswith("/v1/book-runs"):
            services = client.app.state.services
            with acting("loop:books"):
                await Shop(services.database, services.clock).work()
        if "@slot" in str(step.body):
            slots = (await client.as_(step.who).get("/v1/customers/C-1/callback-slots")).json()["slots"]
            names["slot"], names["later"] = slots[-2]["starts_at"], slots[-1]["starts_at"]
        if "@off_chat" in step.path:
            names["off_chat"] = await offer_of_chat(client.app.state.services)
        answer = await sent(client, names, step)
        assert answer.status_code < 300, f"{step.route}: {answer.status_code} {answer.text}"
        names.update({name: answer.json()[member] for name, member in step.keeps.items()})
        yield step, answer


async def offer_of_chat(services: Services) -> str:
    """The one that is open, as the stream tells the desk."""
    async with services.database.reading() as session:
        sql = "SELECT id FROM offers WHERE state = 'open' AND channel = 'chat'"
        return encode("off", await session.fetch_value(sql))


async def sent(client: Client, names: Names, step: Step) -> Response:
    path = named(step.path, names)
    if step.content is not None:
        kind = "application/x-ndjson" if step.content.startswith(b"{") else "text/csv"
        headers = {"Content-Type": kind}
        return await client.as_(step.who).request(step.method, path, content=step.content, headers=headers)
    body = {} if step.body is None else {"json": filled(step.body, names)}
    return await client.as_(step.who).request(step.method, path, **body)
