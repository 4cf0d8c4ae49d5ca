"""Conditions, keys and tokens: what is sent about versions, and what customers and their control centers send."""

from __future__ import annotations

# ruff: noqa: E501 - tables, a row per line
from tests.nasty.rows import CANARY, NOTHING, asked, at

STALE = '"AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAA"'
SITE = {"name": "Berlin", "time_zone": "Europe/Berlin"}
SENT = {
    "no version": (None, "428 precondition-required /header/if-match:missing"),
    "a version of nothing": (STALE, "412 precondition-failed"),
    "a weak version": (f"W/{STALE}", "412 precondition-failed"),
    "many versions": (", ".join([STALE] * 50), "412 precondition-failed"),
    "a version that is a word": (CANARY, "400 precondition-unreadable /header/if-match:unreadable"),
    "a version without an end": (f'"{CANARY}', "400 precondition-unreadable /header/if-match:unreadable"),
    "a version with a quote inside": ('"a"b"', "400 precondition-unreadable /header/if-match:unreadable"),
    "an empty version": ("", "400 precondition-unreadable /header/if-match:unreadable"),
    "a version and anything": (f"*, {STALE}", "400 precondition-unreadable /header/if-match:unreadable"),
    "a version of kilobytes": (f'"{"x" * 20_000}"', "412 precondition-failed"),
    "a version in other letters": ('"ä"'.encode("latin-1"), "412 precondition-failed"),
}
CONDITIONS = [
    row
    for name, (value, wanted) in SENT.items()
    for who, request, body in (
        ("admin", "PUT /v1/sites/@berlin", SITE),
        ("admin", "PATCH /v1/accounts/@frieda", {"name": "Friederike"}),
        ("supervisor", "POST /v1/absences/@abs_carl/decline", NOTHING),
        ("admin", "DELETE /v1/advisors/@anna/leaving", NOTHING),
        ("admin", "PUT /v1/markets/DE", {"name": "Germany", "phone_region": "DE", "time_zone": "Europe/Berlin", "languages": ["de"], "opening_hours": {}}),
        ("admin", "PUT /v1/products/hosting", {"name": "Hosting", "skill": "hosting"}),
        ("supervisor", "POST /v1/markets/DE/policies", {"rules": {}}),
    )
    for row in at(who, request, {name: (body, wanted)}, headers={"If-Match": value})
]  # fmt: skip

OPTIONAL = [
    *at("control_center", "PUT /v1/customers/K-1", {"of a version that was": ({"market": "DE"}, "412 precondition-failed")}, headers={"If-Match": STALE}),
    *at("control_center", "PUT /v1/customers/K-99", {"of a version that never was": ({"market": "DE"}, "412 precondition-failed")}, headers={"If-Match": "*"}),
    *at("control_center", "PUT /v1/customers/K-1", {"only if it is new": ({"market": "DE"}, "412 precondition-failed")}, headers={"If-None-Match": "*"}),
    *at("supervisor", "DELETE /v1/closures/@clo", {"of a version that was": (NOTHING, "412 precondition-failed")}, headers={"If-Match": STALE}),
    *at("admin", "DELETE /v1/machine-keys/@key", {"of a version that was": (NOTHING, "412 precondition-failed")}, headers={"If-Match": STALE}),
    *at("admin", "PUT /v1/sites/@nord", {"id of a group before its version": (SITE, "404 not-found")}, headers={"If-Match": STALE}),
    *at("anna", "POST /v1/absences/@abs_ben/cancel", {"somebody else's before its version": (NOTHING, "404 not-found")}, headers={"If-Match": None}),
    *at("admin", "GET /v1/sites/@berlin", {"if it is not nonsense": (NOTHING, "400 precondition-unreadable /header/if-none-match:unreadable")}, headers={"If-None-Match": CANARY}),
    *at("admin", "GET /v1/sites/@berlin", {"if it is newer than never": (NOTHING, "200")}, headers={"If-Modified-Since": "Thu, 32 Foo 2026 99:99:99 GMT", "If-Unmodified-Since": CANARY}),
    *at("admin", "GET /v1/sites/@berlin", {"a part of it": (NOTHING, "200")}, headers={"Range": "bytes=-9999999999999999999,0-0,0-0"}),
    *at("admin", "GET /v1/sites", {"a part of many parts": (NOTHING, "200")}, headers={"Range": "bytes=" + ",".join("0-" for _ in range(2000))}),
    *at("admin", "GET /v1/sites", {"in a language and a form that nobody writes": (NOTHING, "200")}, headers={"Accept": "application/x-klingon;q=2", "Accept-Language": "*;q=nan", "Accept-Encoding": "gzip;q=-1"}),
    *at("admin", "PUT /v1/sites/@berlin", {"by another method": (SITE, "428 precondition-required")}, headers={"X-HTTP-Method-Override": "DELETE", "If-Match": None}),
]  # fmt: skip

