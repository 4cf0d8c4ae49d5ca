"""Files with broken lines: each bad line is reported, the good ones beside it are kept."""

from __future__ import annotations

# ruff: noqa: E501 - tables, a row per line
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.nasty.rows import CANARY, CSV, NDJSON
from tests.support.builders import WORKDAYS


@dataclass(frozen=True)
class File:
    """`lines` as `3 error /market:unknown_market`, one for each line of the report but the last."""

    name: str
    who: str
    path: str
    content: bytes
    lines: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=lambda: NDJSON)

    def __str__(self) -> str:
        return f"{self.path}: {self.name}"


def line(**members: Any) -> bytes:
    return json.dumps(members).encode()


def customer(number: int, **more: Any) -> bytes:
    return line(external_ref=f"F-{number}", market="DE", **more)


def among(*bad: bytes, first: int, by: bytes = b"\n") -> bytes:
    """The bad lines between two good ones."""
    return by.join([customer(first), *bad, customer(first + 1)])


def two(*errors: str) -> tuple[str, ...]:
    """A good line, the errors, a good line."""
    wrong = tuple(f"{place} error {error}" for place, error in enumerate(errors, start=2))
    return ("1 created", *wrong, f"{len(errors) + 2} created")


CUSTOMERS = "/v1/imports/customers"
UTF_16 = '{"external_ref": "F-0", "market": "DE"}'.encode("utf-16-be")
UNREADABLE = (
    b"nothing but words",
    b'{"external_ref": "F-0"',
    b"[]",
    b"null",
    b'"Kanarienvogel"',
    b'{"external_ref": "F-0", "external_ref": "F-00"}',
    b'{"expected_seconds": NaN}',
    b'{"expected_seconds": 1e999}',
    b"[" * 40,
    b'{"name": "\xff"}',
    UTF_16,
    rb'{"name": "\ud800"}',
    rb'{"name": "\u0000"}',
    rb'{"name": "\u001b[2J"}',
    b'{"name": "' + b"x" * 65536 + b'"}',
    b"{}",
)
MEANT_OTHERWISE = (
    customer(0, market_id="DE"),
    line(external_ref="F-0", market="AT"),
    line(external_ref="F 0", market="DE"),
    line(external_ref="F-0", market="de"),
    customer(0, phones=["112"]),
    customer(0, phones=["0" + "900 5 123456"]),
    customer(0, phones=[CANARY]),
    customer(0, phones=["٠٨٩"]),
    customer(0, products=["yachts"]),
    customer(0, email=CANARY),
    customer(0, name=f"{CANARY}\nx"),
    customer(0, expected_seconds=0),
    customer(0, expected_seconds=10**30),
    customer(0, time_zone="Mars/Olympus"),
    customer(0, calling_hours={"mon": [["10:00", "08:00"]]}),
    customer(0, secret=CANARY),
)

