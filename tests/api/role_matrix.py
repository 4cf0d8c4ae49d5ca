"""Who may do what, in one table: what a review looks at when a grant changes.

A route that is missing here, or differs from the code, fails `test_role_matrix.py`. `PUBLIC` needs no credentials.
Five tables: `GRANTS` and `REACH` for routes, `TOPICS` and `MESSAGES` for the stream, `CREDENTIALS` for what people
bring. The tests walk the application's routes and are made from these tables; `make doors` counts them.
"""

from __future__ import annotations

from typing import Final

PUBLIC: Final = ""

STAFF = "advisor lead supervisor admin auditor"
READERS = "advisor lead supervisor admin auditor control_center"
ASKERS = "advisor lead supervisor control_center customer"
"""A customer reaches their own alone, on every route that grants it: `test_customer_tokens.py` asks them all."""

GRANTS: dict[str, str] = {
    # the browser's pages, health
    "GET /": PUBLIC,
    "GET /assets/{path:path}": PUBLIC,
    "GET /avatars/{name}": PUBLIC,
    "GET /v1/openapi.json": PUBLIC,
    "GET /livez": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": PUBLIC,
    # signing in, accounts, keys
    "POST /v1/sessions": PUBLIC,
    "GET /v1/sessions/current": STAFF,
    "DELETE /v1/sessions/current": STAFF,
    "DELETE /v1/sessions": STAFF,
    "GET /v1/sign-in": PUBLIC,
    "GET /v1/oidc/sign-in": PUBLIC,
    "GET /v1/oidc/callback": PUBLIC,  # the code, and the state in the browser's cookie, are the credential
    "POST /v1/oidc/logout": PUBLIC,  # signed by the identity provider
    "POST /v1/accounts": "admin",
    "GET /v1/accounts": "admin auditor",
    "GET /v1/accounts/{account_id}": "admin auditor",
    "PATCH /v1/accounts/{account_id}": "admin",
    "POST /v1/machine-keys": "admin",
    "GET /v1/machine-keys": "admin auditor",
    "POST /v1/machine-keys/{key_id}/rotate": "admin",
    "GET /v1/machine-keys/{key_id}": "admin auditor",
    "DELETE /v1/machine-keys/{key_id}": "admin",
    "POST /v1/signing-keys": "admin",
    "GET /v1/signing-keys": "admin auditor",
    "GET /v1/signing-keys/{key_id}": "admin auditor",
    "DELETE /v1/signing-keys/{key_id}": "admin",
    # the switch
    "POST /v1/telephony/calls": "telephony",
    "GET /v1/telephony/calls/{call_id}": "telephony",
    "POST /v1/telephony/calls/{call_id}/events": "telephony",
    "GET /v1/telephony/calls/{call_id}/wait": "telephony",
    "POST /v1/telephony/dials/claim": "telephony",
    "POST /v1/telephony/dials/{token}/events": "telephony",
    "POST /v1/telephony/registrations": "telephony",
    # customers and their advisor
    "PUT /v1/customers/{external_ref}": "supervisor admin control_center",
    "GET /v1/customers/{external_ref}": "supervisor auditor control_center",
    "POST /v1/customers/{external_ref}/token": "control_center",
    "POST /v1/customers/{external_ref}/advisor": ASKERS,
    "GET /v1/customers/{external_ref}/advisor": "advisor lead supervisor auditor control_center customer",
    "POST /v1/customers/{external_ref}/advisor/change": ASKERS,
    "DELETE /v1/customers/{external_ref}/advisor": "supervisor control_center customer",
    "GET /v1/customers/{external_ref}/advisor/history": "supervisor auditor control_center",
    # promises
    "GET /v1/customers/{external_ref}/callback-slots": ASKERS,
    "POST /v1/customers/{external_ref}/callbacks": ASKERS,
    "GET /v1/customers/{external_ref}/callbacks": ASKERS,
    "POST /v1/customers/{external_ref}/callbacks/{callback_id}/move": ASKERS,
    "POST /v1/customers/{external_ref}/callbacks/{callback_id}/cancel": ASKERS,
    "GET /v1/callback-answers/{token}": PUBLIC,  # the mark in the link is the credential
    "POST /v1/callback-answers/{token}": PUBLIC,
    "GET /v1/callbacks/ledger": "advisor lead supervisor admin auditor",
    "GET /v1/callbacks/ledger/promises": "lead supervisor auditor",
    "GET /v1/callbacks/{callback_id}/history": "lead supervisor auditor",
    # chats, and whatever else is written
    "POST /v1/customers/{external_ref}/chats": "control_center customer",
    "GET /v1/customers/{external_ref}/chats/{chat_id}": "control_center customer",
    "GET /v1/customers/{external_ref}/chats/{chat_id}/messages": "control_center customer",
    "POST /v1/customers/{external_ref}/chats/{chat_id}/messages": "control_center customer",
    "POST /v1/customers/{external_ref}/chats/{chat_id}/choose": "control_center customer",
    "POST /v1/customers/{external_ref}/chats/{chat_id}/leave": "control_center customer",
    "GET /v1/desk/inbox": "advisor lead",
    "POST /v1/offers/{offer_id}/accept": "advisor lead",
    "GET /v1/contacts/{contact_id}/thread": "advisor lead supervisor",
    "POST /v1/contacts/{contact_id}/messages": "advisor lead",
    "POST /v1/contacts/{contact_id}/end": "advisor lead",
    "POST /v1/contacts/{contact_id}/hand-over": "advisor lead",
    # the desk
    "GET /v1/desk": "advisor lead",
    "PUT /v1/desk/presence": "advisor lead",
    "POST /v1/desk/heartbeat": "advisor lead",
    "POST /v1/offers/{offer_id}/reject": "advisor lead",
    "POST /v1/contacts/{contact_id}/wrap-up": "advisor lead",
    "GET /v1/contacts/{contact_id}": "advisor lead supervisor auditor",
    "GET /v1/offers/{offer_id}": "advisor lead supervisor",
    "GET /v1/customers/{external_ref}/remarks": "advisor lead supervisor",
    "PUT /v1/customers/{external_ref}/remarks": "advisor lead",
    "GET /v1/notes": "advisor lead",
    "POST /v1/notes/{note_id}/read": "advisor lead",
    # the stream
    "POST /v1/stream/tickets": "advisor lead supervisor admin",
    "WS /v1/stream": PUBLIC,  # the ticket in the first frame is the credential
    "GET /v1/directory": "advisor lead supervisor admin",
    "GET /v1/figures": "advisor lead supervisor admin",
    # files
    "POST /v1/imports/customers": "admin control_center",
    "POST /v1/imports/advisors": "admin",
    "POST /v1/imports/numbers": "admin",
    "POST /v1/activations": "supervisor control_center",
    # advisors and their absences
    "POST /v1/advisors": "admin",
    "GET /v1/advisors": STAFF,
    "GET /v1/advisors/{advisor_id}": STAFF,
    "PUT /v1/advisors/{advisor_id}": "admin",
    "POST /v1/advisors/{advisor_id}/leaving": "supervisor admin",
    "DELETE /v1/advisors/{advisor_id}/leaving": "supervisor admin",
    "POST /v1/advisors/{advisor_id}/hand-over": "supervisor admin",
    "POST /v1/advisors/{advisor_id}/absences": "advisor lead supervisor",
    "GET /v1/advisors/{advisor_id}/absences": "advisor lead supervisor",
    "GET /v1/advisors/{advisor_id}/absences/preview": "advisor lead supervisor",
    "POST /v1/advisors/{advisor_id}/calendar-feed": "advisor lead",
    "DELETE /v1/advisors/{advisor_id}/calendar-feed": "advisor lead",
    "GET /v1/advisors/{advisor_id}/calendars/{token}/callbacks.ics": PUBLIC,  # the secret in it is the credential
    "GET /v1/absences/{absence_id}": "advisor lead supervisor",
    "POST /v1/absences/{absence_id}/approve": "lead supervisor",
    "POST /v1/absences/{absence_id}/decline": "lead supervisor",
    "POST /v1/absences/{absence_id}/cancel": "advisor lead supervisor",
    # the whole book
    "POST /v1/book-runs": "supervisor admin",
    "GET /v1/book-runs": "supervisor admin auditor",
    "GET /v1/book-runs/{run_id}": "supervisor admin auditor",
    "GET /v1/book-runs/{run_id}/moves": "supervisor admin auditor",
    "GET /v1/book-runs/{run_id}/books": "supervisor admin auditor",
    "GET /v1/book-runs/{run_id}/skills": "supervisor admin auditor",
    "POST /v1/book-runs/{run_id}/apply": "supervisor admin",
    "POST /v1/book-runs/{run_id}/undo": "supervisor admin",
    "POST /v1/book-runs/{run_id}/discard": "supervisor admin",
    # the company
    "POST /v1/desk-groups": "admin",
    "GET /v1/desk-groups": STAFF,
    "GET /v1/desk-groups/{group_id}": STAFF,
    "PUT /v1/desk-groups/{group_id}": "admin",
    "POST /v1/markets/{market_id}/policies/preview": "supervisor admin",
    "POST /v1/markets/{market_id}/policies/{version}/withdraw": "admin",
    "GET /v1/desk-groups/{group_id}/expected-wait": READERS,
    "GET /v1/advisors/{advisor_id}/expected-wait": READERS,
    "GET /v1/customers/{external_ref}/advisor/expected-wait": (
        "advisor lead supervisor auditor control_center customer"
    ),
    "GET /v1/markets": READERS,
    "GET /v1/markets/{market_id}": READERS,
    "PUT /v1/markets/{market_id}": "admin",
    "GET /v1/markets/{market_id}/policy": READERS,
    "GET /v1/markets/{market_id}/policies": READERS,
    "POST /v1/markets/{market_id}/policies": "supervisor admin",
    "GET /v1/markets/{market_id}/closures": READERS,
    "POST /v1/markets/{market_id}/closures": "supervisor admin",
    "GET /v1/closures/{closure_id}": READERS,
    "DELETE /v1/closures/{closure_id}": "supervisor admin",
    "POST /v1/markets/{market_id}/numbers": "admin",
    "GET /v1/markets/{market_id}/numbers": "supervisor admin auditor",
    "GET /v1/markets/{market_id}/number-pool": "supervisor admin auditor",
    "GET /v1/sites": READERS,
    "GET /v1/sites/{site_id}": READERS,
    "POST /v1/sites": "admin",
    "PUT /v1/sites/{site_id}": "admin",
    "GET /v1/products": "supervisor admin auditor control_center",
    "GET /v1/products/{product_id}": "supervisor admin auditor control_center",
    "PUT /v1/products/{product_id}": "admin",
    # why it was decided so
    "GET /v1/audit": "admin auditor",
    # messages out
    "GET /v1/messages": "supervisor admin auditor",
    "POST /v1/messages/{message_id}/retry": "admin",
    # webhooks
    "POST /v1/webhooks": "admin control_center",
    "GET /v1/webhooks": "admin auditor control_center",
    "GET /v1/webhooks/{webhook_id}": "admin auditor control_center",
    "PUT /v1/webhooks/{webhook_id}": "admin control_center",
    "DELETE /v1/webhooks/{webhook_id}": "admin control_center",
    "POST /v1/webhooks/{webhook_id}/rotate": "admin control_center",
    "POST /v1/webhooks/{webhook_id}/pause": "admin control_center",
    "POST /v1/webhooks/{webhook_id}/resume": "admin control_center",
    "POST /v1/webhooks/{webhook_id}/test": "admin control_center",
    "GET /v1/webhooks/{webhook_id}/deliveries": "admin auditor control_center",
    "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": "admin control_center",
    "POST /v1/webhooks/{webhook_id}/replay": "admin control_center",
    # what is kept of a person
    "GET /v1/customers/{external_ref}/export": "admin auditor control_center",
    "POST /v1/customers/{external_ref}/erase": "supervisor admin auditor control_center",
    "GET /v1/erasures": "admin auditor",
    "POST /v1/erasures/{erasure_id}/approve": "admin auditor",
    "POST /v1/erasures/{erasure_id}/decline": "admin auditor",
    "GET /v1/sessions/current/export": STAFF,
    "GET /v1/decisions/{decision_id}": "lead supervisor admin auditor control_center",
}
"""Method and path → roles and scopes that may."""

