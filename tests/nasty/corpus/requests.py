"""What is wrong before anybody has looked at the body: paths, ids, methods, queries, headers, keys."""

from __future__ import annotations

# ruff: noqa: E501 - tables, a row per line
from tests.nasty.rows import CANARY, NOTHING, asked, at

PATHS = [
    *asked("admin", {
        f"GET /v1/{CANARY}": "404 not-found",
        "GET /v1/accounts/": "404 not-found",
        "GET /v1//accounts": "404 not-found",
        "GET /V1/accounts": "404 not-found",
        "GET /v1/accounts/..%2f..%2fetc%2fpasswd": "404 not-found",  # pragma: allowlist secret
        "GET /v1/markets/DE%00": "404 not-found",
        "GET /v1/markets/D%0AE": "404 not-found",
        "GET /v1/markets/%C2%85": "404 not-found",
        "GET /v1/markets/%F0%9F%98%80": "404 not-found",
        "GET /v1/markets/' OR 1=1": "404 not-found",
        "GET /v1/markets/ＤＥ": "404 not-found",
        "GET /v1/markets/de/policy": "404 not-found",
        "GET /v1/markets/AT/closures": "404 not-found",
        "GET /v1/markets/AT/number-pool": "404 not-found",
        "GET /v1/advisors/@nord": "404 not-found",
        "GET /v1/advisors/adv_": "404 not-found",
        "GET /v1/advisors/adv_01J0000000000000000000000O": "404 not-found",
        "GET /v1/advisors/adv_81J00000000000000000000000": "404 not-found",
        "GET /v1/advisors/ADV_01J00000000000000000000000": "404 not-found",
        "GET /v1/advisors/adv_01J00000000000000000000000_": "404 not-found",
        "GET /v1/desk-groups/@anna": "404 not-found",
        "GET /v1/decisions/@con_over": "404 not-found",
        "GET /v1/decisions/1": "404 not-found",
        "GET /v1/decisions/dec_01J00000000000000000000000": "404 not-found",
        "DELETE /v1/closures/@clo0": "404 not-found",
        "DELETE /v1/machine-keys/@frieda": "404 not-found",
        "DELETE /v1/advisors/@nord/leaving": "404 not-found",
    }),
    *asked("control_center", {
        "GET /v1/customers/nobody": "404 not-found",
        "GET /v1/customers/-": "404 not-found",
        "GET /v1/customers/K%2F1": "404 not-found",
        "GET /v1/customers/" + "K" * 65: "404 not-found",
        "GET /v1/customers/" + "K" * 10_000: "404 not-found",
        "GET /v1/customers/@K-1": "404 not-found",
        "GET /v1/customers/K-8/advisor": "404 no-advisor",
        "DELETE /v1/customers/K-8/advisor": "404 no-advisor",
        "DELETE /v1/customers/nobody/advisor": "404 not-found",
        "GET /v1/customers/nobody/callback-slots": "404 not-found",
        "GET /v1/customers/nobody/callbacks": "404 not-found",
        "GET /v1/customers/K-1/callbacks?ended=perhaps": "422 invalid /query/ended:bool_parsing",
    }),
    *asked("telephony", {
        "GET /v1/telephony/calls/nobody": "404 unknown-call",
        "GET /v1/telephony/calls/nobody/wait?for_s=0": "404 unknown-call",
        "GET /v1/telephony/calls/%F0%9F%93%9E": "404 not-found",
        "GET /v1/telephony/calls/" + "x" * 201: "404 not-found",
    }),
    *at("telephony", "POST /v1/telephony/calls/" + "".join(chr(33 + n * 7 % 90) for n in range(9000)).replace("/", "-").replace("?", "-").replace("#", "-").replace("%", "-") + "/events", {"call id of a page": ({"type": "hangup"}, "404 not-found")}),
    *at("telephony", "POST /v1/telephony/calls/nobody/events", {"event of an unknown call": ({"type": "hangup"}, "404 unknown-call")}, keeps=("switch_events",)),
    *at("control_center", "POST /v1/customers/K-1/callbacks/@cb_K-2/cancel", {"promise to somebody else": ({}, "404 not-found")}),
    *at("control_center", "POST /v1/customers/nobody/callbacks", {"promise to nobody": ({"slot_starts_at": "2026-11-24T10:00:00+01:00"}, "404 not-found")}),
]  # fmt: skip

