"""What people at desks and those who administer send."""

from __future__ import annotations

# ruff: noqa: E501 - tables, a row per line
from tests.nasty.rows import CANARY, NOTHING, at
from tests.support.builders import WORKDAYS

DESK = [
    *at("anna", "PUT /v1/desk/presence", {
        "state of a machine's making": ({"state": "in_contact"}, "422 invalid /state:literal_error"),
        "no state": ({}, "422 invalid /state:missing"),
        "state that is null": ({"state": None}, "422 invalid /state:literal_error"),
        "reason of two lines": ({"state": "break", "reason": f"{CANARY}\nx"}, "422 invalid /reason:one_line"),
        "for somebody else": ({"state": "break", "advisor_id": "@ben"}, "422 invalid /advisor_id:unknown_field"),
    }),
    *at("anna", "POST /v1/offers/@off_ringing/reject", {
        "reason that is none": ({"reason": "lunch"}, "422 invalid /reason:literal_error"),
        "reason in capitals": ({"reason": "BREAK"}, "422 invalid /reason:literal_error"),
        "no body": (NOTHING, "422 invalid :missing"),
    }),
    *at("ben", "POST /v1/offers/@off_over/reject", {"offer that is over": ({}, "409 offer-expired", {"present_state": "accepted"})}),
    *at("ben", "POST /v1/offers/@off_ringing/reject", {"offer of a colleague": ({}, "404 not-found")}),
    *at("anna", "POST /v1/offers/@con_ringing/reject", {"offer that is a contact": ({}, "404 not-found")}),
    *at("anna", "POST /v1/contacts/@con_ringing/wrap-up", {"contact that rings": ({}, "409 nothing-to-wrap-up", {"present_state": "offered"})}),
    *at("carl", "POST /v1/contacts/@con_talking/wrap-up", {"contact under way": ({}, "409 nothing-to-wrap-up", {"present_state": "connected"})}),
    *at("ben", "POST /v1/contacts/@con_over/wrap-up", {
        "note of a novel": ({"note": "ß" * 4001}, "422 invalid /note:string_too_long"),
        "note that is empty": ({"note": ""}, "422 invalid /note:string_too_short"),
        "note with NUL": (rb'{"note": "a\u0000b"}', "422 unsafe-text /note:nul"),
        "note with half a face": (rb'{"note": "\ud83d"}', "422 unsafe-text /note:lone_surrogate"),
        "note that rings": (rb'{"note": "\u0007"}', "422 unsafe-text /note:control_character"),
        "solved by half": ({"solved": 0.5}, "422 invalid /solved:bool_type"),
        "solved in words": ({"solved": CANARY}, "422 invalid /solved:bool_parsing"),
        "disposition of two lines": ({"disposition": "a\r\nb"}, "422 invalid /disposition:one_line"),
    }),
    *at("supervisor", "PUT /v1/desk/presence", {"no desk": ({"state": "break"}, "403 forbidden")}),
    *at("advisor", "PUT /v1/desk/presence", {"account without an advisor": ({"state": "break"}, "403 no-desk")}),
]  # fmt: skip

