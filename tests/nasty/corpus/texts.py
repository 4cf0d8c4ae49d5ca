"""Texts as they come from the world: scripts, signs and marks that are fine, and those that lie about what they show."""

from __future__ import annotations

# ruff: noqa: E501 - tables, a row per line
from tests.nasty.rows import CANARY, at

NAMES = at(
    "control_center",
    "PUT /v1/customers/K-8",
    {
        f"name: {name}": ({"name": written}, "200", {"name": shown})
        for name, (written, shown) in {
            "an umlaut in two characters": ("Jürgen", "Jürgen"),
            "Arabic": ("محمد", "محمد"),
            "Arabic with marks of direction": ("\u200fمحمد\u200e (GmbH)", "\u200fمحمد\u200e (GmbH)"),
            "Persian with a joiner": ("می\u200cخواهم", "می\u200cخواهم"),
            "Hindi": ("क्षत्रिय", "क्षत्रिय"),
            "Chinese beyond the plane": ("𠮷野家", "𠮷野家"),
            "a family": ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
            "a flag": ("🇩🇪 Shop", "🇩🇪 Shop"),
            "a skin and a wand": ("🧙🏽‍♀️", "🧙🏽‍♀️"),
            "zalgo": ("Z\u0300\u0301\u0302\u0303\u0304algo", "Z\u0300\u0301\u0302\u0303\u0304algo"),
            "a homoglyph": ("Аnnа", "Аnnа"),
            "an apostrophe and SQL": ("O'Brien'; DROP TABLE customers; --", "O'Brien'; DROP TABLE customers; --"),
            "a tag": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
            "a template": ("{{7*7}}${7*7}%s%n", "{{7*7}}${7*7}%s%n"),
            "a formula": ("=HYPERLINK(1)", "=HYPERLINK(1)"),
            "spaces around": ("  Ute  ", "Ute"),
            "null, spelt": ("null", "null"),
            "200 signs of four bytes": ("🙂" * 200, "🙂" * 200),
        }.items()
    },
    base={"market": "DE"},
)  # fmt: skip

TURNED = [
    row
    for who, request, base in (
        ("control_center", "PUT /v1/customers/K-8", {"market": "DE"}),
        ("admin", "PUT /v1/sites/@berlin", {"time_zone": "Europe/Berlin"}),
        ("admin", "PATCH /v1/accounts/@frieda", {}),
    )
    for row in at(who, request, {
        f"name: {name}": ({"name": f"{CANARY}{sign}fdp.exe"}, "422 invalid /name:bidi_control")
        for name, sign in {"turned right to left": "\u202e", "embedded": "\u202a", "isolated": "\u2066", "an end without a beginning": "\u2069"}.items()
    } | {
        "name: a line separator": ({"name": "a\u2028b"}, "422 invalid /name:one_line"),
        "name: a tab": ({"name": "a\tb"}, "422 invalid /name:one_line"),
    }, base=base)
]  # fmt: skip

NOTES = [
    *at("control_center", "POST /v1/customers/K-1/callbacks", {"topic turned right to left": ({"topic": f"{CANARY}\u202e"}, "422 invalid /topic:bidi_control")}, base={"slot_starts_at": "2026-11-24T10:00:00+01:00"}),
    *at("ben", "POST /v1/contacts/@con_over/wrap-up", {"note turned right to left": ({"note": f"{CANARY}\u2067"}, "422 invalid /note:bidi_control")}),
]  # fmt: skip

ADDRESSES = at(
    "admin",
    "POST /v1/accounts",
    {
        f"address: {name}": ({"email": written}, "422 invalid /email:string_pattern_mismatch")
        for name, written in {
            "a homoglyph": "аnna@desk.example",
            "a homoglyph in the host": "anna@dеsk.example",
            "turned": "\u202eanna@desk.example",
            "wide": "ａnna@desk.example",
            "a joiner": "an\u200dna@desk.example",
            "a soft hyphen": "an\u00adna@desk.example",
            "a Kelvin sign": "\u212aarl@desk.example",
            "a space inside": "an na@desk.example",
            "a header": "anna@desk.example\nBcc: x@y.example",
            "emoji": "🙂@desk.example",
        }.items()
    },
    base={"name": "Gerd", "role": "lead", "password": "correct horse battery"},  # pragma: allowlist secret
)  # fmt: skip

ROWS = [*NAMES, *TURNED, *NOTES, *ADDRESSES]
