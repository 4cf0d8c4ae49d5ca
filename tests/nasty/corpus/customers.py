"""What control centers and portals send: customers, activation, promises."""

from __future__ import annotations

# ruff: noqa: E501 - tables, a row per line
from tests.nasty.rows import CANARY, NOTHING, asked, at

PREMIUM = "0" + "900 5 123456"
SHARED_COST = "+" + "49 180 5 123456"
FOREIGN_PREMIUM = "+" + "1 900 555 0100"
NETWORK_OF_NO_COUNTRY = "+" + "881 612 345 678"
BERLIN_AND_110 = "030 " + "110"

CUSTOMER = at(
    "control_center",
    "PUT /v1/customers/K-9",
    {
        "nothing at all": ({"market": None}, "422 invalid /market:string_type"),
        "market in small letters": ({"market": "de"}, "422 invalid /market:string_pattern_mismatch"),
        "market that is not there": ({"market": "AT"}, "422 unknown-market /market:unknown_market"),
        "market as a list": ({"market": ["DE"]}, "422 invalid /market:string_type"),
        "market of two lines": ({"market": "DE\nAT"}, "422 invalid /market:string_pattern_mismatch"),
        "unknown field": ({CANARY: 1}, "422 invalid /Kanarienvogel:unknown_field"),
        "unknown field that looks like data": ({f"{CANARY} 1.1.1970": 1}, "422 invalid /*:unknown_field"),
        "field of the prototype": ({"__proto__": {"market": "DE"}}, "422 invalid /__proto__:unknown_field"),
        "own id": ({"id": "@K-1"}, "422 invalid /id:unknown_field"),
        "name of two lines": ({"name": f"{CANARY}\nzwei"}, "422 invalid /name:one_line"),
        "name with a line separator": ({"name": f"{CANARY}\u2028zwei"}, "422 invalid /name:one_line"),
        "name that is empty": ({"name": ""}, "422 invalid /name:string_too_short"),
        "name of spaces": ({"name": " \u00a0\u3000"}, "422 invalid /name:string_too_short"),
        "name of 201 letters": ({"name": "ß" * 201}, "422 invalid /name:string_too_long"),
        "name as a number": ({"name": 4711}, "422 invalid /name:string_type"),
        "name as an object": ({"name": {"first": CANARY}}, "422 invalid /name:string_type"),
        "email without a host": ({"email": CANARY}, "422 invalid /email:string_pattern_mismatch"),
        "email with a line end": ({"email": f"{CANARY}@x.example\r\nBcc: all@x.example"}, "422 invalid /email:string_pattern_mismatch"),
        "email in two": ({"email": f"{CANARY}@a@b.example"}, "422 invalid /email:string_pattern_mismatch"),
        "email of a kilobyte": ({"email": "a" * 1000 + "@x.example"}, "422 invalid /email:string_too_long"),
        "phones as one text": ({"phones": "089 99998-105"}, "422 invalid /phones:list_type"),
        "phones that are null": ({"phones": [None]}, "422 invalid /phones/0:string_type"),
        "21 phones": ({"phones": ["089 99998-105"] * 21}, "422 invalid /phones:too_long"),
        "languages without an end": ({"languages": ["de"] * 11}, "422 invalid /languages:too_long"),
        "language in words": ({"languages": ["Deutsch!"]}, "422 invalid /languages/0:string_pattern_mismatch"),
        "language that is a wildcard": ({"languages": ["*"]}, "422 invalid /languages/0:string_pattern_mismatch"),
        "tier with a space": ({"tier": "gold card"}, "422 invalid /tier:string_pattern_mismatch"),
        "tier in another script": ({"tier": "prеmium"}, "422 invalid /tier:string_pattern_mismatch"),
        "product that is not sold": ({"products": ["hosting", "yachts"]}, "422 unknown-product /products/1:unknown_product"),
        "product that is SQL": ({"products": ["'; DROP TABLE customers; --"]}, "422 invalid /products/0:string_pattern_mismatch"),
        "zone by its abbreviation": ({"time_zone": "MEZ"}, "422 invalid /time_zone:unknown_zone"),
        "zone as a path": ({"time_zone": "../../etc/passwd"}, "422 invalid /time_zone:string_pattern_mismatch"),
        "zone as a folder": ({"time_zone": "Europe"}, "422 invalid /time_zone:unknown_zone"),
        "zone of the machine": ({"time_zone": "localtime"}, "422 invalid /time_zone:unknown_zone"),
        "hours that end before they begin": ({"calling_hours": {"mon": [["10:00", "08:00"]]}}, "422 invalid /calling_hours:ends_before_it_starts"),
        "hours that overlap": ({"calling_hours": {"mon": [["08:00", "10:00"], ["09:00", "11:00"]]}}, "422 invalid /calling_hours:overlaps"),
        "hours of an eighth day": ({"calling_hours": {"Kanarienvogel": [["08:00", "10:00"]]}}, "422 invalid /calling_hours:unknown_weekday"),
        "hours past midnight": ({"calling_hours": {"mon": [["22:00", "26:00"]]}}, "422 invalid /calling_hours:not_a_clock_time"),
        "hours in other digits": ({"calling_hours": {"mon": [["٠٨:٠٠", "١٠:٠٠"]]}}, "422 invalid /calling_hours:not_a_clock_time"),
        "hours as numbers": ({"calling_hours": {"mon": [[8, 10]]}}, "422 invalid /calling_hours/mon/0/0:string_type"),
        "hours of three": ({"calling_hours": {"mon": [["08:00", "09:00", "10:00"]]}}, "422 invalid /calling_hours:not_a_clock_time"),
        "no time a month": ({"expected_seconds": 0}, "422 invalid /expected_seconds:greater_than_equal"),
        "less than no time": ({"expected_seconds": -360}, "422 invalid /expected_seconds:greater_than_equal"),
        "more than a life": ({"expected_seconds": 10**30}, "422 invalid /expected_seconds:less_than_equal"),
        "a third of a second": ({"expected_seconds": 1.3}, "422 invalid /expected_seconds:int_from_float"),
        "seconds as a text": ({"expected_seconds": "360"}, "422 invalid /expected_seconds:int_type"),
        "seconds as a yes": ({"expected_seconds": True}, "422 invalid /expected_seconds:int_type"),
        "seconds in words": ({"expected_seconds": CANARY}, "422 invalid /expected_seconds:int_type"),
    },
    base={"market": "DE"},
)  # fmt: skip

