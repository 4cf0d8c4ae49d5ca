"""The native rendering: verbs as plain JSON, the shapes of `docs/` and of every client of ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kit.ids import encode
from telephony.verbs import Dial, Gather, Hangup, Redirect, Say, Target, Verb, Wait

Rendered = dict[str, Any]


def render(verbs: Sequence[Verb], call_id: str) -> list[Rendered]:
    """In order; each names where its events go."""
    events = f"/v1/telephony/calls/{call_id}/events"
    return [{**_one(verb, call_id), "event_url": events} for verb in verbs]


def _one(verb: Verb, call_id: str) -> Rendered:
    match verb:
        case Say():
            return {"verb": "say", "language": verb.language, "text": verb.text}
        case Gather():
            return _gather(verb)
        case Dial():
            return {
                "verb": "dial",
                "targets": [_target(target) for target in verb.targets],
                "timeout_s": verb.timeout_s,
                "offer_id": encode("off", verb.offer_id),
                "token": encode("att", verb.token),
                "answer_on_bridge": True,
            }
        case Wait():
            return {
                "verb": "wait",
                "position": verb.position,
                "expected_wait_s": list(verb.expected_wait_s) if verb.expected_wait_s else None,
                "poll_after_s": verb.poll_after_s,
                "for": verb.whom,
                "wait_url": f"/v1/telephony/calls/{call_id}/wait",
            }
        case Redirect():
            return {"verb": "redirect", "target": verb.target}
        case Hangup():
            return {"verb": "hangup", "cause": verb.cause}


def _gather(verb: Gather) -> Rendered:
    rendered: Rendered = {
        "verb": "gather",
        "digits": verb.digits,
        "timeout_s": verb.timeout_s,
        "for": verb.asks_for,
    }
    if verb.choices:
        rendered["choices"] = dict(verb.choices)
    if verb.expected_wait_s:
        rendered["expected_wait_s"] = dict(verb.expected_wait_s)
    if verb.finish_on is not None:
        rendered["finish_on"] = verb.finish_on
    return rendered


def _target(target: Target) -> Rendered:
    return {"type": "sip", "uri": target.uri, "endpoint": target.endpoint}
