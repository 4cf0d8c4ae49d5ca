"""The company: numbers, cover of the desk groups, advisors, certificates, customers, books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

from cli.doctor import queries
from cli.doctor.findings import Finding, Severity, some
from contacts.directory import Directory, GroupEntry, MarketEntry
from kit.database import ReadSession
from kit.ids import encode
from kit.intervals import Interval, intersect, union

AHEAD = timedelta(days=14)
SHORT_DAYS = 30
"""A block of numbers takes weeks to get."""
FEW_FREE = 20

LACKS: dict[str, tuple[str, Severity, str, str]] = {
    "sip_target": (
        "advisors.no-sip-target",
        "error",
        "can't be rung: neither SIP address nor endpoint",
        "Give each a `sip_uri` or `sip_endpoint`, or set the phone capacity to 0.",
    ),
    "markets": (
        "advisors.no-market",
        "warning",
        "serve no market, so they get no customers and no calls",
        "Give each the markets they serve.",
    ),
    "desk_group": (
        "advisors.no-desk-group",
        "warning",
        "sit in no desk group, so nobody takes their customers' calls when they are away",
        "Put each into a desk group.",
    ),
    "working_pattern": (
        "advisors.no-working-pattern",
        "warning",
        "have no working pattern, so no callback can be promised for them",
        "Enter the hours that they work.",
    ),
    "number": (
        "advisors.no-number",
        "warning",
        "have customers in a market but no direct dial number there",
        "Add numbers to the market's pool (`durchwahl import numbers FILE`).",
    ),
    "stayed": (
        "advisors.left-with-customers",
        "error",
        "have left and still have customers",
        "Let the loop `leavers` run; where it can't, no advisor of the market has the skills or the room.",
    ),
}
"""What an advisor may lack: code, severity, what is so, what to do."""


async def check_numbers(session: ReadSession, now: datetime) -> AsyncIterator[Finding]:
    for row in await queries.rows(session, queries.NUMBERS, now):
        days = _days_left(row["free"], row["issued"])
        if row["free"] >= FEW_FREE and (days is None or days >= SHORT_DAYS):
            continue
        lasts = "" if days is None else f", which last {days} days at the pace of the last 30"
        resting = f"; {row['resting']} rest, the first until {row['back_at']:%Y-%m-%d}" if row["resting"] else ""
        yield Finding(
            "numbers.few-left",
            "error" if row["free"] == 0 else "warning",
            f"Market {row['market']} has {row['free']} free direct dial numbers{lasts}{resting}.",
            "Order a block and add it: `durchwahl import numbers FILE`.",
            {"market": row["market"], "free": row["free"], "resting": row["resting"], "days_left": days},
        )


def _days_left(free: int, issued_in_30_days: int) -> int | None:
    return free * 30 // issued_in_30_days if issued_in_30_days else None


def check_cover(directory: Directory, now: datetime) -> Iterator[Finding]:
    """Days of the next two weeks on which a group's market is open and neither it nor a neighbour works."""
    for market in directory.markets.values():
        if market.general_group_id is None:
            yield Finding(
                "cover.no-general-group",
                "error",
                f"Market {market.id} has no general group: callers without an advisor reach nobody.",
                "Name the market in `general_for` of the desk group that is to take them.",
                {"market": market.id},
            )
    for group in directory.groups.values():
        yield from _cover(directory, group, now)


def _cover(directory: Directory, group: GroupEntry, now: datetime) -> Iterator[Finding]:
    name = encode("grp", group.id)
    general_for = [m for m in directory.markets.values() if m.general_group_id == group.id]
    if not group.members:
        if general_for:
            yield Finding(
                "cover.empty-general-group",
                "error",
                f"Desk group {name} takes the callers of {general_for[0].id} and has no members.",
                "Put advisors into it, or name another general group.",
                {"group": name},
            )
        return
    bare = _bare_days(directory, group, _markets_of(directory, group, general_for), now)
    if bare:
        first = ", ".join(bare[:3])
        yield Finding(
            "cover.group-without-cover",
            "error" if general_for else "warning",
            f"Nobody of desk group {name} or its neighbours works on {len(bare)} of the next {AHEAD.days} days "
            f"that its market is open ({first}{' …' if len(bare) > 3 else ''}).",
            "Move an absence, or name a neighbour who works on those days.",
            {"group": name, "days": bare},
        )


def _markets_of(directory: Directory, group: GroupEntry, general_for: list[MarketEntry]) -> list[MarketEntry]:
    served = {market for member in group.members for market in directory.advisors[member].markets}
    return [m for m in directory.markets.values() if m.id in served or m in general_for]


def _bare_days(directory: Directory, group: GroupEntry, markets: list[MarketEntry], now: datetime) -> list[str]:
    """Days on which some market is open, and neither the group nor a neighbour works at any time of it."""
    until = now + AHEAD
    groups = [group, *(directory.groups[other] for other in group.neighbours)]
    people = [member for one in groups for member in one.members]
    at_work = union(*(directory.advisors[member].working.intervals(now, until) for member in people))
    days = [Interval(now + timedelta(days=day), now + timedelta(days=day + 1)) for day in range(AHEAD.days)]
    bare = [
        f"{opened[0].starts_at.astimezone(market.hours.zone):%Y-%m-%d}"
        for day in days
        for market in markets
        if (opened := market.hours.open_intervals(*day)) and not intersect(opened, at_work)
    ]
    return list(dict.fromkeys(bare))


async def check_advisors(session: ReadSession, now: datetime) -> AsyncIterator[Finding]:
    for row in await queries.rows(session, queries.ADVISORS_WITHOUT, now):
        code, severity, what, do = LACKS[row["what"]]
        ids = [encode("adv", identifier) for identifier in dict.fromkeys(row["ids"])]
        yield Finding(code, severity, f"{len(ids)} advisors {what}.", do, some(ids))
    for row in await queries.rows(session, queries.CERTIFICATES, now):
        yield Finding(
            "advisors.certificate-ends",
            "warning",
            f"{row['count']} certificates for `{row['skill']}` end within 30 days, the first on "
            f"{row['first_ends_at']:%Y-%m-%d}; the skill then counts for nothing.",
            "Plan the training, or enter the new end where it has been renewed.",
            {"skill": row["skill"], **some([encode("adv", one) for one in row["ids"]])},
        )


async def check_customers(session: ReadSession, now: datetime) -> AsyncIterator[Finding]:
    for row in await queries.rows(session, queries.WITHOUT_ADVISOR, now):
        yield Finding(
            "customers.without-advisor",
            "info",
            f"{row['count']} customers of market {row['market']} have no advisor, although there is room.",
            f"Where all are to have one: `durchwahl activate --all --market {row['market']}`.",
            {"market": row["market"], "count": row["count"]},
        )
    over = [encode("adv", row["advisor_id"]) for row in await queries.rows(session, queries.OVER_CAP)]
    if over:
        yield Finding(
            "books.over-cap",
            "warning",
            f"{len(over)} books are fuller than their cap.",
            "Raise the caps or move customers to others; nobody new is put into these books meanwhile.",
            some(over),
        )
