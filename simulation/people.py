"""The shapes of a company made from a log: market, advisors, desk groups, customers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from simulation import seating
from simulation.hours import OffDuty, WrittenWeek
from simulation.numbers import composed

SKILL_NAMES: Mapping[str, tuple[str, str]] = {
    "PS": ("Regular service", "Konto und Service"),
    "NW": ("Prospective customers", "Neue Kunden"),
    "NE": ("Stock exchange", "Börse"),
    "IN": ("Internet support", "Hilfe im Netz"),
    "PE": ("Special service PE", "Sonderdienst PE"),
    "TT": ("Special service TT", "Sonderdienst TT"),
}
"""Skill → English and German name; the data do not say what PE and TT stand for."""
PRODUCTS: Mapping[str, str] = {"PS": "account", "NE": "securities", "IN": "online-access"}
"""Skill → the product it is about."""


@dataclass(frozen=True)
class Market:
    id: str
    name: str
    zone: ZoneInfo
    languages: tuple[str, ...]
    opening_hours: WrittenWeek


@dataclass(frozen=True)
class Advisor:
    """`key` is the agent's code in the log. `fte` 0.1 … 1.2 weighs the book. `leaving_at`: no roster names
    them from then on."""

    key: str
    name: str
    email: str
    group: str
    languages: tuple[str, ...]
    skills: Mapping[str, int]
    working_pattern: WrittenWeek
    fte: float
    leaving_at: datetime | None


@dataclass(frozen=True)
class DeskGroup:
    key: str
    name: str
    members: tuple[str, ...]
    lead: str
    minimum_presence: int
    neighbours: tuple[str, ...]


@dataclass(frozen=True)
class Customer:
    """`external_ref` is the customer's number in the log; `calling_hours` a 168-bit mask of the local week."""

    external_ref: str
    name: str
    email: str
    phone: str
    language: str
    tier: str
    products: tuple[str, ...]
    skills: tuple[str, ...]
    calling_hours: int
    expected_s_per_month: int


@dataclass(frozen=True)
class Company:
    """`absences` are the hours of the working patterns that the roster of the replayed days leaves out."""

    market: Market
    groups: tuple[DeskGroup, ...]
    advisors: tuple[Advisor, ...]
    customers: tuple[Customer, ...]
    absences: tuple[OffDuty, ...]

    def sentences(self) -> list[str]:
        present = [advisor for advisor in self.advisors if advisor.leaving_at is None]
        sizes = ", ".join(f"{group.name} {len(group.members)}" for group in self.groups)
        premium = sum(customer.tier == "premium" for customer in self.customers)
        return [
            f"{len(self.customers):,} customers ({premium:,} premium), {len(self.advisors)} advisors, of whom "
            f"{len(self.advisors) - len(present)} have left when the replay begins, in desk groups {sizes}.",
            f"Expected handling {sum(c.expected_s_per_month for c in self.customers) / 3600:,.0f} h a month; "
            f"{sum(a.fte for a in present):.1f} full-time advisors.",
        ]


@dataclass(frozen=True)
class Wishes:
    """What the builder of a company may choose."""

    market_id: str = "DE"
    market_name: str = "Deutschland"
    english_share: float = 0.0
    """Share of customers who speak English; the replay has all in one language."""
    group_size: int = seating.GROUP_SIZE
    roster_known: bool = True
    """Patterns, weights and absences from the roster of the replayed days instead of the weeks before."""
    number_of: Callable[[int], str] = composed
    """Index of a customer → phone number in E.164."""