ED = {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}
SIGNING_KEYS = [
    *at("admin", "POST /v1/signing-keys", {
        "key that is none": ({"public_key": None}, "422 invalid /public_key:not_an_object"),
        "key as a text": ({"public_key": CANARY}, "422 invalid /public_key:not_an_object"),
        "key of no kind": ({"public_key": {}}, "422 invalid /public_key:union_tag_not_found"),
        "key of another kind": ({"public_key": {"kty": CANARY}}, "422 invalid /public_key:union_tag_invalid"),
        "key that is private": ({"public_key": {**ED, "d": CANARY}}, "422 invalid /public_key/OKP/d:unknown_field"),
        "key of another curve": ({"public_key": {**ED, "crv": "Ed448"}}, "422 invalid /public_key/OKP/crv:literal_error"),
        "key with a line end": ({"public_key": {**ED, "x": "A" * 42 + "\n"}}, "422 invalid /public_key/OKP/x:string_pattern_mismatch"),
        "point that is not on the curve": ({"public_key": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "B" * 43}}, "422 bad-signing-key /public_key:unreadable"),
        "client with a space": ({"client": f"{CANARY} 1"}, "422 invalid /client:string_pattern_mismatch"),
        "name in words": ({"kid": "my key"}, "422 invalid /kid:string_pattern_mismatch"),
        "name of ours": ({"kid": "own"}, "409 kid-taken /kid:taken"),
        "over before it began": ({"expires_at": "2026-11-23T09:00:00Z"}, "422 bad-signing-key /expires_at:in_the_past"),
        "and a scope": ({"scopes": ["telephony"]}, "422 invalid /scopes:unknown_field"),
    }, base={"client": "portal", "public_key": ED}),
    *asked("admin", {
        "GET /v1/signing-keys/@key": "404 not-found",
        "DELETE /v1/signing-keys/sig_01J00000000000000000000000": "404 not-found",
        "GET /v1/signing-keys?after=@cursor": "400 bad-cursor /query/after:bad_cursor",
        "GET /v1/sites/@anna": "404 not-found",
        "GET /v1/products/yachts": "404 not-found",
        "GET /v1/closures/@dec": "404 not-found",
        "GET /v1/accounts/@key": "404 not-found",
        "GET /v1/machine-keys/@frieda": "404 not-found",
    }),
    *asked("supervisor", {"GET /v1/absences/@anna": "404 not-found"}),
    *asked("anna", {"GET /v1/absences/@abs_carl": "404 not-found"}),
]  # fmt: skip

CUSTOMERS = [
    *at("customer", "POST /v1/customers/K-1/advisor", {
        "on behalf of oneself": ({"on_behalf_by": "@anna"}, "422 not-yours-to-say"),
        "by another channel": ({"channel": "phone"}, "422 not-yours-to-say"),
    }),
    *asked("customer", {
        "GET /v1/customers/K-2/advisor": "404 not-found",
        "GET /v1/customers/k-1/advisor": "404 not-found",
        "GET /v1/customers/K-1%2Fadvisor/advisor": "404 not-found",
        "GET /v1/customers/K-1": "403 forbidden",
        "GET /v1/customers/K-2": "403 forbidden",
        "POST /v1/customers/K-1/token": "403 forbidden",
        "GET /v1/customers/K-1/advisor/history": "403 forbidden",
        "POST /v1/customers/K-1/callbacks/@cb_K-2/cancel": "422 invalid :missing",
    }),
    *asked("control_center", {"POST /v1/customers/nobody/token": "404 not-found", "POST /v1/customers/../token": "404 not-found"}),
    *[
        row
        for name, token in {"of nothing": "..", "of spaces": ". .", "of letters": "a.b.c", "of kilobytes": f"{'a' * 5000}.{'b' * 5000}.c", "of braces": "e30.e30.", "of no algorithm": "eyJhbGciOiJub25lIn0.e30."}.items()  # pragma: allowlist secret
        for row in at(None, "GET /v1/customers/K-1/advisor", {f"a token {name}": (NOTHING, "401 unauthorized")}, headers={"Authorization": f"Bearer {token}"})
    ],
    *at(None, "GET /v1/customers/K-1/advisor?token=a.b.c", {"a token in the address": (NOTHING, "401 unauthorized")}),
    *at(None, "GET /v1/customers/K-1/advisor", {"a token in a cookie": (NOTHING, "401 unauthorized")}, headers={"Cookie": "durchwahl_session=a.b.c"}),
]  # fmt: skip

ROWS = [*CONDITIONS, *OPTIONAL, *SIGNING_KEYS, *CUSTOMERS]
