"""What switches send: calls, events, dials, registrations; as JSON and as forms."""

from __future__ import annotations

# ruff: noqa: E501 - tables, a row per line
from typing import Any

from tests.nasty.company import GENERAL, PHONES
from tests.nasty.rows import CANARY, FORM, NOTHING, asked, at

UNTOUCHED: dict[str, Any] = {"contact_id": None, "verbs": []}
PLUS = b"%2B493023125900"

CALLS = at(
    "telephony",
    "POST /v1/telephony/calls",
    {
        "nothing": ({"call_id": None, "to": None}, "422 invalid /call_id:string_type"),
        "no call id": ({"call_id": ""}, "422 invalid /call_id:string_pattern_mismatch"),
        "call id with a space": ({"call_id": f"a {CANARY}"}, "422 invalid /call_id:string_pattern_mismatch"),
        "call id with a line end": ({"call_id": "a\n"}, "422 invalid /call_id:string_pattern_mismatch"),
        "call id of emoji": ({"call_id": "☎"}, "422 invalid /call_id:string_pattern_mismatch"),
        "call id of 201": ({"call_id": "x" * 201}, "422 invalid /call_id:string_pattern_mismatch"),
        "call id as a list": ({"call_id": ["a"]}, "422 invalid /call_id:string_type"),
        "call id that is true": ({"call_id": True}, "422 invalid /call_id:string_type"),
        "to nobody": ({"to": ""}, "422 bad-call /to:not_a_number"),
        "to a name": ({"to": CANARY}, "422 bad-call /to:not_a_number"),
        "to a name at a host": ({"to": f"sip:{CANARY}@pbx.example"}, "422 bad-call /to:not_a_number"),
        "to Arabic digits": ({"to": "٠٣٠٢٣١٢٥٩٠٠"}, "422 bad-call /to:not_a_number"),
        "to a number of 40 digits": ({"to": "+49" + "1" * 38}, "422 bad-call /to:not_a_number"),
        "to 256 letters": ({"to": "x" * 256}, "422 invalid /to:string_too_long"),
        "to two at once": ({"to": [GENERAL, GENERAL]}, "422 invalid /to:string_type"),
        "to a premium number": ({"to": "0" + "900 5 123456"}, "200"),
    },
    base={"call_id": "n-1", "to": GENERAL},
)  # fmt: skip

HELP = at(
    "telephony",
    "POST /v1/telephony/calls",
    {
        f"help by {written}": ({"call_id": f"h-{place}", "to": written}, "200", UNTOUCHED)
        for place, written in enumerate(
            ("110", "112", "+49 112", "+49110", "tel:112", "sip:112@pbx.example", "1 1 2", "911", "١١٢", "１１２")
        )
    },
)

UNKNOWN_CALLERS = at(
    "telephony",
    "POST /v1/telephony/calls",
    {
        f"caller {name}": ({"call_id": f"u-{place}", "to": GENERAL, "from": caller}, "200")
        for place, (name, caller) in enumerate(
            {
                "withheld": None,
                "empty": "",
                "anonymous": "anonymous",
                "Anonymous at a host": '"Anonymous" <sip:anonymous@anonymous.invalid>',
                "by name": CANARY,
                "by an internal number": "17",
                "by an operator": "110",
                "premium": "0" + "900 5 123456",
                "as a number": 493023125017,
                "as a list": ["+493023125017"],
                "as an object": {"number": "+493023125017"},
                "that is true": True,
                "of 256 letters": "x" * 256,
                "right to left": "\u202e+493023125017",
                "of Arabic digits": "٠٣٠٢٣١٢٥٠١٧",
                "a zalgo": "A\u0301\u0302\u0303\u0304" * 20,
                "a family": "👨‍👩‍👧‍👦",
            }.items()
        )
    },
)

KNOWN_CALLERS = at(
    "telephony",
    "POST /v1/telephony/calls",
    {
        f"known caller, {name}": ({"call_id": f"k-{place}", "to": GENERAL, "from": caller}, "200")
        for place, (name, caller) in enumerate(
            {"without plus": "498999998108", "two zeros": "00498999998108", "national": "089 99998-108", "tel:": f"tel:{PHONES['K-8']}"}.items()
        )
    },
)  # fmt: skip