WEEK_OFF = {"starts_at": "2026-12-14T00:00:00+01:00", "ends_at": "2026-12-15T00:00:00+01:00", "kind": "vacation"}
ABSENCES = [
    *at("anna", "POST /v1/advisors/@anna/absences", {
        "kind of another company": ({"kind": "hangover"}, "422 invalid /kind:literal_error"),
        "backwards": ({"ends_at": "2026-12-13T00:00:00+01:00"}, "422 absence-refused /ends_at:backwards"),
        "no time at all": ({"ends_at": "2026-12-14T00:00:00+01:00"}, "422 absence-refused /ends_at:backwards"),
        "over before it was said": ({"starts_at": "2026-11-01T00:00:00Z", "ends_at": "2026-11-02T00:00:00Z"}, "422 absence-refused /ends_at:past"),
        "for ever": ({"ends_at": "2199-12-31T00:00:00Z"}, "422 absence-refused /ends_at:too_long"),
        "beyond for ever": ({"ends_at": "9999-12-31T23:59:59Z"}, "422 invalid /ends_at:out_of_range"),
        "without zone": ({"starts_at": "2026-12-14T00:00:00"}, "422 invalid /starts_at:no_time_zone"),
        "a date of digits": ({"starts_at": 20261214}, "422 invalid /starts_at:datetime_type"),
        "approved by oneself": ({"state": "approved"}, "422 invalid /state:unknown_field"),
    }, base=WEEK_OFF),
    *at("anna", "POST /v1/advisors/@ben/absences", {"of a colleague": (WEEK_OFF, "403 forbidden")}),
    *at("anna", "POST /v1/absences/@abs_ben/cancel", {"of a colleague": (NOTHING, "404 not-found")}),
    *at("lea", "POST /v1/absences/@abs_lea/approve", {"one's own": ({}, "404 not-found")}),
    *at("luis", "POST /v1/absences/@abs_anna/approve", {"of another group": ({}, "404 not-found")}),
    *at("lea", "POST /v1/absences/@abs_anna/approve", {
        "on a whim": ({"despite_minimum": "perhaps"}, "422 invalid /despite_minimum:bool_parsing"),
        "no body": (NOTHING, "422 invalid :missing"),
    }),
]  # fmt: skip