NUMBERS_REFUSED = at(
    "control_center",
    "PUT /v1/customers/K-9",
    {
        "help": ({"phones": ["110"]}, "422 number-not-allowed /phones/0:number_not_allowed"),
        "help behind an area code": ({"phones": [BERLIN_AND_110]}, "422 number-not-allowed /phones/0:number_not_allowed"),
        "premium": ({"phones": [PREMIUM]}, "422 number-not-allowed /phones/0:number_not_allowed"),
        "shared cost": ({"phones": [SHARED_COST]}, "422 number-not-allowed /phones/0:number_not_allowed"),
        "premium abroad": ({"phones": [FOREIGN_PREMIUM]}, "422 number-not-allowed /phones/0:number_not_allowed"),
        "a satellite": ({"phones": [NETWORK_OF_NO_COUNTRY]}, "422 number-not-allowed /phones/0:number_not_allowed"),
        "the second of two": ({"phones": ["089 99998-105", PREMIUM]}, "422 number-not-allowed /phones/1:number_not_allowed"),
        "letters": ({"phones": [CANARY]}, "422 number-unreadable /phones/0:number_unreadable"),
        "letters on the keys": ({"phones": ["0800 FLOWERS"]}, "422 number-unreadable /phones/0:number_unreadable"),
        "Arabic digits": ({"phones": ["٠٨٩ ٩٩٩٩٨ ١٠٥"]}, "422 number-unreadable /phones/0:number_unreadable"),
        "wide digits": ({"phones": ["０８９９９９９８１０５"]}, "422 number-unreadable /phones/0:number_unreadable"),
        "superscript digits": ({"phones": ["⁰⁸⁹ 99998-105"]}, "422 number-unreadable /phones/0:number_unreadable"),
        "an extension": ({"phones": ["089 99998-105 x17"]}, "422 number-unreadable /phones/0:number_unreadable"),
        "two pluses": ({"phones": ["++498999998105"]}, "422 number-unreadable /phones/0:number_unreadable"),
        "no digit": ({"phones": ["+-/()"]}, "422 number-unreadable /phones/0:number_unreadable"),
        "empty": ({"phones": [""]}, "422 invalid /phones/0:string_too_short"),
        "without area code": ({"phones": ["99998105"]}, "422 number-not-allowed /phones/0:number_not_allowed"),
        "far too long": ({"phones": ["0" * 41]}, "422 number-unreadable /phones/0:number_unreadable"),
        "longer than any": ({"phones": ["+498999998" + "1" * 12]}, "422 number-not-allowed /phones/0:number_not_allowed"),
        "a SIP address": ({"phones": [f"sip:{CANARY}@x.example"]}, "422 number-unreadable /phones/0:number_unreadable"),
        "of no country": ({"phones": ["+999 123 456"]}, "422 number-not-allowed /phones/0:number_not_allowed"),
        "a tab between": ({"phones": ["089\t99998-105"]}, "422 number-unreadable /phones/0:number_unreadable"),
        "right to left": ({"phones": ["\u202e089 99998-105"]}, "422 number-unreadable /phones/0:number_unreadable"),
    },
    base={"market": "DE"},
)  # fmt: skip

