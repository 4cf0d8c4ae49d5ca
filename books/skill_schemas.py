"""The report on skills on the wire: skills as codes, people and groups as ids, seconds as expected in a month."""

from __future__ import annotations

from pydantic import Field

from kit.fields import Code
from kit.wire import Moment, Shown


class NeedShown(Shown):
    skill: str
    level: int


class DemandShown(Shown):
    """Customers who ask alike."""

    market: str
    languages: list[str]
    needs: list[NeedShown]
    customers: int
    seconds: int


class MarketSkill(Shown):
    """How much a market's customers ask for a skill at a level, and who has it at that level or a higher one."""

    market: str
    skill: str
    level: int
    customers: int
    seconds: int
    unplaced: int = Field(
        description="Customers among them for whom there is no advisor, unless another skill is what nobody has."
    )
    can: int = Field(description="Advisors of the market who have the skill and stay.")
    target_s: int = Field(description="Seconds that their books are meant for, other skills included.")
    price: float | None = Field(
        description="Scarcity, from the prices of the solve: λ of those who can, above that of all advisors of the "
        "market, both weighed by target. Null where nobody can."
    )
    short: bool = Field(description="Somebody has no advisor, nobody or one alone can, or the price is above 0.1.")


class GroupSkill(Shown):
    """The same for the customers of a desk group. `can` 0 or 1: nobody can while the one who can is away."""

    desk_group: Code
    market: str
    skill: str
    level: int
    customers: int
    seconds: int
    can: int


class TrainingShown(Shown):
    """What it would save if an advisor learnt a skill up to a level: an estimate, from prices that stand still."""

    advisor: Code
    skill: str
    level: int
    has: int = Field(description="Level of today, 0 for none.")
    gain: float = Field(description="Misfit × seconds in a month; a second of who has no advisor counts 50.")
    seconds: int = Field(description="Of the customers whom the advisor would take.")
    unplaced_s: int = Field(description="Among them of customers who have no advisor today.")


class CertificateShown(Shown):
    """A certificate that ends, and what follows if it isn't renewed."""

    advisor: Code
    skill: str
    level: int
    ends_at: Moment
    customers: int = Field(description="Customers of this advisor who need the skill.")
    seconds: int
    kinds: list[DemandShown] = Field(description="Those of them with most seconds.")
    uncovered_customers: int = Field(
        description="Customers, whosever they are, whom nobody could serve then, all ends until then counted."
    )
    uncovered: list[DemandShown]


class SkillsAnswer(Shown):
    """Skills against demand, of the customers in a plan with the advisors whom it gives them.

    Lists begin with what is most urgent and are cut; the counts are of all. It is about skills, certificates and
    demand, never about how somebody works.
    """

    run: Code
    made_at: Moment
    short: int = Field(description="How many rows of markets are short.")
    markets: list[MarketSkill]
    alone: int = Field(description="How many rows of desk groups have nobody who can, or one alone.")
    groups: list[GroupSkill]
    trainings: list[TrainingShown] = Field(description="The 20 that would help most.")
    trainings_by_skill: list[TrainingShown] = Field(description="The three best for each skill that is short.")
    ending: int = Field(description="How many certificates end within 90 days.")
    certificates: list[CertificateShown] = Field(description="Those that concern customers, by time.")
