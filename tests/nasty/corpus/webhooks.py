"""What subscribers send: addresses that lead inside, types that are none, letters that are not dead."""

from __future__ import annotations

# ruff: noqa: E501 - tables, a row per line
from tests.nasty.rows import CANARY, NOTHING, asked, at

HOOK = {"name": "CRM", "url": "https://crm.example/hooks", "types": ["*"]}

SUBSCRIPTIONS = [
    *at("admin", "POST /v1/webhooks", {
        "address of this machine": ({"url": "https://127.0.0.1/"}, "422 bad-webhook /url:address_not_allowed"),
        "address of this machine in six": ({"url": "https://[::1]/"}, "422 bad-webhook /url:address_not_allowed"),
        "address of this machine, wrapped": ({"url": "https://[::ffff:7f00:1]/"}, "422 bad-webhook /url:address_not_allowed"),
        "address of this machine as a number": ({"url": "https://2130706433/"}, "422 bad-webhook /url:unreadable"),
        "address of the cloud": ({"url": "http://169.254.169.254/latest/meta-data/"}, "422 bad-webhook /url:address_not_allowed"),
        "address of the cloud, translated": ({"url": "https://[64:ff9b::a9fe:a9fe]/"}, "422 bad-webhook /url:address_not_allowed"),
        "address of the house": ({"url": "https://10.0.0.7:5432/"}, "422 bad-webhook /url:address_not_allowed"),
        "a file": ({"url": "file:///etc/passwd"}, "422 bad-webhook /url:not_https"),
        "another protocol": ({"url": "gopher://crm.example/"}, "422 bad-webhook /url:not_https"),
        "a script": ({"url": "javascript:alert(1)"}, "422 bad-webhook /url:not_https"),
        "credentials in the address": ({"url": f"https://a:{CANARY}@crm.example/"}, "422 bad-webhook /url:with_credentials"),
        "two hosts in one": ({"url": "https://crm.example\\@10.0.0.1/"}, "422 bad-webhook /url:unreadable"),
        "a line end in the address": ({"url": "https://crm.example/\r\nX-Header: 1"}, "422 bad-webhook /url:unreadable"),
        "a fragment": ({"url": "https://crm.example/#x"}, "422 bad-webhook /url:with_fragment"),
        "a port beyond all ports": ({"url": "https://crm.example:65536/"}, "422 bad-webhook /url:unreadable"),
        "no host": ({"url": "https:///"}, "422 bad-webhook /url:unreadable"),
        "an address of a novel": ({"url": "https://crm.example/" + "x" * 3000}, "422 invalid /url:string_too_long"),
        "no types": ({"types": []}, "422 invalid /types:too_short"),
        "a type that is none": ({"types": ["*", CANARY]}, "422 bad-webhook /types/1:unreadable"),
        "what is told of webhooks": ({"types": ["webhook.*"]}, "422 bad-webhook /types/0:not_for_you"),
        "a market that is not there": ({"markets": ["XX"]}, "422 bad-webhook /markets/0:unknown"),
        "a group that is not there": ({"desk_groups": ["grp_01J00000000000000000000000"]}, "422 bad-webhook /desk_groups/0:unknown"),
        "a group that is an advisor": ({"desk_groups": ["@anna"]}, "422 unknown-reference /desk_groups/0:unknown"),
        "a secret of one's own": ({"secret": "whsec_x"}, "422 invalid /secret:unknown_field"),  # pragma: allowlist secret
        "another reach": ({"reach": "all"}, "422 invalid /reach:unknown_field"),
    }, base=HOOK),
    *at("control_center", "POST /v1/webhooks", {
        "who of the staff is there": ({"types": ["presence.*"]}, "422 bad-webhook /types/0:not_for_you"),
        "who of the staff is ill": ({"types": ["contact.*", "absence.approved"]}, "422 bad-webhook /types/1:not_for_you"),
    }, base=HOOK),
    *at("admin", "PUT /v1/webhooks/@whk", {
        "address of the house": ({"url": "https://192.168.1.1/"}, "422 bad-webhook /url:address_not_allowed"),
        "half a subscription": ({"types": None}, "422 invalid /types:list_type"),
    }, base=HOOK),
    *at("control_center", "PUT /v1/webhooks/@whk", {"an admin's": (HOOK, "404 not-found")}),
]  # fmt: skip

OTHERS = [
    *at("control_center", "POST /v1/webhooks/@whk/rotate", {"an admin's": ({}, "404 not-found")}),
    *at("admin", "POST /v1/webhooks/@whk/rotate", {"a wish": ({"grace_s": 1}, "422 invalid /grace_s:unknown_field")}),
    *at("admin", "POST /v1/webhooks/@anna/test", {"an advisor": ({}, "404 not-found")}),
    *at("admin", "POST /v1/webhooks/@whk/replay", {
        "since no instant": ({"since": "2026-11-23T00:00:00"}, "422 invalid /since:no_time_zone"),
        "since a number": ({"since": 20261123}, "422 invalid /since:datetime_type"),
        "since beyond all time": ({"since": "9999-12-31T23:59:59Z"}, "422 invalid /since:out_of_range"),
    }),
    *at("admin", "POST /v1/webhooks/@whk/deliveries/@whd_delivered/replay", {"delivered": ({}, "409 illegal-transition", {"present_state": "delivered"})}),
    *at("admin", "POST /v1/webhooks/@whk/deliveries/@whk/replay", {"a subscription": ({}, "404 not-found")}),
    *asked("auditor", {
        "GET /v1/webhooks/@whk/deliveries?state=lost": "422 invalid /query/state:literal_error",
        "GET /v1/webhooks/@whk/deliveries?after=@cursor": "400 bad-cursor /query/after:bad_cursor",
        "GET /v1/webhooks?after=@cursor": "400 bad-cursor /query/after:bad_cursor",
    }),
    *at("admin", "DELETE /v1/webhooks/whk_01J00000000000000000000000", {"not there": (NOTHING, "404 not-found")}),
]  # fmt: skip

ROWS = [*SUBSCRIPTIONS, *OTHERS]