METHODS = [
    *asked("admin", {
        "PUT /v1/accounts": "405 method-not-allowed",
        "TRACE /v1/accounts": "405 method-not-allowed",
        "OPTIONS /v1/customers/K-1": "405 method-not-allowed",
        "PATCH /v1/markets/DE": "405 method-not-allowed",
        "DELETE /v1/desk-groups/@nord": "405 method-not-allowed",
        "GET /v1/activations": "405 method-not-allowed",
        "PROPFIND /v1/sites": "405 method-not-allowed",
        "POST /livez": "405 method-not-allowed",
        "GET /v1/stream": "404 not-found",
    }),
    *asked("telephony", {"PUT /v1/telephony/calls": "405 method-not-allowed"}),
]  # fmt: skip

QUERIES = asked("admin", {
    "GET /v1/markets/DE/policies?limit=0": "422 invalid /query/limit:greater_than_equal",
    "GET /v1/markets/DE/policies?after=7": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/accounts?limit=0": "422 invalid /query/limit:greater_than_equal",
    "GET /v1/accounts?limit=-1": "422 invalid /query/limit:greater_than_equal",
    "GET /v1/accounts?limit=201": "422 invalid /query/limit:less_than_equal",
    "GET /v1/accounts?limit=99999999999999999999": "422 invalid /query/limit:less_than_equal",
    "GET /v1/accounts?limit=ten": "422 invalid /query/limit:int_parsing",
    "GET /v1/accounts?limit=1e1": "422 invalid /query/limit:int_parsing",
    "GET /v1/accounts?limit=%D9%A1": "422 invalid /query/limit:int_parsing",
    "GET /v1/accounts?limit=": "422 invalid /query/limit:int_parsing",
    "GET /v1/accounts?after=": "200",
    "GET /v1/accounts?limit=1&limit=2": "400 bad-request /query:duplicate_parameter",
    "GET /v1/accounts?limit=1&li%6Dit=1": "400 bad-request /query:duplicate_parameter",
    "GET /v1/accounts?after=&&after=": "400 bad-request /query:duplicate_parameter",
    "GET /v1/accounts?limit=-0": "422 invalid /query/limit:greater_than_equal",
    "GET /v1/accounts?limit=1.0": "200",
    "GET /v1/accounts?limit=0x10": "422 invalid /query/limit:int_parsing",
    "GET /v1/accounts?limit=1;after=2": "422 invalid /query/limit:int_parsing",
    "GET /v1/accounts?limit=%20%31": "200",
    "GET /v1/accounts?limit[]=1": "200",
    "GET /v1/accounts?" + "&".join(f"p{n}=1" for n in range(2000)): "200",
    "GET /v1/accounts?after=2" + "A" * 60: "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/accounts?after=@cursor!": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/accounts?x=1&after=@cursor": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/accounts?nobody=knows": "200",
    f"GET /v1/accounts?after={CANARY}": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/accounts?after=AAAA": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/accounts?after=%3D%3D%3D": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/accounts?after=%F0%9F%98%80": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/accounts?after=" + "A" * 1001: "422 invalid /query/after:string_too_long",
    "GET /v1/accounts?after=a%00b": "422 unsafe-text /query:nul",
    "GET /v1/accounts?after=%1b": "422 unsafe-text /query:control_character",
    "GET /v1/accounts?after=%ff": "400 bad-request /query:not_utf8",
    "GET /v1/accounts?after=%ed%a0%80": "400 bad-request /query:not_utf8",
    "GET /v1/accounts?%00=1": "422 unsafe-text /query:nul",
    "GET /v1/machine-keys?after=@cursor": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/advisors?after=@cursor": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/markets/DE/numbers?after=@cursor": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/markets/DE/numbers?state=lost": "422 invalid /query/state:literal_error",
    "GET /v1/advisors?desk_group=Nord": "404 not-found",
    "GET /v1/advisors?desk_group=grp_01J00000000000000000000000": "404 not-found",
    "GET /v1/advisors?desk_group=@anna": "404 not-found",
    "GET /v1/audit?since=2026-11-23T00:00:00": "422 invalid /query/since:no_time_zone",
    "GET /v1/audit?until=never": "422 invalid /query/until:datetime_from_date_parsing",
    "GET /v1/audit?after=@cursor": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/audit?subject=%25": "422 invalid /query/subject:string_pattern_mismatch",
    "GET /v1/audit?actor=" + "a" * 101: "422 invalid /query/actor:string_too_long",
    "GET /v1/audit?action=": "422 invalid /query/action:string_pattern_mismatch",
    "GET /v1/audit?subject=nobody": "200",
    "GET /v1/erasures?state=forgotten": "422 invalid /query/state:literal_error",
    "GET /v1/erasures?after=@cursor": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/messages?state=lost": "422 invalid /query/state:literal_error",
    "GET /v1/messages?after=@cursor": "400 bad-cursor /query/after:bad_cursor",
    "GET /v1/messages?recipient=K-1": "422 invalid /query/recipient:string_pattern_mismatch",
    "GET /v1/messages?recipient=cus_81J00000000000000000000000": "422 invalid /query/recipient:string_pattern_mismatch",
    "POST /v1/messages/@msg_sent/retry": "409 illegal-transition",
    "POST /v1/messages/@anna/retry": "404 not-found",
    "POST /v1/messages/msg_01J00000000000000000000000/retry": "404 not-found",
    "GET /v1/customers/nobody/export": "404 not-found",
    "POST /v1/erasures/@anna/approve": "404 not-found",
    "POST /v1/erasures/era_01J00000000000000000000000/decline": "404 not-found",
    "GET /v1/figures": "422 invalid /query/since:missing",
    "GET /v1/figures?since=2026-11-23T00:00:00": "422 invalid /query/since:no_time_zone",
    "GET /v1/figures?since=1795392000": "422 invalid /query/since:datetime_type",
    "GET /v1/figures?since=2020-01-01T00:00:00Z": "422 too-far-back /query/since:too_far_back",
    "GET /v1/figures?since=9999-12-31T23:59:59Z": "422 invalid /query/since:out_of_range",
})  # fmt: skip