READ_AS = {"phones": ["+498999998105"]}
NUMBERS_READ = at(
    "control_center",
    "PUT /v1/customers/K-8",
    {
        name: ({"market": "DE", "phones": [written]}, "200", READ_AS)
        for name, written in {
            "E.164": "+498999998105",
            "national": "08999998105",
            "with a hyphen": "089 99998-105",
            "with a slash": "089/99998-105",
            "with brackets": "(089) 99998-105",
            "zero in brackets": "+49 (0)89 99998-105",
            "two zeros": "004989 99998 105",
            "two zeros and zero in brackets": "0049 (0) 89 99998105",
            "dots": "089.99998.105",
            "spaces around": "  089 99998 105  ",
            "no-break spaces": "089\u00a099998\u202f105",
            "a dash of a word processor": "089 99998–105",
            "a hyphen that does not break": "089 99998‑105",
        }.items()
    },
)

ACTIVATION = at(
    "control_center",
    "POST /v1/customers/K-1/advisor",
    {
        "channel that is not one": ({"channel": "pigeon"}, "422 invalid /channel:literal_error"),
        "channel that is null": ({"channel": None}, "422 invalid /channel:literal_error"),
        "on behalf of nobody": ({"on_behalf_by": "adv_01J00000000000000000000000"}, "422 unknown-advisor /on_behalf_by:unknown_advisor"),
        "on behalf of a customer": ({"on_behalf_by": "@K-1"}, "422 unknown-reference /on_behalf_by:unknown"),
        "on behalf of a name": ({"on_behalf_by": CANARY}, "422 invalid /on_behalf_by:string_pattern_mismatch"),
        "on behalf in small letters": ({"on_behalf_by": "adv_01j00000000000000000000000"}, "422 invalid /on_behalf_by:string_pattern_mismatch"),
        "wishes as a list": ({"wishes": ["de"]}, "422 invalid /wishes:not_an_object"),
        "wish that nobody knows": ({"wishes": {"age": "young"}}, "422 invalid /wishes/age:unknown_field"),
        "language as a number": ({"wishes": {"languages": [1]}}, "422 invalid /wishes/languages/0:string_type"),
        "reference in the body": ({"external_ref": "K-2"}, "422 invalid /external_ref:unknown_field"),
        "customer without a market": ({"customer": {}}, "422 invalid /customer/market:missing"),
        "customer of no market": ({"customer": {"market": "ZZ"}}, "422 unknown-market /customer/market:unknown_market"),
        "customer with a number for help": ({"customer": {"market": "DE", "phones": ["110"]}}, "422 number-not-allowed /customer/phones/0:number_not_allowed"),
        "customer as a list": ({"customer": [{"market": "DE"}]}, "422 invalid /customer:not_an_object"),
        "no body": (NOTHING, "422 invalid :missing"),
        "null": (b"null", "422 invalid :not_an_object"),
        "a list": ([{}], "422 invalid :not_an_object"),
    },
)  # fmt: skip

