"""The company of the demo: the log's, made smaller, moved to Germany and to this year, open day and night.

Names are invented, numbers are those kept for films: Berlin, Frankfurt and Hamburg for direct dials, Köln for the
customers, München for whoever tries the demo by hand. Everybody works around the clock, so that the demo moves
whenever somebody looks.

One advisor is special: only Camille looks after managed servers, and she gives a course most of the day. Whoever
activates an advisor for a customer with such a server gets her, and hears of an absence when they call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import resources
from random import Random
from zoneinfo import ZoneInfo

from kit.week import WEEKDAYS
from markets.policy import CallbackPolicy, Policy
from routing.policy import RoutingPolicy
from simulation import call_log, company
from simulation.numbers import PER_RANGE, film
from simulation.people import Advisor, Company, Customer, DeskGroup, Wishes

BUNDLED_LOG = "bank-calls-1999-01.csv.gz"
BERLIN = "Europe/Berlin"
ALWAYS = {day: [["00:00", "24:00"]] for day in WEEKDAYS}
SEED = 1999

CUSTOMERS = 400
POOL = [film(index) for index in range(1, 3 * PER_RANGE)]
GENERAL_NUMBER = film(0)
PRIVATE = 3 * PER_RANGE
"""The first of the customers' film numbers."""
PHONES = frozenset(film(PRIVATE + index) for index in range(CUSTOMERS))

SKILLS: Mapping[str, str] = {
    "PS": "hosting",
    "NE": "web-shop",
    "IN": "email",
    "NW": "new-customers",
    "PE": "domains",
    "TT": "dns",
}
"""Type of call in the log → what it is about here."""
PRODUCTS: Mapping[str, tuple[str, str, int]] = {
    "web-hosting": ("Webhosting", "hosting", 1),
    "web-shop": ("Onlineshop", "web-shop", 1),
    "email": ("E-Mail", "email", 1),
    "managed-server": ("Managed Server", "servers", 3),
}
"""Product → name, skill, level."""
RENAMED: Mapping[str, str] = {"account": "web-hosting", "securities": "web-shop", "online-access": "email"}
MORE_PRODUCTS = ("web-shop", "email")
MORE_SHARE = 0.12

SITES = ("Berlin", "Hamburg", "Frankfurt am Main")
SPECIALIST = Advisor(
    key="specialist",
    name="Camille Ahrens",
    email="camille.ahrens@durchwahl.example",
    group="group-1",
    languages=("de", "en", "fr"),
    skills={"servers": 4},
    working_pattern=ALWAYS,
    fte=1.0,
    leaving_at=None,
)

POLICY = Policy(
    routing=RoutingPolicy(
        neighbours_after_s=10, skill_relax_after_s=5, skill_relax_step_s=5, skill_waived_after_s=None
    ),
    callback=CallbackPolicy(
        slot_minutes=5, lead_minutes=0, grace_minutes=0, expected_minutes=1, share=1.0, horizon_days=1
    ),
    wrap_up_limit_s=25,
)
"""Short windows from now on, so that promises are kept while one looks. Skills are never waived: nobody but those
who know servers takes a call for the specialist, and she takes none of theirs before she has kept her promises."""


@dataclass(frozen=True)
class Away:
    """An absence with which the demo begins."""

    advisor: str
    kind: str
    until: datetime


def made() -> Company:
    """The company, the same each time."""
    dice = Random(SEED)
    with resources.as_file(resources.files("simulation") / "data" / BUNDLED_LOG) as path:
        log = call_log.read(path)
    wishes = Wishes(english_share=0.12, roster_known=False)
    whole = company.build(log, call_log.split(log), dice, wishes)
    market = replace(whole.market, zone=ZoneInfo(BERLIN), opening_hours=ALWAYS)
    staff = tuple(_advisor(advisor, helps=advisor.group == SPECIALIST.group) for advisor in whole.advisors)
    chosen = sorted(dice.sample(range(len(whole.customers)), CUSTOMERS))
    clientele = tuple(_customers([whole.customers[index] for index in chosen], dice))
    groups = tuple(_with_specialist(group) for group in whole.groups)
    return Company(market, groups, (*staff, SPECIALIST), clientele, ())


def _advisor(advisor: Advisor, *, helps: bool) -> Advisor:
    """Who `helps` knows a little of servers: enough for a caller who can't wait for the specialist."""
    skills = {SKILLS[skill]: level for skill, level in advisor.skills.items()}
    skills |= {"servers": 1} if helps else {}
    return replace(advisor, skills=skills, working_pattern=ALWAYS, leaving_at=None)


def _customers(chosen: Sequence[Customer], dice: Random) -> Iterator[Customer]:
    for index, customer in enumerate(chosen):
        products = {RENAMED[product] for product in customer.products}
        if dice.random() < MORE_SHARE:
            products.add(dice.choice(MORE_PRODUCTS))
        yield replace(customer, phone=film(PRIVATE + index), products=tuple(sorted(products)))


def _with_specialist(group: DeskGroup) -> DeskGroup:
    if group.key != SPECIALIST.group:
        return group
    return replace(group, members=(*group.members, SPECIALIST.key))


def away(made: Company, now: datetime) -> list[Away]:
    """Two who are away when the demo begins: one on vacation, one ill."""
    zone = made.market.zone
    morning = now.astimezone(zone).replace(hour=8, minute=0, second=0, microsecond=0)
    first, second = (group.members[0] for group in made.groups[1:3])
    return [
        Away(first, "vacation", morning + timedelta(days=9)),
        Away(second, "sick", morning + timedelta(days=2)),
    ]