NDJSON_FILES = [
    File("unreadable lines", "control_center", CUSTOMERS, among(*UNREADABLE, first=10), two(
        *(":malformed", ":malformed", ":not_an_object", ":not_an_object", ":not_an_object", ":duplicate_key"),
        *(":not_finite", ":not_finite", ":too_deep", ":not_utf8", ":malformed", "/name:lone_surrogate", "/name:nul"),
        *("/name:control_character", ":too_long", "/market:missing /external_ref:missing"),
    )),
    File("lines that can't be meant", "control_center", CUSTOMERS, among(*MEANT_OTHERWISE, first=12), two(
        *("/market_id:unknown_field", "/market:unknown_market", "/external_ref:string_pattern_mismatch"),
        *("/market:string_pattern_mismatch", "/phones/0:number_not_allowed", "/phones/0:number_not_allowed"),
        *("/phones/0:number_unreadable", "/phones/0:number_unreadable", "/products/0:unknown_product"),
        *("/email:string_pattern_mismatch", "/name:one_line", "/expected_seconds:greater_than_equal"),
        *("/expected_seconds:less_than_equal", "/time_zone:unknown_zone", "/calling_hours:ends_before_it_starts"),
        "/secret:unknown_field",
    )),
    File("a whole file in UTF-16", "control_center", CUSTOMERS, '{"external_ref": "F-0"}\n{"external_ref": "F-0"}'.encode("utf-16"), ("1 error :not_utf8", "2 error :malformed")),
    File("line ends of other systems", "control_center", CUSTOMERS, among(b"", b"   ", first=14, by=b"\r\n"), ("1 created", "4 created")),
    File("a line of a megabyte", "control_center", CUSTOMERS, among(b"x" * 1_000_000, first=16), two(":too_long")),
    File("a last line that is cut off", "control_center", CUSTOMERS, customer(18) + b"\n" + customer(0)[:-1], ("1 created", "2 error :malformed")),
    File("the same customer three times", "control_center", CUSTOMERS, b"\n".join([customer(19), customer(19), customer(19, name="x")]), ("1 created", "2 skipped", "3 updated")),
    File("nothing but line ends", "control_center", CUSTOMERS, b"\n\r\n\n", ()),
    File("advisors", "admin", "/v1/imports/advisors", b"\n".join([
        line(external_ref="P-20", name="Ute", site="Berlin", languages=["de"], markets=["DE"], working_pattern=WORKDAYS),
        line(external_ref="P-0", name="Ute", site="Bonn", languages=["de"], markets=["DE"], working_pattern=WORKDAYS),
        line(external_ref="P-0", name="Ute", site="Berlin", languages=["de"], markets=["DE"], working_pattern={}, skills=["dns:9"]),
        line(external_ref="P-0", name="Ute", site="Berlin", languages=["de"], markets=["DE"], working_pattern={}, skills=["dns:1:0001-01-01T00:00:00+14:00"]),
        line(external_ref="P-0", name="Ute", site="Berlin", languages=["de"], markets=["DE"], working_pattern={}, skills=[["dns", 1]]),
        line(external_ref="P-0", name="Ute", site="Berlin", languages=["de"], markets=["DE"], working_pattern={}, book={"cap_s": 1, "target_s": 2}),
    ]), ("1 created", "2 error /site:unknown_site", "3 error /skills/0/level:less_than_equal", "4 error /skills/0/valid_until:out_of_range", "5 error /skills/0:not_an_object", "6 error /book:target_above_cap")),
    File("numbers", "admin", "/v1/imports/numbers", b"\n".join([
        line(number="030 23125-820", market="DE"),
        line(number="112", market="DE"),
        line(number="0" + "900 5 123456", market="DE"),
        line(number="030 23125-821", market="AT"),
        line(number="030 23125-821", market="DE", trunk="+494066969"),
        line(number="٠٣٠", market="DE"),
        line(number=3023125821, market="DE"),
        line(number="030 23125-820", market="DE"),
    ]), ("1 created", "2 error /number:number_not_allowed", "3 error /number:number_not_allowed", "4 error /market:unknown_market", "5 error /trunk:trunk_foreign", "6 error /number:number_unreadable", "7 error /number:string_type", "8 skipped")),
    File("activations", "control_center", "/v1/activations", b"\n".join([
        line(external_ref="K-7"),
        line(external_ref="nobody"),
        line(external_ref="K-7", channel="pigeon"),
        line(external_ref="K-7", on_behalf_by="adv_01J00000000000000000000000"),
        line(external_ref="K-7", on_behalf_by="cus_01J00000000000000000000000"),
        line(external_ref="K-8", wishes={"languages": ["fr"]}),
        line(external_ref="K-7"),
    ]), ("1 created", "2 error", "3 error /channel:literal_error", "4 error /on_behalf_by:unknown_advisor", "5 error /on_behalf_by:unknown_advisor", "6 error", "7 skipped")),
]  # fmt: skip

CSV_FILES = [
    File("cells too many and too few", "control_center", CUSTOMERS, b"external_ref,market\nF-30,DE\nF-0,DE,x\nF-0\nF-31,DE\n", ("2 created", "3 error :wrong_number_of_cells", "4 error :wrong_number_of_cells", "5 created"), CSV),
    File("columns that nobody knows", "control_center", CUSTOMERS, b"external_ref,market,salary\nF-0,DE,1\n", ("1 error :unknown_columns",), CSV),
    File("a column twice", "control_center", CUSTOMERS, b"external_ref,market,market\nF-0,DE,DE\n", ("1 error :column_twice",), CSV),
    File("a quote that is never closed", "control_center", CUSTOMERS, b'external_ref,market,name\nF-32,DE,x\nF-0,DE,"Kanarienvogel\nF-33,DE,y\n', ("2 created", "3 error :unreadable", "4 created"), CSV),
    File("a quote that is never closed before long lines", "control_center", CUSTOMERS, b'external_ref,market\n"x,DE\n' + (b"z" * 630 + b",DE\n") * 120, ("2 error :unreadable", *(f"{n} error /external_ref:string_pattern_mismatch" for n in range(3, 123))), CSV),
    File("not UTF-8", "control_center", CUSTOMERS, b"external_ref,market,name\nF-34,DE,x\nF-0,DE,J\xfcrgen\nF-35,DE,y\n", ("2 created", "3 error :unreadable", "4 created"), CSV),
    File("control characters", "control_center", CUSTOMERS, b"external_ref,market,name\nF-36,DE,x\nF-0,DE,a\x00b\nF-0,DE,a\x1b[2J\n", ("2 created", "3 error :nul", "4 error :control_character"), CSV),
    File("hours that are no JSON", "control_center", CUSTOMERS, b'external_ref,market,calling_hours\nF-0,DE,mon\nF-37,DE,"{""mon"": [[""08:00"", ""10:00""]]}"\n', ("2 error /calling_hours:malformed", "3 created"), CSV),
    File("formulas", "control_center", CUSTOMERS, b"external_ref,market\n=1+1,DE\n@SUM(A1),DE\n", ("2 error /external_ref:string_pattern_mismatch", "3 error /external_ref:string_pattern_mismatch"), CSV),
    File("a byte order mark and semicolons", "control_center", CUSTOMERS, "external_ref;market\nF-38;DE\n".encode("utf-8-sig"), ("2 created",), CSV),
    File("UTF-16", "control_center", CUSTOMERS, "external_ref,market\nF-0,DE\n".encode("utf-16"), ("1 error :unreadable",), CSV),
]  # fmt: skip

FILES = [*NDJSON_FILES, *CSV_FILES]
