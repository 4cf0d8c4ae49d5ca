"""Decide, claim, write: how a contact gets to an advisor, into a queue, or to a choice.

The core decides on what was read; the claim is a guarded update of the advisor's presence. Whoever lost the race is
decided again without that advisor. Everything is written at the end, in one statement for calls that are new.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from advisors import presence_queries
from advisors.public import presence_changed
from contacts import channels, queries
from contacts.public import contact_changed, offer_changed
from contacts.situation import Case, Scene, problem
from contacts.states import CONTACT
from decisions import service as decisions
from kit.ids import encode
from markets.policy import Policy
from routing import written
from routing.plan import Closed, Explain, Explanation, Offer, Plan, Reason, ToCallbackOnly, Trail, Wait

OFFER_SLACK = timedelta(seconds=5)
"""An offer lives this much longer than it rings: for the way to the phone and back."""
CHOICE_SLACK = timedelta(seconds=30)
"""For reading the choices aloud."""
MOST_ROUNDS = 8
"""A case that has lost this many races waits instead; the dispatcher sees to it."""

LOST: Plan = Wait((Reason("lost_every_race"),), Trail(Explanation), "group", (), False, 1.0)


@dataclass
class Placed:
    """What was decided for a case, and the rows that say so."""

    case: Case
    before: dict[str, Any]
    plan: Plan
    changes: dict[str, Any] = field(default_factory=dict)
    offer: dict[str, Any] | None = None
    decision: dict[str, Any] | None = None
    kind: str = "contact.changed"
    burst: tuple[int, int] | None = None
    """Of how many contacts and advisors, where they were matched at once."""


async def place(scene: Scene, cases: Sequence[Case]) -> Sequence[Placed]:
    """Find a place for each contact and write it down; rows of the cases are changed accordingly."""
    return await carry_out(scene, await _decide_and_claim(scene, cases))


async def carry_out(scene: Scene, placed: Sequence[Placed]) -> Sequence[Placed]:
    """Write down what was decided, where the advisors are claimed already."""
    for one in placed:
        _apply(scene, one)
    if placed:
        await _write(scene, placed)
    return placed


async def _decide_and_claim(scene: Scene, cases: Sequence[Case]) -> list[Placed]:
    done: dict[UUID, Placed] = {}
    pending = list(cases)
    for _ in range(MOST_ROUNDS):
        decided = [(case, await plan_for(scene, case)) for case in pending]
        won = await _claim(scene, decided)
        pending = []
        for case, plan in decided:
            if isinstance(plan, Offer) and won.get(plan.advisor) is not case:
                case.taken.add(plan.advisor)
                pending.append(case)
            else:
                done[case.row["id"]] = Placed(case, dict(case.before or case.row), plan)
        if not pending:
            break
    for case in pending:
        done[case.row["id"]] = Placed(case, dict(case.before or case.row), LOST)
    return [done[case.row["id"]] for case in cases]


async def plan_for(scene: Scene, case: Case) -> Plan:
    """What the core says of this case now; nobody is claimed by it."""
    asked = await problem(scene, case)
    rule = written.decide if asked.channel == "email" else scene.exchange.decide
    with scene.exchange.meters.deciding():
        return rule(asked)


async def _claim(scene: Scene, decided: Sequence[tuple[Case, Plan]]) -> dict[UUID, Case]:
    """Who got whom: each advisor goes to the first case that asked, if the database says they are still free."""
    wanted: dict[UUID, Case] = {}
    for case, plan in decided:
        if isinstance(plan, Offer):
            wanted.setdefault(plan.advisor, case)
    if not wanted:
        return {}
    if any(case.row["channel"] != "phone" for case in wanted.values()):
        return await _claim_places(scene, wanted)
    rows = await presence_queries.claim(scene.session, sorted(wanted), scene.now)
    scene.exchange.meters.claimed(len(wanted), len(rows))
    for row in rows:
        group_id = scene.directory.advisors[row["advisor_id"]].group_id
        scene.session.announce(presence_changed("presence.changed", {**row, "desk_group_id": group_id}, scene.now))
    return {row["advisor_id"]: wanted[row["advisor_id"]] for row in rows}


async def _claim_places(scene: Scene, wanted: Mapping[UUID, Case]) -> dict[UUID, Case]:
    """The same for chats and mails, which take a place beside the phone and leave the presence as it is."""
    won = await channels.claim(scene, {who: case.row for who, case in wanted.items()})
    scene.exchange.meters.claimed(len(wanted), len(won))
    return {who: wanted[who] for who in won}


def _apply(scene: Scene, placed: Placed) -> None:
    """Turn the plan into column changes of the contact."""
    handlers: dict[type[Any], Callable[[Scene, Placed, Any], None]] = {
        Offer: _offered,
        Explain: _explained,
        Wait: _waiting,
        Closed: _turned_away,
        ToCallbackOnly: _turned_away,
    }
    handlers[type(placed.plan)](scene, placed, placed.plan)
    if placed.changes.get("state", placed.case.row["state"]) != placed.case.row["state"]:
        placed.changes["since"] = scene.now
    _record(scene, placed)
    placed.case.row.update(placed.changes)


def _offered(scene: Scene, placed: Placed, plan: Offer) -> None:
    row, now = placed.case.row, scene.now
    advisor = scene.directory.advisors[plan.advisor]
    placed.kind = "contact.offered"
    placed.changes = {
        "state": "offered",
        "advisor_id": advisor.id,
        "desk_group_id": advisor.group_id,
        "first_offered_at": row["first_offered_at"] or now,
        "deadline_at": None,
        "menu": None,
        "step": None,
    }
    placed.offer = {
        "id": scene.exchange.new_id(now),
        "market_id": row["market_id"],
        "channel": row["channel"],
        "contact_id": row["id"],
        "callback_id": None,
        "advisor_id": advisor.id,
        "state": "open",
        "made_at": now,
        "deadline_at": _until(scene, row, plan),
        "ringing_at": None,
        "decided_at": None,
        "reason": None,
        "decision_id": None,
    }


def _until(scene: Scene, row: Mapping[str, Any], plan: Offer) -> datetime:
    """When an offer is over: a phone has rung, a chat was not taken, a mail was not opened."""
    rules, now = scene.market(row).policy(scene.now).writing, scene.now
    if row["channel"] == "phone":
        return now + timedelta(seconds=plan.ring_s) + OFFER_SLACK
    if row["channel"] == "chat":
        return now + timedelta(seconds=rules.chat_ring_s)
    turn = row["own_until"] if plan.own else None
    return max(turn or now, now + timedelta(minutes=rules.email_offer_minutes))


def _explained(scene: Scene, placed: Placed, plan: Explain) -> None:
    row, market = placed.case.row, scene.market(placed.case.row)
    placed.kind = "contact.choosing"
    placed.changes = {
        "state": "choosing",
        "advisor_id": None,
        "desk_group_id": _own_group(scene, row),
        "choices_asked": row["choices_asked"] + 1,
        "deadline_at": _choice_deadline(scene, row, market.policy(scene.now)),
        "step": "menu",
        "menu": {
            "why": plan.absence,
            "returns_at": plan.returns_at,
            "choices": _choices(row, plan.choices),
            "expected_wait_s": {choice: _whole(wait) for choice, wait in plan.expected_wait_s.items()},
        },
    }


def _choices(row: Mapping[str, Any], choices: Sequence[str]) -> list[str]:
    """Whoever writes may also leave what they have written."""
    spoken = [choice for choice in choices if choice != "message"]
    return spoken if row["channel"] == "phone" else [*spoken, "message"]


def _choice_deadline(scene: Scene, row: Mapping[str, Any], policy: Policy) -> datetime:
    if row["channel"] == "phone":
        return scene.now + timedelta(seconds=policy.routing.choice_timeout_s) + CHOICE_SLACK
    return scene.now + timedelta(seconds=policy.writing.chat_choice_s)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)


def _waiting(scene: Scene, placed: Placed, plan: Wait) -> None:
    row, now = placed.case.row, scene.now
    first = row["waiting_since"] is None
    placed.kind = "contact.waiting"
    placed.changes = {
        "state": "waiting",
        "advisor_id": None,
        "desk_group_id": plan.groups[0] if plan.groups else _own_group(scene, row),
        "waiting_since": now if first else row["waiting_since"],
        "deadline_at": now + timedelta(seconds=max(1.0, plan.look_again_s)),
        "choice": "hold" if plan.whom == "own" else _no_longer_holding(row["choice"]),
        "step": None,
        "menu": {"callback_offered": plan.callback_offered},
    }


def _no_longer_holding(choice: str | None) -> str | None:
    return "colleague" if choice == "hold" else choice


def _turned_away(scene: Scene, placed: Placed, plan: Closed | ToCallbackOnly) -> None:
    """Closed or full: a callback where one can be promised, else goodbye."""
    market = scene.market(placed.case.row)
    closed = isinstance(plan, Closed)
    menu = {
        "why": plan.reasons[0].code,
        "closed": market.hours.why_closed(scene.now) if closed else "full",
        "opens_at": plan.opens_at if isinstance(plan, Closed) else None,
        "choices": _choices(placed.case.row, plan.choices),
    }
    if menu["choices"]:
        placed.kind = "contact.choosing"
        placed.changes = {
            "state": "choosing",
            "advisor_id": None,
            "step": "closed" if closed else "full",
            "menu": menu,
            "deadline_at": _choice_deadline(scene, placed.case.row, market.policy(scene.now)),
        }
        return
    placed.kind = "contact.closed_hours"
    placed.changes = {
        "state": "closed_hours",
        "advisor_id": None,
        "menu": menu,
        "ended_at": scene.now,
        "ended_reason": menu["closed"],
        "deadline_at": None,
    }


def _own_group(scene: Scene, row: Mapping[str, Any]) -> UUID | None:
    own = scene.directory.advisors.get(row["own_advisor_id"]) if row["own_advisor_id"] else None
    return own.group_id if own is not None else scene.market(row).general_group_id


def _record(scene: Scene, placed: Placed) -> None:
    row, plan, market = placed.case.row, placed.plan, scene.market(placed.case.row)
    placed.decision = {
        "id": scene.exchange.new_id(scene.now),
        "at": scene.now,
        "market_id": market.id,
        "kind": "route" if placed.burst is None else "match",
        "subject": encode("con", row["id"]),
        "chosen": plan.advisor if isinstance(plan, Offer) else None,
        "policy": market.policy_name(scene.now),
        "data": {
            "plan": type(plan).__name__.lower(),
            "because": [{"code": reason.code, **reason.args} for reason in plan.reasons],
            **plan.explanation.record(_advisor),
            **_solved(placed.burst),
        },
    }
    if placed.offer is not None:
        placed.offer["decision_id"] = placed.decision["id"]


def _solved(burst: tuple[int, int] | None) -> dict[str, Any]:
    return (
        {} if burst is None else {"solver": {"name": "min_cost_flow", "contacts": burst[0], "advisors": burst[1]}}
    )


def _advisor(identifier: UUID) -> str:
    return encode("adv", identifier)


async def _write(scene: Scene, placed: Sequence[Placed]) -> None:
    session = scene.session
    for one in placed:
        if not one.case.new:
            await _pass_the_queue(scene, one)
            one.case.row = await queries.save(session, one.case.row, **{**one.case.learnt, **one.changes})
    await queries.write(
        session,
        [one.case.row for one in placed if one.case.new],
        [one.offer for one in placed if one.offer is not None],
        [one.decision for one in placed if one.decision is not None],
    )
    for one in placed:
        one.case.offer = one.offer
        if one.decision is not None:
            decisions.tell(session, one.decision["id"], one.decision["kind"], one.decision["subject"])
        announce(scene, one)


async def _pass_the_queue(scene: Scene, placed: Placed) -> None:
    """A stored contact that is turned away has waited before, if only for this instant: there is no shorter way."""
    before = placed.before
    if placed.changes["state"] == before["state"] or CONTACT.may(before["state"], placed.changes["state"]):
        return
    CONTACT.check(before["state"], "waiting")
    row = await queries.save(scene.session, before, state="waiting", since=scene.now, advisor_id=None)
    scene.session.announce(contact_changed("contact.waiting", row, scene.now, before=before))
    placed.before = row


def announce(scene: Scene, placed: Placed) -> None:
    """One event for the contact, one for the offer if there is any."""
    row, now = placed.case.row, scene.now
    before = None if placed.case.new else placed.before
    scene.session.announce(contact_changed(placed.kind, row, now, before=before))
    if placed.offer is not None:
        group_id = scene.directory.advisors[placed.offer["advisor_id"]].group_id
        scene.session.announce(offer_changed("offer.made", {**placed.offer, "desk_group_id": group_id}, now))
    if row["state"] == "waiting":
        scene.session.wakes.add("dispatch")