FORMS = at(
    "telephony",
    "POST /v1/telephony/calls",
    {
        "form": (b"call_id=f-1&from=&to=" + PLUS, "200"),
        "form with what nobody knows": (b"call_id=f-2&to=" + PLUS + b"&CallerCity=Berlin&x_vendor=1", "200"),
        "form with headers": (b"call_id=f-3&headers=x-region%3A+BE&to=" + PLUS, "200"),
        "plus that was not escaped": (b"call_id=f-4&to=+493023125900", "200"),
        "field twice": (b"call_id=f-5&call_id=f-6&to=" + PLUS, "400 malformed :duplicate_key"),
        "field twice, once escaped": (b"to=112&t%6F=" + PLUS + b"&call_id=f-6", "400 malformed :duplicate_key"),
        "not UTF-8": (b"call_id=f-6&from=%ff%fe&to=" + PLUS, "400 malformed :not_utf8"),
        "Latin-1": ("call_id=f-6&from=Jürgen&to=0".encode("latin-1"), "400 malformed :not_utf8"),
        "surrogates in bytes": (b"call_id=f-6&from=%ed%a0%80&to=" + PLUS, "400 malformed :not_utf8"),
        "NUL": (b"call_id=f-6&from=a%00b&to=" + PLUS, "422 unsafe-text /from:nul"),
        "escape": (b"call_id=f-6&from=%1b%5b31m&to=" + PLUS, "422 unsafe-text /from:control_character"),
        "201 fields": (b"&".join(b"a%d=1" % n for n in range(201)), "400 malformed :too_many_fields"),
        "without a call id": (b"call_id=&to=" + PLUS, "422 invalid /call_id:missing"),
        "without a target": (b"call_id=f-6&to=", "422 invalid /to:missing"),
        "JSON called a form": (b'{"call_id": "f-6", "to": "112"}', "422 invalid /call_id:missing"),
        "larger than 64 KiB": (b"call_id=f-6&from=" + b"x" * 65536, "413 too-large"),
        "empty form": (b"", "400 malformed :missing"),
    },
    headers=FORM,
)  # fmt: skip

EVENTS = at(
    "telephony",
    "POST /v1/telephony/calls/pbx-talking/events",
    {
        "no type": ({}, "422 invalid /type:missing"),
        "type that is not one": ({"type": CANARY}, "422 invalid /type:literal_error"),
        "type in capitals": ({"type": "HANGUP"}, "422 invalid /type:literal_error"),
        "leg that is not one": ({"type": "ringing", "leg": CANARY}, "422 invalid /leg:literal_error"),
        "digits in letters": ({"type": "digits", "digits": CANARY}, "422 invalid /digits:string_pattern_mismatch"),
        "Arabic digits": ({"type": "digits", "digits": "٢"}, "422 invalid /digits:string_pattern_mismatch"),
        "65 digits": ({"type": "digits", "digits": "1" * 65}, "422 invalid /digits:string_pattern_mismatch"),
        "offer of somebody else's making": ({"type": "ringing", "offer_id": CANARY}, "422 bad-call /offer_id:unknown"),
        "offer that is a contact": ({"type": "ringing", "offer_id": "@con_talking"}, "422 bad-call /offer_id:unknown"),
        "token that is none": ({"type": "ringing", "token": "att_1"}, "422 bad-call /token:unknown"),
        "event id with a space": ({"type": "alive", "event_id": "a b"}, "422 invalid /event_id:string_pattern_mismatch"),
        "event id of 201": ({"type": "alive", "event_id": "x" * 201}, "422 invalid /event_id:string_pattern_mismatch"),
        "ordinal 0": ({"type": "digits", "ordinal": 0}, "422 invalid /ordinal:greater_than_equal"),
        "ordinal of a million": ({"type": "digits", "ordinal": 10**6}, "422 invalid /ordinal:less_than_equal"),
        "time without zone": ({"type": "alive", "at": "2026-11-23T10:00:00"}, "422 invalid /at:no_time_zone"),
        "a list": ([{"type": "alive"}], "422 invalid :not_an_object"),
        "no body": (NOTHING, "400 malformed :missing"),
    },
)  # fmt: skip