MARKET = {
    "name": "Österreich",
    "phone_region": "AT",
    "time_zone": "Europe/Vienna",
    "languages": ["de"],
    "opening_hours": WORKDAYS,
}
COMPANY = [
    *at("admin", "PUT /v1/markets/AT", {
        "region of nowhere": ({"phone_region": "ZZ"}, "422 invalid /phone_region:unknown_region"),
        "region in words": ({"phone_region": "Austria"}, "422 invalid /phone_region:string_pattern_mismatch"),
        "zone of Mars": ({"time_zone": "Mars/Olympus"}, "422 invalid /time_zone:unknown_zone"),
        "zone with an offset": ({"time_zone": "+01:00"}, "422 invalid /time_zone:string_pattern_mismatch"),
        "zone of the machine": ({"time_zone": "posixrules"}, "422 invalid /time_zone:unknown_zone"),
        "no language": ({"languages": []}, "422 invalid /languages:too_short"),
        "language twenty times and one": ({"languages": ["de"] * 21}, "422 invalid /languages:too_long"),
        "holidays of nowhere": ({"holiday_country": "XX"}, "422 unknown-holidays /holiday_subdivision:unknown_holidays"),
        "holidays of a Land without a country": ({"holiday_subdivision": "W"}, "422 unknown-holidays /holiday_subdivision:without_country"),
        "holidays of an unknown Land": ({"holiday_country": "AT", "holiday_subdivision": "QQ"}, "422 unknown-holidays /holiday_subdivision:unknown_holidays"),
        "numbers that do not rest": ({"number_quarantine_days": 0}, "422 invalid /number_quarantine_days:greater_than_equal"),
        "numbers that rest for ever": ({"number_quarantine_days": 10**9}, "422 invalid /number_quarantine_days:less_than_equal"),
        "open on a day that is not": ({"opening_hours": {"someday": [["08:00", "17:00"]]}}, "422 invalid /opening_hours:unknown_weekday"),
        "open backwards": ({"opening_hours": {"mon": [["17:00", "08:00"]]}}, "422 invalid /opening_hours:ends_before_it_starts"),
        "open at 25 o'clock": ({"opening_hours": {"mon": [["08:00", "25:00"]]}}, "422 invalid /opening_hours:not_a_clock_time"),
        "open by a text": ({"opening_hours": "mon-fri"}, "422 invalid /opening_hours:not_an_object"),
        "name of bells": (b'{"name": "\\u0007"}', "422 unsafe-text /name:control_character"),
    }, base=MARKET),
    *at("admin", "PUT /v1/markets/at", {"id in small letters": (MARKET, "404 not-found")}),
    *at("admin", "PUT /v1/markets/D%00E", {"id with NUL": (MARKET, "404 not-found")}),
    *at("admin", "POST /v1/markets/DE/policies", {
        "rule that nobody knows": ({"rules": {"fairness": 1}}, "422 invalid /rules/fairness:unknown_field"),
        "rule below the rules": ({"rules": {"routing": {"ring_time": 5}}}, "422 invalid /rules/routing/ring_time:unexpected_keyword_argument"),
        "ring for no time": ({"rules": {"routing": {"ring_timeout_s": 0}}}, "422 invalid /rules/routing:invalid"),
        "ring for a year": ({"rules": {"routing": {"ring_timeout_s": 31_536_000}}}, "422 invalid"),
        "all of the time for callbacks and more": ({"rules": {"callback": {"share": 1.01}}}, "422 invalid /rules/callback/share:less_than_equal"),
        "none of the time": ({"rules": {"callback": {"share": 0}}}, "422 invalid /rules/callback/share:greater_than"),
        "end before asking": ({"rules": {"silence_ask_s": 90, "silence_end_s": 90}}, "422 invalid /rules:invalid"),
        "no rules": ({}, "422 invalid /rules:missing"),
        "from the past": ({"rules": {}, "valid_from": "2026-11-22T00:00:00Z"}, "422 period-refused /valid_from:past"),
        "from no zone": ({"rules": {}, "valid_from": "2026-12-01T00:00:00"}, "422 invalid /valid_from:no_time_zone"),
        "share that is no number": (b'{"rules": {"callback": {"share": NaN}}}', "400 malformed :not_finite"),
    }),
    *at("admin", "POST /v1/markets/AT/policies", {"of no market": ({"rules": {}}, "404 not-found")}),
    *at("supervisor", "POST /v1/markets/DE/closures", {
        "kind that is not one": ({"kind": CANARY}, "422 invalid /kind:literal_error"),
        "planned without an end": ({"kind": "planned"}, "422 invalid :planned_without_end"),
        "backwards": ({"kind": "planned", "starts_at": "2026-12-02T00:00:00Z", "ends_at": "2026-12-01T00:00:00Z"}, "422 period-refused /ends_at:backwards"),
        "over": ({"kind": "planned", "starts_at": "2026-10-02T00:00:00Z", "ends_at": "2026-10-03T00:00:00Z"}, "422 period-refused /ends_at:past"),
        "emergency that is over": ({"kind": "emergency", "ends_at": "2026-11-23T08:59:59Z"}, "422 period-refused /ends_at:backwards"),
        "until no zone": ({"kind": "emergency", "ends_at": "2026-12-01T00:00:00"}, "422 invalid /ends_at:no_time_zone"),
    }),
    *at("admin", "POST /v1/sites", {
        "name of another": ({"name": "Berlin"}, "409 site-name-taken"),
        "zone that is null": ({"time_zone": None}, "422 invalid /time_zone:string_type"),
        "holidays in small letters": ({"holiday_country": "de"}, "422 invalid /holiday_country:string_pattern_mismatch"),
    }, base={"name": "Bonn", "time_zone": "Europe/Berlin"}),
    *at("admin", "PUT /v1/sites/@nord", {"id of a group": ({"name": "Bonn", "time_zone": "Europe/Berlin"}, "404 not-found")}),
    *at("admin", "POST /v1/desk-groups", {
        "name of another": ({"name": "Nord"}, "409 group-name-taken"),
        "site that is not there": ({"site": "Bonn"}, "422 unknown-reference /site:unknown_site"),
        "lead that is not there": ({"lead": "adv_01J00000000000000000000000"}, "422 unknown-reference /lead:unknown_advisor"),
        "lead that is a group": ({"lead": "@nord"}, "422 unknown-reference /lead:unknown_advisor"),
        "neighbour twice": ({"neighbours": ["@nord", "@nord"]}, "422 unknown-reference /neighbours/1:twice"),
        "neighbour that is not there": ({"neighbours": ["grp_01J00000000000000000000000"]}, "422 unknown-reference /neighbours/0:unknown_group"),
        "51 neighbours": ({"neighbours": ["@nord"] * 51}, "422 invalid /neighbours:too_long"),
        "general for nowhere": ({"general_for": ["AT"]}, "422 unknown-reference /general_for/0:unknown_market"),
        "presence below nothing": ({"minimum_presence": -1}, "422 invalid /minimum_presence:greater_than_equal"),
        "presence of thousands": ({"minimum_presence": 1001}, "422 invalid /minimum_presence:less_than_equal"),
        "members in the body": ({"members": ["@anna"]}, "422 invalid /members:unknown_field"),
    }, base={"name": "West", "site": "Berlin"}),
    *at("admin", "PUT /v1/desk-groups/@nord", {"one's own neighbour": ({"name": "Nord", "site": "Berlin", "neighbours": ["@nord"]}, "422 unknown-reference /neighbours/0:itself")}),
    *at("admin", "PUT /v1/products/dns", {
        "level 6": ({"level": 6}, "422 invalid /level:less_than_equal"),
        "skill with a space": ({"skill": "d n s"}, "422 invalid /skill:string_pattern_mismatch"),
        "seconds below nothing": ({"expected_seconds": {"default": -1}}, "422 invalid /expected_seconds/default:greater_than_equal"),
        "tier with a space": ({"expected_seconds": {f"{CANARY} 1": 1}}, "422 invalid"),
        "51 tiers": ({"expected_seconds": {f"t{n}": 1 for n in range(51)}}, "422 invalid /expected_seconds:too_long"),
    }, base={"name": "DNS", "skill": "dns"}),
    *at("admin", "PUT /v1/products/d%20n%20s", {"id with a space": ({"name": "DNS", "skill": "dns"}, "404 not-found")}),
    *at("admin", "POST /v1/markets/DE/numbers", {
        "none": ({"numbers": []}, "422 invalid /numbers:too_short"),
        "a thousand and one": ({"numbers": ["030 23125-100"] * 1001}, "422 invalid /numbers:too_long"),
        "help among them": ({"numbers": ["030 23125-800", "112"]}, "422 number-not-allowed /numbers/1:number_not_allowed"),
        "premium among them": ({"numbers": ["030 23125-800", "0" + "900 5 123456"]}, "422 number-not-allowed /numbers/1:number_not_allowed"),
        "a name among them": ({"numbers": ["030 23125-800", CANARY]}, "422 number-unreadable /numbers/1:number_unreadable"),
        "a number as a number": ({"numbers": [3023125800]}, "422 invalid /numbers/0:string_type"),
        "of a kind that is not one": ({"numbers": ["030 23125-800"], "kind": "lucky"}, "422 invalid /kind:literal_error"),
    }),
    *at("admin", "POST /v1/markets/AT/numbers", {"of no market": ({"numbers": ["030 23125-800"]}, "404 not-found")}),
]  # fmt: skip