TYPES = [
    *[
        row
        for content_type in (
            None,
            "text/plain",
            "text/json",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=utf-16",
            "application/json, text/plain",
            "application/x-ndjson",
            "application/jsonp",
            CANARY,
        )
        for row in at(
            "control_center",
            "PUT /v1/customers/K-9",
            {f"as {content_type}": (b'{"market": "DE"}', "415 unsupported-media-type")},
            headers={"Content-Type": content_type},
        )
    ],
    *at("telephony", "POST /v1/telephony/calls", {"as XML": (b"<call/>", "415 unsupported-media-type")}, headers={"Content-Type": "application/xml"}),
    *at("telephony", "POST /v1/telephony/calls", {"as parts": (b"--x\r\n", "415 unsupported-media-type")}, headers={"Content-Type": "multipart/form-data; boundary=x"}),
    *at("control_center", "PUT /v1/customers/K-9", {"compressed": (b"\x1f\x8b\x08\x00", "415 unsupported-media-type")}, headers={"Content-Encoding": "gzip"}),
    *at("control_center", "PUT /v1/customers/K-9", {"said to be compressed": ({"market": "DE"}, "415 unsupported-media-type")}, headers={"Content-Encoding": "br, gzip"}),
    *at("control_center", "PUT /v1/customers/K-8", {"as it is": ({"market": "DE"}, "200")}, headers={"Content-Encoding": "identity"}),
    *[
        row
        for content_type, wanted in {
            "application/json;charset=UTF-8": "200",
            'application/json; charset="utf8"': "200",
            "application/json; charset=utf-8; charset=utf-16": "415 unsupported-media-type",
            "application/json; charset=iso-8859-1": "415 unsupported-media-type",
            "application/json; charset=": "415 unsupported-media-type",
            "APPLICATION/JSON": "200",
            "application/merge-patch+json": "200",
            " application/json ": "200",
            "application/json\t;x=y": "200",
        }.items()
        for row in at("control_center", "PUT /v1/customers/K-8", {f"read as {content_type}": (b'{"market": "DE"}', wanted)}, headers={"Content-Type": content_type})
    ],
    *at("control_center", "PUT /v1/customers/K-9", {"longer than it is": (b"{}", "413 too-large")}, headers={"Content-Length": "99999999999999999999"}),
    *at("control_center", "DELETE /v1/customers/K-8/advisor", {"with a large body": (b"x" * 65537, "413 too-large")}),
]  # fmt: skip

