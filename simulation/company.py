"""A company made from a log: its customers, advisors, desk groups and hours, with invented names.

Only the calls before the boundary are looked at, as a company looks back on the day it begins. Two things are
taken from the whole log because they are published beforehand in any company: the opening hours and, where asked
for, the duty roster of the days to come (who works from when to when, without breaks; who has left).

What a customer needs is what they asked for: every type of call is a skill. What an advisor can do is what the
agent did: a level by the number of calls served of that type (1, 10, 30, 100, 300 calls make levels 1 to 5).
"""

from __future__ import annotations

from random import Random

from simulation import hours
from simulation.call_log import Log, Split
from simulation.clientele import customers
from simulation.people import Advisor, Company, Customer, DeskGroup, Market, Wishes
from simulation.staff import Staff

__all__ = ["Advisor", "Company", "Customer", "DeskGroup", "Market", "Wishes", "build"]


def build(log: Log, parts: Split, dice: Random, wishes: Wishes | None = None) -> Company:
    """The company on the morning of the boundary. The same log, dice and wishes give the same company."""
    wishes = wishes or Wishes()
    languages = ("de", "en") if wishes.english_share > 0 else ("de",)
    opening = hours.opening_hours(log.calls, log.zone)
    market = Market(wishes.market_id, wishes.market_name, log.zone, languages, opening)
    advisors, groups, absences = Staff(log, parts, market, wishes).hire(dice)
    clientele = tuple(customers(parts.before, market, advisors, dice, wishes))
    return Company(market, groups, advisors, clientele, absences)