SLOT = "2026-11-24T10:00:00+01:00"
PROMISE = at(
    "control_center",
    "POST /v1/customers/K-1/callbacks",
    {
        "no time": ({"slot_starts_at": None}, "422 invalid /slot_starts_at:datetime_type"),
        "time without zone": ({"slot_starts_at": "2026-11-24T10:00:00"}, "422 window-closed /slot_starts_at:no_time_zone", "next"),
        "day without time": ({"slot_starts_at": "2026-11-24"}, "422 window-closed /slot_starts_at:no_time_zone", "next"),
        "yesterday": ({"slot_starts_at": "2026-11-22T10:00:00+01:00"}, "422 window-closed /slot_starts_at:past", "next"),
        "a minute ago": ({"slot_starts_at": "2026-11-23T09:59:00+01:00"}, "422 window-closed /slot_starts_at:past", "next"),
        "this very moment": ({"slot_starts_at": "2026-11-23T10:00:00+01:00"}, "422 window-closed /slot_starts_at:too_soon", "next"),
        "next year": ({"slot_starts_at": "2027-11-22T10:00:00+01:00"}, "422 window-closed /slot_starts_at:too_far", "next"),
        "Sunday": ({"slot_starts_at": "2026-11-29T10:00:00+01:00"}, "422 window-closed /slot_starts_at:closed", "next"),
        "at night": ({"slot_starts_at": "2026-11-24T03:00:00+01:00"}, "422 window-closed /slot_starts_at:closed", "next"),
        "over closing time": ({"slot_starts_at": "2026-11-24T16:45:00+01:00"}, "422 window-closed /slot_starts_at:closed", "next"),
        "hour that the clocks skip": ({"slot_starts_at": "2027-03-28T02:30:00+01:00"}, "422 window-closed /slot_starts_at:in_clock_change", "next"),
        "the same hour by the other offset": ({"slot_starts_at": "2027-03-28T02:30:00+02:00"}, "422 window-closed /slot_starts_at:in_clock_change", "next"),
        "the same hour in Greenwich": ({"slot_starts_at": "2027-03-28T02:30:00Z"}, "422 window-closed /slot_starts_at:too_far", "next"),
        "hour that comes twice, the first": ({"slot_starts_at": "2027-10-31T02:30:00+02:00"}, "422 window-closed /slot_starts_at:too_far", "next"),
        "hour that comes twice, the second": ({"slot_starts_at": "2027-10-31T02:30:00+01:00"}, "422 window-closed /slot_starts_at:too_far", "next"),
        "a leap second": ({"slot_starts_at": "2026-11-24T10:00:60+01:00"}, "422 invalid /slot_starts_at:datetime_from_date_parsing"),
        "24 o'clock": ({"slot_starts_at": "2026-11-24T24:00:00+01:00"}, "422 invalid /slot_starts_at:datetime_from_date_parsing"),
        "before the calendar": ({"slot_starts_at": "0001-01-01T00:00:00+14:00"}, "422 invalid /slot_starts_at:out_of_range"),
        "after the calendar": ({"slot_starts_at": "9999-12-31T23:59:59-14:00"}, "422 invalid /slot_starts_at:out_of_range"),
        "in a year of five digits": ({"slot_starts_at": "12026-11-24T10:00:00Z"}, "422 invalid /slot_starts_at:datetime_from_date_parsing"),
        "seconds since 1970": ({"slot_starts_at": 1795510800}, "422 invalid /slot_starts_at:datetime_type"),
        "seconds since 1970 as a text": ({"slot_starts_at": "1795510800"}, "422 invalid /slot_starts_at:datetime_type"),
        "a date of digits": ({"slot_starts_at": "20261124"}, "422 invalid /slot_starts_at:datetime_type"),
        "30 February": ({"slot_starts_at": "2027-02-30T10:00:00Z"}, "422 invalid /slot_starts_at:datetime_from_date_parsing"),
        "offset of a day": ({"slot_starts_at": "2026-11-24T10:00:00+25:00"}, "422 invalid /slot_starts_at:datetime_from_date_parsing"),
        "zone in brackets": ({"slot_starts_at": "2026-11-24T10:00:00+01:00[Europe/Berlin]"}, "422 invalid /slot_starts_at:datetime_from_date_parsing"),
        "in words": ({"slot_starts_at": f"morgen, {CANARY}"}, "422 invalid /slot_starts_at:datetime_from_date_parsing"),
        "wide digits": ({"slot_starts_at": "２０２６-11-24T10:00:00Z"}, "422 invalid /slot_starts_at:datetime_from_date_parsing"),
        "to help": ({"number": "112"}, "422 number-not-allowed /number:number_not_allowed"),
        "to a premium number": ({"number": PREMIUM}, "422 number-not-allowed /number:number_not_allowed"),
        "to a premium number abroad": ({"number": FOREIGN_PREMIUM}, "422 number-not-allowed /number:number_not_allowed"),
        "to a shared-cost number": ({"number": SHARED_COST}, "422 number-not-allowed /number:number_not_allowed"),
        "to a satellite": ({"number": NETWORK_OF_NO_COUNTRY}, "422 number-not-allowed /number:number_not_allowed"),
        "to an extension": ({"number": "105"}, "422 number-not-allowed /number:number_not_allowed"),
        "to Arabic digits": ({"number": "٠٨٩٩٩٩٩٨١٠٥"}, "422 number-unreadable /number:number_unreadable"),
        "to a name": ({"number": CANARY}, "422 number-unreadable /number:number_unreadable"),
        "to nothing": ({"number": ""}, "422 invalid /number:string_too_short"),
        "to a number": ({"number": 498999998105}, "422 invalid /number:string_type"),
        "about a novel": ({"topic": "ß" * 1001}, "422 invalid /topic:string_too_long"),
        "about an object": ({"topic": {"text": CANARY}}, "422 invalid /topic:string_type"),
        "for ever": ({"expected_minutes": 121}, "422 invalid /expected_minutes:less_than_equal"),
        "half of what suits": ({"suits_from": SLOT}, "422 invalid :suits_unclear"),
        "suits backwards": ({"suits_from": "2026-11-25T10:00:00Z", "suits_until": "2026-11-24T10:00:00Z"}, "422 invalid :suits_unclear"),
        "and a wish that is unknown": ({"priority": 1}, "422 invalid /priority:unknown_field"),
        "and an advisor": ({"advisor_id": "@anna"}, "422 invalid /advisor_id:unknown_field"),
    },
    base={"slot_starts_at": SLOT},
)  # fmt: skip