REACH: dict[str, dict[str, str]] = {
    "GET /v1/contacts/{contact_id}": {
        "advisor": "own group",
        "lead": "own group led",
        "supervisor": "all",
        "auditor": "all",
    },
    "GET /v1/contacts/{contact_id}/thread": {"advisor": "own group", "lead": "own group led", "supervisor": "all"},
    "POST /v1/contacts/{contact_id}/messages": {"advisor": "own", "lead": "own"},
    "POST /v1/contacts/{contact_id}/end": {"advisor": "own", "lead": "own"},
    "POST /v1/contacts/{contact_id}/hand-over": {"advisor": "own", "lead": "own"},
    "POST /v1/offers/{offer_id}/accept": {"advisor": "own", "lead": "own"},
    "POST /v1/contacts/{contact_id}/wrap-up": {"advisor": "own", "lead": "own"},
    "POST /v1/offers/{offer_id}/reject": {"advisor": "own", "lead": "own"},
    "GET /v1/offers/{offer_id}": {"advisor": "own", "lead": "own led", "supervisor": "all"},
    "POST /v1/notes/{note_id}/read": {"advisor": "own", "lead": "own"},
    "POST /v1/advisors/{advisor_id}/absences": {"advisor": "own", "lead": "own led", "supervisor": "all"},
    "GET /v1/advisors/{advisor_id}/absences": {"advisor": "own", "lead": "own led", "supervisor": "all"},
    "GET /v1/absences/{absence_id}": {"advisor": "own", "lead": "own led", "supervisor": "all"},
    "POST /v1/absences/{absence_id}/approve": {"lead": "led", "supervisor": "all"},
    "POST /v1/absences/{absence_id}/decline": {"lead": "led", "supervisor": "all"},
    "POST /v1/absences/{absence_id}/cancel": {"advisor": "own", "lead": "own led", "supervisor": "all"},
}
"""Where a grant goes only part of the way: one's own, of the own desk group, of the groups that one leads, all.
Nobody approves their own absence. Everything else in `GRANTS` reaches as far as the company does."""

