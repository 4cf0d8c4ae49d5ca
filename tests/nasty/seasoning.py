"""What a machine can't guess: ids, references and times that mean something in the company."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import requests

from tests.nasty.company import GENERAL, PHONES, Names
from tests.support.builders import WORKDAYS

BASE = "http://durchwahl.test"
SHARE = 0.5
PLAIN = 0.3
"""Cases that are sent as they were made, so that what was meant to be wrong is wrong."""
STRANGERS = 0.02

PEOPLE = {"advisor": ("anna", "ben", "carl"), "lead": ("lea", "luis")}
"""Roles that need an advisor behind them."""

SIGN_OUT = {"/v1/sessions/current", "/v1/sessions"}
LEAVER = "leaver"
"""Somebody who is not needed any more after having signed out."""

LINES = (
    {"external_ref": "K-1", "market": "DE", "phones": [PHONES["K-1"]], "products": ["hosting"]},
    {"external_ref": "K-9", "market": "DE"},
    {"external_ref": "K-4", "wishes": {"languages": ["de"]}},
    {"number": "030 23125-777", "market": "DE"},
    {
        "external_ref": "P-9",
        "name": "Zoe",
        "site": "Berlin",
        "languages": ["de"],
        "markets": ["DE"],
        "working_pattern": WORKDAYS,
    },
)


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: dict[str, str]
    content: str | bytes
    plain: bool = False


class Seasoning:
    """Turns a generated case into a request that somebody of the company sends."""

    def __init__(self, tokens: Mapping[str, str], names: Names) -> None:
        self._tokens = tokens
        self._known = known(names)

    def seasoned(self, case: Any, dice: random.Random) -> Request:
        if dice.random() < PLAIN and not _waits(case):
            request = replace(_written(case), plain=True)
            self._introduce(request.headers, case, dice)
            return request
        self._improve(case.path_parameters, dice)
        self._improve(case.query, dice)
        self._improve(case.body, dice)
        _answer_at_once(case)
        request = _written(case)
        self._introduce(request.headers, case, dice)
        self._condition(request.headers, dice)
        if request.headers.get("Content-Type") == "application/x-ndjson" and dice.random() < SHARE:
            return replace(request, content=_file(dice))
        return request

    def _improve(self, value: Any, dice: random.Random) -> None:
        if isinstance(value, dict):
            for name in value:
                if name in self._known and dice.random() < SHARE:
                    value[name] = dice.choice(self._known[name])
                else:
                    self._improve(value[name], dice)
        elif isinstance(value, list):
            for member in value:
                self._improve(member, dice)

    def _introduce(self, headers: dict[str, str], case: Any, dice: random.Random) -> None:
        """As somebody who may, mostly."""
        grants = case.operation.definition.raw.get("x-grants", [])
        headers.pop("Cookie", None)
        headers.pop("Authorization", None)
        if grants and dice.random() > STRANGERS:
            grant = dice.choice(grants)
            leaves = case.path in SIGN_OUT and case.method == "DELETE"
            who = LEAVER if leaves else dice.choice(PEOPLE.get(grant, (grant,)))
            headers["Authorization"] = f"Bearer {self._tokens[who]}"

    def _condition(self, headers: dict[str, str], dice: random.Random) -> None:
        """To whatever is there, often; with a key of its own where one is wanted."""
        if "If-Match" in headers and dice.random() < SHARE:
            headers["If-Match"] = "*"
        if "Idempotency-Key" in headers and dice.random() > STRANGERS:
            headers["Idempotency-Key"] = str(UUID(int=dice.getrandbits(128)))


def _written(case: Any) -> Request:
    """As it would go over the wire."""
    prepared = requests.Request(**case.as_transport_kwargs(base_url=BASE)).prepare()
    headers = {
        name: text.decode("latin-1") if isinstance(text, bytes) else text for name, text in prepared.headers.items()
    }
    content = prepared.body or b""
    assert isinstance(content, str | bytes)
    return Request(str(prepared.method), str(prepared.url), headers, content)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _waits(case: Any) -> bool:
    return bool(case.path.endswith(("/wait", "/claim")))


def _answer_at_once(case: Any) -> None:
    """Whoever may wait for an answer does not."""
    if _waits(case):
        wanted = str(case.query.get("for_s", ""))
        case.query = {**case.query, "for_s": wanted if wanted.startswith("-") else "0"}


def _file(dice: random.Random) -> bytes:
    lines = [json.dumps(dice.choice(LINES)).encode() for _ in range(dice.randint(1, 5))]
    broken = dice.randbytes(dice.randint(0, 20))
    lines.insert(dice.randint(0, len(lines)), broken)
    return b"\n".join(lines)


def known(names: Names) -> dict[str, list[Any]]:
    """Name of a field or parameter → values that fit somewhere."""
    advisors = [names[name] for name in ("anna", "ben", "carl", "lea")]
    groups = [names["nord"], names["sued"]]
    moments = [
        "2026-11-23T10:30:00+01:00",
        "2026-11-24T09:00:00+01:00",
        "2026-11-24T09:30:00Z",
        "2026-12-20T00:00:00+01:00",
        "2027-01-02T00:00:00Z",
        "2026-11-23T09:00:00Z",
    ]
    return {
        "external_ref": list(PHONES),
        "advisor_id": advisors,
        "desk_group": ["Nord", *groups],
        "group_id": groups,
        "site_id": [names["berlin"]],
        "site": ["Berlin", names["berlin"]],
        "lead": advisors,
        "neighbours": [[], groups[:1], groups],
        "general_for": [[], ["DE"]],
        "market_id": ["DE"],
        "market": ["DE"],
        "markets": [["DE"]],
        "products": [[], ["hosting"], ["hosting", "hosting"]],
        "product_id": ["hosting"],
        "skill": ["hosting"],
        "phones": [[], [PHONES["K-1"]], ["089 99998-555"]],
        "numbers": [["030 23125-555"], [GENERAL]],
        "number": ["089 99998-101", "030/23125-017", PHONES["K-2"]],
        "languages": [["de"], ["de", "en"]],
        "time_zone": ["Europe/Berlin", "America/New_York"],
        "phone_region": ["DE"],
        "holiday_country": ["DE", None],
        "holiday_subdivision": ["BE", "BY", None],
        "opening_hours": [WORKDAYS, {}],
        "working_pattern": [WORKDAYS, {}],
        "calling_hours": [WORKDAYS, None],
        "slot_starts_at": moments,
        "starts_at": moments,
        "ends_at": moments,
        "valid_from": moments,
        "leaving_at": moments,
        "expires_at": moments,
        "since": moments,
        "call_id": ["pbx-ringing", "pbx-talking", "pbx-over", "pbx-new"],
        "from": list(PHONES.values()),
        "to": [GENERAL],
        "offer_id": [names["off_ringing"], names["off_over"], names["off_talking"]],
        "contact_id": [names["con_ringing"], names["con_over"], names["con_talking"]],
        "callback_id": [names["cb_K-2"], names["cb_K-4"]],
        "absence_id": [names["abs_anna"], names["abs_ben"]],
        "closure_id": [names["clo"]],
        "decision_id": [names["dec"]],
        "key_id": [names["key"], names["sig"]],
        "account_id": [names["frieda"]],
        "on_behalf_by": advisors,
        "token": [names["att"]] if "att" in names else [names["off_ringing"]],
        "email": ["frieda@desk.example", "gerd@desk.example"],
        "password": ["correct horse battery"],
        "endpoint": ["PJSIP/anna"],
        "after": ["", "AAAA"],
        "limit": [1, 2, 200],
    }