MOVE = at(
    "control_center",
    "POST /v1/customers/K-2/callbacks/@cb_K-2/move",
    {
        "without zone": ({"slot_starts_at": "2026-11-24T10:00:00"}, "422 window-closed /slot_starts_at:no_time_zone", "next"),
        "into the past": ({"slot_starts_at": "2026-11-20T10:00:00Z"}, "422 window-closed /slot_starts_at:past", "next"),
        "to Saturday": ({"slot_starts_at": "2026-11-28T10:00:00Z"}, "422 window-closed /slot_starts_at:closed", "next"),
        "into the gap of the clocks": ({"slot_starts_at": "2027-03-28T02:00:00+01:00"}, "422 window-closed /slot_starts_at:in_clock_change", "next"),
        "nowhere": ({}, "422 invalid /slot_starts_at:missing"),
        "to another number": ({"slot_starts_at": SLOT, "number": "112"}, "422 invalid /number:unknown_field"),
    },
)  # fmt: skip

ANSWERS = [
    *at(None, "POST /v1/callback-answers/x", {
        "link of nobody's": ({"answer": "keep"}, "404 not-found"),
        "answer that nobody asked for": ({"answer": "perhaps"}, "422 invalid /answer:literal_error"),
        "answer in words": ({"answer": CANARY}, "422 invalid /answer:literal_error"),
        "answer with an advisor": ({"answer": "keep", "advisor": "@anna"}, "422 invalid /advisor:unknown_field"),
        "no answer": ({}, "422 invalid /answer:missing"),
    }),
    *asked(None, {f"GET /v1/callback-answers/{'x' * 81}": "404 not-found"}),
]  # fmt: skip