ADVISOR = {
    "external_ref": "P-1",
    "name": "Zoe Zeder",
    "site": "Berlin",
    "languages": ["de"],
    "markets": ["DE"],
    "working_pattern": WORKDAYS,
}
ADVISORS = [
    *at("admin", "POST /v1/advisors", {
        "site that is not there": ({"site": "Bonn"}, "422 unknown-site /site:unknown_site"),
        "group that is not there": ({"desk_group": "Ost"}, "422 unknown-group /desk_group:unknown_group"),
        "market that is not there": ({"markets": ["DE", "AT"]}, "422 unknown-market /markets/1:unknown_market"),
        "reference with a slash": ({"external_ref": "P/1"}, "422 invalid /external_ref:string_pattern_mismatch"),
        "reference with a dash in front": ({"external_ref": "--help"}, "422 invalid /external_ref:string_pattern_mismatch"),
        "skill twice": ({"skills": [{"skill": "dns", "level": 1}, {"skill": "dns", "level": 2}]}, "422 skill-twice /skills:skill_twice"),
        "skill without level": ({"skills": [{"skill": "dns"}]}, "422 invalid /skills/0/level:missing"),
        "skill of level 0": ({"skills": [{"skill": "dns", "level": 0}]}, "422 invalid /skills/0/level:greater_than_equal"),
        "skill until no zone": ({"skills": [{"skill": "dns", "level": 1, "valid_until": "2027-01-01T00:00:00"}]}, "422 invalid /skills/0/valid_until:no_time_zone"),
        "101 skills": ({"skills": [{"skill": f"s{n}", "level": 1} for n in range(101)]}, "422 invalid /skills:too_long"),
        "two phones at once": ({"phone_capacity": 2}, "422 invalid /phone_capacity:less_than_equal"),
        "chats below nothing": ({"chat_capacity": -1}, "422 invalid /chat_capacity:greater_than_equal"),
        "script for a photo": ({"photo_url": "javascript:alert(1)"}, "422 invalid /photo_url:string_pattern_mismatch"),
        "file for a photo": ({"photo_url": "file:///etc/passwd"}, "422 invalid /photo_url:string_pattern_mismatch"),
        "phone with a header": ({"sip_uri": "sip:a@b.example\r\nX: 1"}, "422 invalid /sip_uri:string_pattern_mismatch"),
        "endpoint with a space": ({"sip_endpoint": "PJSIP/zoe,30 g"}, "422 invalid /sip_endpoint:string_pattern_mismatch"),
        "book that is full from the start": ({"book": {"cap_s": 0}}, "422 invalid /book/cap_s:greater_than_equal"),
        "book with a target above the cap": ({"book": {"cap_s": 100, "target_s": 101}}, "422 invalid /book:target_above_cap"),
        "working past midnight": ({"working_pattern": {"mon": [["22:00", "06:00"]]}}, "422 invalid /working_pattern:ends_before_it_starts"),
        "salary": ({"salary": 1}, "422 invalid /salary:unknown_field"),
    }, base=ADVISOR),
    *at("admin", "PUT /v1/advisors/@anna", {"reference in the body": (ADVISOR, "422 invalid /external_ref:unknown_field")}),
    *at("admin", "PUT /v1/advisors/@K-1", {"id of a customer": ({k: v for k, v in ADVISOR.items() if k != "external_ref"}, "404 not-found")}),
    *at("admin", "POST /v1/advisors/@anna/leaving", {
        "never": ({"leaving_at": None}, "422 invalid /leaving_at:datetime_type"),
        "by no zone": ({"leaving_at": "2026-12-31T17:00:00"}, "422 invalid /leaving_at:no_time_zone"),
        "at the end of days": ({"leaving_at": "9999-12-31T23:59:59Z"}, "422 invalid /leaving_at:out_of_range"),
    }),
    *at("admin", "POST /v1/advisors/@anna/hand-over", {"of somebody who stays": (NOTHING, "409 not-leaving")}),
    *at("admin", "POST /v1/advisors/adv_01J00000000000000000000000/hand-over", {"of nobody": (NOTHING, "404 not-found")}),
]  # fmt: skip