AUTHORIZATION: dict[str, str | bytes] = {
    "nothing": "",
    "only the word": "Bearer",
    "two words": f"Bearer {CANARY} {CANARY}",
    "another scheme": "Basic YTpi",
    "a key that never was": f"Bearer dw_control_center_{'A' * 43}",
    "a key with a line end": b"Bearer dw_control_center_" + b"A" * 42 + b"\n",
    "not ASCII": b"Bearer \xff\xfe",
    "50 kilobytes": f"Bearer {'A' * 50_000}",
}
COOKIES: dict[str, str | bytes] = {
    "nothing": "",
    "only a name": "durchwahl_session=",
    "escapes": 'durchwahl_session="\\777\\012"',
    "not ASCII": b"durchwahl_session=\xff\xfe",
    "a canary": f"durchwahl_session={CANARY}; durchwahl_session={CANARY}",
    "a thousand of them": "a=b; " * 1000,
}
CREDENTIALS = [
    row
    for header, values in {"Authorization": AUTHORIZATION, "Cookie": COOKIES}.items()
    for name, value in values.items()
    for row in at(None, "GET /v1/sessions/current", {f"{header}: {name}": (NOTHING, "401 unauthorized")}, headers={header: value})
]  # fmt: skip

ORIGINS = [
    row
    for origin in ("null", "https://elsewhere.example", "http://durchwahl.test.elsewhere.example", "http://[", "durchwahl.test", "http://durchwahl.test:81", "http://a@durchwahl.test", "")
    for row in at(None, "DELETE /v1/sessions/current", {f"cookie from {origin}": (NOTHING, "403 foreign-origin")}, headers={"Cookie": "durchwahl_session=@token", "Origin": origin})
]  # fmt: skip

PROMISE = {"slot_starts_at": "2026-11-24T10:00:00+01:00"}
KEYS = [
    *[
        row
        for name, key, word in (
            ("no key", None, "idempotency-key-missing"),
            ("empty key", "", "idempotency-key-unreadable"),
            ("key of a space", " ", "idempotency-key-unreadable"),
            ("key in two words", f"{CANARY} b", "idempotency-key-unreadable"),
            ("key of 256", "k" * 256, "idempotency-key-unreadable"),
            ("key with an umlaut", "schlüssel".encode(), "idempotency-key-unreadable"),
            ("key with a bell", b"\x07", "idempotency-key-unreadable"),
        )
        for row in at("control_center", "POST /v1/customers/K-1/callbacks", {name: (PROMISE, f"400 {word} /header/idempotency-key:{'missing' if key is None else 'unreadable'}")}, headers={"Idempotency-Key": key})
    ],
    *at("control_center", "POST /v1/customers/K-4/advisor", {"key of an activation, repeated": ({}, "201", {"decision_id": "@dec"}), "key with another body": ({"channel": "phone"}, "422 idempotency-key-reused /header/idempotency-key:reused")}, headers={"Idempotency-Key": "activation"}),
    *at("control_center", "POST /v1/customers/K-1/advisor", {"key of another customer": ({}, "422 idempotency-key-reused")}, headers={"Idempotency-Key": "activation"}),
    *at("control_center", "POST /v1/customers/K-4/advisor?x=1", {"key with another query": ({}, "422 idempotency-key-reused")}, headers={"Idempotency-Key": "activation"}),
    *at("control_center", "POST /v1/customers/K-1/callbacks", {"key of another verb": (PROMISE, "422 idempotency-key-reused")}, headers={"Idempotency-Key": "activation"}),
    *at("admin", "POST /v1/machine-keys", {"no key for a key": ({"name": "x", "scopes": ["operator"]}, "400 idempotency-key-missing")}, headers={"Idempotency-Key": None}),
    *at("admin", "POST /v1/advisors/@anna/hand-over", {"no key for a hand-over": (NOTHING, "400 idempotency-key-missing")}, headers={"Idempotency-Key": None}),
    *at("supervisor", "POST /v1/markets/DE/closures", {"no key for an emergency": ({"kind": "emergency"}, "400 idempotency-key-missing")}, headers={"Idempotency-Key": None}),
    *at("anna", "POST /v1/absences/@abs_anna/cancel", {"no key for an absence": (NOTHING, "400 idempotency-key-missing")}, headers={"Idempotency-Key": None}),
]  # fmt: skip

ROWS = [*PATHS, *METHODS, *QUERIES, *TYPES, *CREDENTIALS, *ORIGINS, *KEYS]