EVENTS_TAKEN = at(
    "telephony",
    "POST /v1/telephony/calls/pbx-talking/events",
    {
        "unknown fields": ({"type": "alive", "event_id": "t-1", "x_vendor": {"deep": [1]}, "RTCP": None}, "200", {"verbs": []}),
        "cause as a number": ({"type": "ringing", "event_id": "t-2", "cause": 486}, "200"),
        "event id as a number": ({"type": "alive", "event_id": 17}, "200"),
        "cause that is a story": ({"type": "ringing", "event_id": "t-3", "cause": "SIP 503 " * 40}, "200"),
        "offer of another call": ({"type": "no_answer", "event_id": "t-4", "offer_id": "@off_over"}, "200", {"verbs": []}),
        "offer that is unknown": ({"type": "answered", "event_id": "t-5", "offer_id": "off_01J00000000000000000000000"}, "200"),
        "time long ago": ({"type": "alive", "event_id": "t-6", "at": "1970-01-01T00:00:00Z"}, "200"),
        "time at the edge": ({"type": "alive", "event_id": "t-7", "at": "9999-12-31T23:59:59-14:00"}, "200"),
        "digits that nobody asked for": ({"type": "digits", "event_id": "t-8", "digits": "*#ABCD"}, "200"),
        "digits as a number": ({"type": "digits", "event_id": "t-9", "digits": 2}, "200"),
    },
)  # fmt: skip

EVENT_FORMS = at(
    "telephony",
    "POST /v1/telephony/calls/pbx-talking/events",
    {
        "every field empty": (b"type=alive&event_id=&leg=&offer_id=&token=&digits=&cause=&at=&ordinal=", "200"),
        "type twice": (b"type=alive&type=hangup", "400 malformed :duplicate_key"),
        "ordinal in digits": (b"type=alive&event_id=t-10&ordinal=2", "200"),
        "ordinal in words": (b"type=digits&ordinal=two", "422 invalid /ordinal:int_parsing"),
        "semicolons": (b"type=alive;leg=caller", "422 invalid /type:literal_error"),
    },
    headers=FORM,
)

DIALS = [
    *at("telephony", "POST /v1/telephony/dials/att_01J00000000000000000000000/events", {
        "unknown token": ({"type": "ringing"}, "404 not-found"),
        "no type": ({}, "422 invalid /type:missing"),
    }),
    *at("telephony", "POST /v1/telephony/dials/@off_ringing/events", {"token that is an offer": ({"type": "ringing"}, "404 not-found")}),
    *asked("telephony", {
        "POST /v1/telephony/dials/claim?for_s=-1": "422 invalid /query/for_s:greater_than_equal",
        "POST /v1/telephony/dials/claim?for_s=11": "422 invalid /query/for_s:less_than_equal",
        "POST /v1/telephony/dials/claim?for_s=nan": "422 invalid /query/for_s:less_than_equal",
        "POST /v1/telephony/dials/claim?for_s=-inf": "422 invalid /query/for_s:greater_than_equal",
        "POST /v1/telephony/dials/claim?for_s=0x1": "422 invalid /query/for_s:float_parsing",
        "POST /v1/telephony/dials/claim?for_s=%D9%A1": "422 invalid /query/for_s:float_parsing",
        "GET /v1/telephony/calls/pbx-talking/wait?for_s=1e9": "422 invalid /query/for_s:less_than_equal",
    }),
]  # fmt: skip

REGISTRATIONS = at(
    "telephony",
    "POST /v1/telephony/registrations",
    {
        "of nobody": ({}, "404 not-found"),
        "of an unknown phone": ({"endpoint": CANARY}, "404 not-found"),
        "for an hour and a second": (
            {"endpoint": "PJSIP/x", "expires_s": 3601},
            "422 invalid /expires_s:less_than_equal",
        ),
        "for no time": ({"endpoint": "PJSIP/x", "expires_s": 0}, "422 invalid /expires_s:greater_than_equal"),
        "for ever": (b'{"endpoint": "PJSIP/x", "expires_s": 1e400}', "400 malformed :not_finite"),
        "of a phone of 256 letters": ({"uri": "x" * 256}, "422 invalid /uri:string_too_long"),
        "of a list": ({"uri": ["sip:a@b.example"]}, "422 invalid /uri:string_type"),
    },
) + at(
    "telephony",
    "POST /v1/telephony/registrations",
    {"as a form": (b"endpoint=x", "415 unsupported-media-type")},
    headers=FORM,
)

ROWS = [
    *CALLS,
    *HELP,
    *UNKNOWN_CALLERS,
    *KNOWN_CALLERS,
    *FORMS,
    *EVENTS,
    *EVENTS_TAKEN,
    *EVENT_FORMS,
    *DIALS,
    *REGISTRATIONS,
]