TOPICS: dict[str, str] = {
    "me": "advisor lead supervisor admin",  # of those who are advisors
    "desk:own": "advisor lead supervisor admin",
    "desk:led": "lead supervisor admin",
    "desk:other": "supervisor admin",
    "market:DE": "supervisor admin",
    "all": "supervisor admin",
    "all things": "",  # no topic of ours is nobody's
    "me:adv": "",  # a topic as it is called inside
}
"""Topic of the stream → roles that may listen to it, with `subscribe` and with `resume`. Whoever names one that is
not for them hears nothing of the others either: the stream ends with 1008. An auditor watches nobody at work and
gets no ticket; machines get none."""

MESSAGES: dict[str, tuple[str, str]] = {
    "hello": ("in", "1008"),
    "subscribe": ("1008", "snapshot"),
    "resume": ("1008", "resumed"),
    "shout": ("1008", "1008"),
    "nothing at all": ("1008", "1008"),
}
"""What a client says → what comes of it as the first frame, and after a `hello` that was let in."""

CREDENTIALS: dict[str, str] = {
    "a sign-in": "bearer cookie",
    "a customer's token": "bearer",
    "a machine key": "bearer cookie",
    "an access token for us": "bearer",
    "a ticket": "hello",
    "a ticket that was used": "",
    "a ticket of half a minute ago": "",
    "an ended sign-in": "",
    "an expired sign-in": "",
    "a revoked key": "",
    "an expired key": "",
    "a key that was rotated without grace": "",
    "a customer's token that is over": "",
    "a customer's token, asked for with a revoked key": "",
    "a customer's token for another audience": "",
    "a customer's token that somebody else signed": "",
    "an access token for another audience": "",
    "an access token of another issuer": "",
    "an access token that is over": "",
    "an access token with another's signature": "",
    "an access token without a signature": "",
    "an access token signed with the public key as a secret": "",
    "an ID token": "",
    "a logout token": "",
    "the state of a sign-in under way": "",
    "the cursor of a list": "",
    "a guess": "",
}
"""What people bring → where it opens: `bearer` and `cookie` at the routes of its grants, `hello` at the stream."""