OVER = [
    *at("control_center", "POST /v1/customers/K-4/callbacks/@cb_K-4/move", {"moved when cancelled": ({"slot_starts_at": SLOT}, "409 illegal-transition")}),
    *at("control_center", "POST /v1/customers/K-4/callbacks/@cb_K-4/cancel", {"cancelled twice": ({}, "409 illegal-transition", {"present_state": "cancelled"})}),
    *at("control_center", "POST /v1/customers/K-2/callbacks/@cb_K-2/cancel", {
        "reason of two lines": ({"reason": f"{CANARY}\n"+"x"}, "422 invalid /reason:one_line"),
        "reason that is empty": ({"reason": ""}, "422 invalid /reason:string_too_short"),
        "no body": (NOTHING, "422 invalid :missing"),
    }),
    *at("control_center", "POST /v1/customers/K-8/advisor", {"wish that nobody can fulfil": ({"wishes": {"languages": ["fr"]}}, "409 no-advisor-fits", {"bottleneck": "speaks_the_language"})}),
    *at("control_center", "POST /v1/customers/K-8/advisor/change", {"nobody to change from": ({}, "404 no-advisor")}),
]  # fmt: skip

ERASURE = [
    *at("control_center", "POST /v1/customers/K-1/erase", {
        "erasure without a reason": ({}, "422 invalid /reason:missing"),
        "erasure for somebody's own reason": ({"reason": CANARY}, "422 invalid /reason:literal_error"),
        "erasure that decides on itself": ({"reason": "unlawful", "state": "done"}, "422 invalid /state:unknown_field"),
        "erasure without a body": (NOTHING, "422 invalid :missing"),
    }),
    *at("control_center", "POST /v1/customers/nobody/erase", {"erasure of nobody": ({"reason": "unlawful"}, "404 not-found")}),
    *at("control_center", "POST /v1/erasures/@anna/approve", {"erasure approved by a machine": ({}, "403 forbidden")}),
]  # fmt: skip

CHATS = [
    *at("control_center", "POST /v1/customers/K-1/chats", {
        "chat without a word": ({"text": ""}, "422 invalid /text:string_too_short"),
        "chat of spaces": ({"text": " \n\t "}, "422 invalid /text:string_too_short"),
        "chat of a book": ({"text": "x" * 8001}, "422 invalid /text:string_too_long"),
        "chat with a NUL": ({"text": f"{CANARY}\u0000"}, "422 unsafe-text /text:nul"),
        "chat with a bell": ({"text": f"{CANARY}\u0007"}, "422 unsafe-text /text:control_character"),
        "chat in the other direction": ({"text": f"{CANARY}\u202e"}, "422 invalid /text:bidi_control"),
        "chat as a list": ({"text": [CANARY]}, "422 invalid /text:string_type"),
        "chat that names its advisor": ({"text": "x", "advisor": "@anna"}, "422 invalid /advisor:unknown_field"),
        "chat without a body": (NOTHING, "422 invalid :missing"),
    }),
    *at("control_center", "POST /v1/customers/nobody/chats", {"chat of nobody": ({"text": "x"}, "404 not-found")}),
    *at("control_center", "POST /v1/customers/K-1/chats/@con_ringing/messages", {"chat that is a call": ({"text": "x"}, "404 not-found")}),
    *at("control_center", "POST /v1/customers/K-1/chats/@con_talking/leave", {"chat that is somebody else's call": ({}, "404 not-found")}),
    *at("control_center", "POST /v1/customers/K-1/chats/@con_ringing/choose", {
        "choice that there is not": ({"choice": "goodbye"}, "422 invalid /choice:literal_error"),
        "choice in a call": ({"choice": "colleague"}, "404 not-found"),
    }),
    *at("anna", "POST /v1/offers/@off_ringing/accept", {"ringing phone taken by hand": ({}, "409 answered-by-phone")}),
    *at("ben", "POST /v1/offers/@off_ringing/accept", {"offer of a colleague, taken": ({}, "404 not-found")}),
    *at("ben", "POST /v1/contacts/@con_over/messages", {"words in a call": ({"text": "x"}, "409 not-in-writing")}),
    *at("ben", "POST /v1/contacts/@con_over/hand-over", {"call handed over": ({}, "409 not-in-writing")}),
]  # fmt: skip

ROWS = [*CHATS, *CUSTOMER, *NUMBERS_REFUSED, *NUMBERS_READ, *ACTIVATION, *PROMISE, *MOVE, *ANSWERS, *OVER, *ERASURE]