ACCOUNT = {
    "email": "gerd@desk.example",
    "name": "Gerd",
    "role": "lead",
    "password": "correct horse battery",  # pragma: allowlist secret
}  # pragma: allowlist secret
ACCOUNTS = [
    *at("admin", "POST /v1/accounts", {
        "address of another": ({"email": "FRIEDA@desk.example"}, "409 address-taken /email:taken"),
        "address without a host": ({"email": CANARY}, "422 invalid /email:string_pattern_mismatch"),
        "address in other letters": ({"email": "gérd@desk.example"}, "422 invalid /email:string_pattern_mismatch"),
        "role of a boss": ({"role": "root"}, "422 invalid /role:literal_error"),
        "role of a machine": ({"role": "telephony"}, "422 invalid /role:literal_error"),
        "short password": ({"password": CANARY[:11]}, "422 invalid /password:string_too_short"),
        "endless password": ({"password": "x" * 201}, "422 invalid /password:string_too_long"),
        "password that is null": (b'{"email": "g@x.example", "name": "G", "role": "lead", "password": "\\u0000aaaaaaaaaaaa"}', "422 unsafe-text /password:nul"),
        "advisor that is not there": ({"advisor_id": "adv_01J00000000000000000000000"}, "409 no-such-advisor /advisor_id:unknown"),
        "advisor of another account": ({"advisor_id": "@anna"}, "409 advisor-has-account /advisor_id:taken"),
        "advisor that is a customer": ({"advisor_id": "@K-1"}, "422 unknown-reference /advisor_id:unknown"),
        "hash in the body": ({"password_hash": "x"}, "422 invalid /password_hash:unknown_field"),
    }, base=ACCOUNT),
    *at("admin", "PATCH /v1/accounts/@frieda", {
        "name that is null": ({"name": None}, "422 invalid /name:string_type"),
        "role that is null": ({"role": None}, "422 invalid /role:literal_error"),
        "address": ({"email": "x@desk.example"}, "422 invalid /email:unknown_field"),
        "active perhaps": ({"active": "perhaps"}, "422 invalid /active:bool_parsing"),
        "advisor of another": ({"advisor_id": "@anna"}, "409 advisor-has-account /advisor_id:taken"),
        "list of changes": ([{"op": "replace"}], "422 invalid :not_an_object"),
    }),
    *at("admin", "PATCH /v1/accounts/@key", {"id of a key": ({}, "404 not-found")}),
    *at("admin", "POST /v1/machine-keys", {
        "no scope": ({"scopes": []}, "422 invalid /scopes:too_short"),
        "scope of a person": ({"scopes": ["admin"]}, "422 invalid /scopes/0:literal_error"),
        "all scopes and one more": ({"scopes": ["operator"] * 4}, "422 invalid /scopes:too_long"),
        "scope as a text": ({"scopes": "telephony"}, "422 invalid /scopes:list_type"),
        "ended before it began": ({"expires_at": "2026-11-23T09:00:00Z"}, "422 bad-machine-key /expires_at:in_the_past"),
        "ends without zone": ({"expires_at": "2027-01-01T00:00:00"}, "422 invalid /expires_at:no_time_zone"),
        "ends with the calendar": ({"expires_at": "9999-12-31T23:59:59Z"}, "422 invalid /expires_at:out_of_range"),
        "secret of one's own": ({"secret": CANARY}, "422 invalid /secret:unknown_field"),
        "name of a kilobyte": ({"name": "x" * 1024}, "422 invalid /name:string_too_long"),
    }, base={"name": "pbx", "scopes": ["telephony"]}),
    *at(None, "POST /v1/sessions", {
        "nobody": ({"email": f"{CANARY}@desk.example"}, "401 wrong-credentials"),
        "nobody at all": ({"email": ""}, "401 wrong-credentials"),
        "SQL": ({"email": "' OR 1=1 --"}, "401 wrong-credentials"),
        "wildcards": ({"email": "%"}, "401 wrong-credentials"),
        "password of a kilobyte": ({"password": "x" * 1024}, "422 invalid /password:string_too_long"),
        "password that is a list": ({"password": ["x"]}, "422 invalid /password:string_type"),
        "no password": ({"password": None}, "422 invalid /password:string_type"),
        "and a role": ({"role": "admin"}, "422 invalid /role:unknown_field"),
        "address of a kilobyte": ({"email": "x" * 1024}, "422 invalid /email:string_too_long"),
    }, base={"email": "frieda@desk.example", "password": CANARY}),
]  # fmt: skip

ROWS = [*DESK, *ABSENCES, *COMPANY, *ADVISORS, *ACCOUNTS]
