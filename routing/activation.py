"""Who becomes whose advisor: one activation in microseconds, no solver.

`choose` takes the advisor with the smallest misfit + price among those whom no rule removes. A price λ
says how full a book is against its target, in the unit of the misfit, and adapts by itself: after w
expected seconds go to a,
    λ[a] += g·w/target[a]   and every   λ −= g·w/Σtarget,   g = η·n/100.
The second part is the same for all, so it is kept as one number and never changes who is chosen; it keeps
Σ target·λ where it was, and a price below 0 means: less loaded than the average. Where no price is stored
it follows from the loads, λ[a] = g·(load[a]/target[a] − Σload/Σtarget), which is where all those steps
from an empty book would have led.

Equal costs go to the one who comes first. A `Book` is one process's view of the books and changes through
`give` and `correct` alone; the cap is guarded once more where the load is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from routing.misfit import EVERYBODY, At, Costs, Flags, Profiles
from routing.plan import Candidate, Change, Explanation, Reason, Removed
from routing.problem import ActivationNeed, BookAdvisor, Id
from routing.rules import book_veto

ETA = 1.0
SOLVED_ETA = 0.3  # where the prices come from a solve of the whole book
LEAST_GAIN = 3.0  # of 300 advisors; ten on two shifts fill to 0.8–1.2 of their targets, by n/100 to 0.4–1.6
SHOWN = 5  # candidates in a record
SMALL = 50  # advisors up to whom a record lists everybody who was removed
GOOD_OVERLAP = 0.5  # share of the calling hours from which on the overlap is a reason


@dataclass(frozen=True, slots=True)
class Choice:
    """The advisor chosen, where they stand in the book, and why."""

    advisor: Id
    index: int
    reasons: tuple[Reason, ...]
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class NobodyEligible:
    """No advisor may take the customer, and what stands in the way."""

    bottleneck: str | None
    """The rule without which most advisors could; `None` where no single rule is to blame."""
    freed_without: Mapping[str, int]
    """Rule → how many advisors it alone keeps from the customer."""
    explanation: Explanation


class Book:
    """Advisors with their loads and prices, as arrays of n in the order given.

    Raises `ValueError` for a target below 1 s of somebody who stays: they would never grow dearer.
    """

    def __init__(self, advisors: Sequence[BookAdvisor], eta: float = ETA) -> None:
        if any(a.target_s < 1 and not a.leaving for a in advisors):
            raise ValueError("target_s must be 1 or more for everybody who stays")
        self.profiles = Profiles(advisors)
        self.load_s = _seconds(a.load_s for a in advisors)
        self.cap_s = _seconds(a.cap_s for a in advisors)
        self.target_s = _seconds(max(1, a.target_s) for a in advisors)
        self.room_s = self.cap_s - self.load_s
        staying = ~self.profiles.leaving
        self._total_target_s = max(1, int(self.target_s[staying].sum()))
        self.gain = max(LEAST_GAIN, eta * int(staying.sum()) / 100)
        self._offset = self.gain * int(self.load_s[staying].sum()) / self._total_target_s
        self._raised = self._first_prices([a.price for a in advisors])
        self._places = {a.id: place for place, a in enumerate(advisors)}

    def _first_prices(self, stored: Sequence[float | None]) -> Costs:
        from_load = self.gain * self.load_s / self.target_s
        prices = np.array([np.nan if price is None else price for price in stored], np.float64)
        return np.where(np.isnan(prices), from_load, prices + self._offset)

    def __len__(self) -> int:
        return self.profiles.size

    def prices(self, at: At = EVERYBODY) -> Costs:
        """λ of everybody, or of those at these places."""
        prices: Costs = self._raised[at] - self._offset
        return prices

    def id_of(self, index: int) -> Id:
        return self.profiles.advisors[index].id

    def place_of(self, advisor: Id) -> int | None:
        """Where the advisor stands in the arrays; None for somebody who isn't in this book."""
        return self._places.get(advisor)

    def advisor(self, index: int) -> BookAdvisor:
        """The advisor with the load and the price of this moment, as the rules see them."""
        price = float(self._raised[index] - self._offset)
        return replace(self.profiles.advisors[index], load_s=int(self.load_s[index]), price=price)

    def give(self, index: int, expected_s: int) -> None:
        """Put these seconds into a book, or take them out if negative, and let all prices follow."""
        self.load_s[index] += expected_s
        self.room_s[index] -= expected_s
        self._raised[index] += self.gain * expected_s / float(self.target_s[index])
        self._offset += self.gain * expected_s / self._total_target_s

    def correct(self, advisor: Id, load_s: int) -> None:
        """Take over a load read from where it is stored, for example after losing a race for the room."""
        place = self._places[advisor]
        self.give(place, load_s - int(self.load_s[place]))

    def costs(self, need: ActivationNeed) -> Costs:
        """Misfit + price but for the offset that all share; infinite for those whom a rule removes."""
        costs = self.profiles.fit(need).misfit + self._raised
        costs[self.room_s < need.expected_s] = np.inf
        costs[self.tried(need)] = np.inf
        return costs

    def tried(self, need: ActivationNeed) -> list[int]:
        return [self._places[advisor] for advisor in need.tried if advisor in self._places]

    def vetoed(self, need: ActivationNeed) -> dict[str, Flags]:
        """Rule → whom it removes, in the order of `rules.BOOK_RULES`."""
        tried = np.zeros(len(self), np.bool_)
        tried[self.tried(need)] = True
        full = self.room_s < need.expected_s
        return {**self.profiles.vetoed(need), "not_already_tried": tried, "book_has_room": full}


def pick(book: Book, need: ActivationNeed) -> int | None:
    """`choose` without the record of it: the place of the advisor, or `None`."""
    if not len(book):
        return None
    costs = book.costs(need)
    best = int(np.argmin(costs))
    return best if costs[best] < np.inf else None


def choose(book: Book, need: ActivationNeed) -> Choice | NobodyEligible:
    """Choose an advisor for one customer. The book stays as it is until `give` is called."""
    costs = book.costs(need)
    best = int(np.argmin(costs)) if len(book) else 0
    if not len(book) or costs[best] == np.inf:
        return _nobody(book, need)
    return _recorded(book, need, best, costs)


def record_of(book: Book, need: ActivationNeed, index: int) -> Choice:
    """The record of a choice that was made elsewhere: this advisor first, then the cheapest of the others."""
    costs = book.costs(need)
    costs[index] = -np.inf
    return _recorded(book, need, index, costs)


def choose_many(book: Book, needs: Iterable[ActivationNeed]) -> Iterator[Choice | NobodyEligible]:
    """Choose for one customer after the other, each choice put into the book before the next is made."""
    for need in needs:
        choice = choose(book, need)
        if isinstance(choice, Choice):
            book.give(choice.index, need.expected_s)
        yield choice


def _recorded(book: Book, need: ActivationNeed, index: int, costs: Costs) -> Choice:
    shown = candidates(book, need, _cheapest(costs))
    explanation = Explanation(
        shown, _removed(book, need), _removed_by(book, need), _would_change(book, need, shown)
    )
    return Choice(book.id_of(index), index, _reasons(book, need, index, shown[0]), explanation)


def _seconds(values: Iterable[int]) -> NDArray[np.int64]:
    return np.array(list(values), np.int64)


def _cheapest(costs: Costs) -> NDArray[np.intp]:
    """The places of the few smallest costs, the smallest first, equal ones in their order."""
    count = min(SHOWN, len(costs))
    near = np.flatnonzero(costs <= np.partition(costs, count - 1)[count - 1])
    ordered = near[np.argsort(costs[near], kind="stable")][:count]
    return ordered[costs[ordered] < np.inf]


def candidates(book: Book, need: ActivationNeed, places: NDArray[np.intp]) -> tuple[Candidate, ...]:
    """The advisors at these places with their terms, whatever rules say of them."""
    terms = {name: column.tolist() for name, column in book.profiles.terms(need, places).items()}
    prices = book.prices(places).tolist()
    rows = (dict(zip(terms, row, strict=True)) for row in zip(*terms.values(), strict=True))
    return tuple(
        _candidate(book.id_of(place), row, price)
        for place, row, price in zip(places.tolist(), rows, prices, strict=True)
    )


def _candidate(advisor: Id, terms: Mapping[str, float], price: float) -> Candidate:
    misfit = sum(terms.values())
    parts = {f"misfit.{name}": value for name, value in terms.items()}
    return Candidate(advisor, {"misfit": misfit, "price": price, **parts}, misfit + price)


def _removed_by(book: Book, need: ActivationNeed) -> dict[str, int]:
    """How many the first rule that removes them removed; rules that removed nobody are left out."""
    fit = book.profiles.fit(need)
    left = fit.misfit < np.inf
    counts = dict(fit.removed_by)
    tried = [place for place in book.tried(need) if left[place]]
    left[tried] = False
    full = int(np.count_nonzero(left & (book.room_s < need.expected_s)))
    counts |= {"not_already_tried": len(tried)} if tried else {}
    return counts | ({"book_has_room": full} if full else {})


def _removed(book: Book, need: ActivationNeed) -> tuple[Removed, ...]:
    """Everybody who was removed and by which rule, for a book small enough to read that."""
    if len(book) > SMALL:
        return ()
    vetoes = ((a.id, book_veto(a, need)) for a in map(book.advisor, range(len(book))))
    return tuple(Removed(advisor, veto.rule, veto.args) for advisor, veto in vetoes if veto)


def _would_change(book: Book, need: ActivationNeed, shown: tuple[Candidate, ...]) -> tuple[Change, ...]:
    chosen = shown[0]
    changes = [
        Change("price_of", other.advisor, {"below": chosen.score - other.terms["misfit"]}) for other in shown[1:2]
    ]
    cheaper = _cheaper_but_full(book, need, chosen.score)
    return (*changes, *([] if cheaper is None else [cheaper]))


def _cheaper_but_full(book: Book, need: ActivationNeed, score: float) -> Change | None:
    """The advisor who would have been chosen, had the book only had room."""
    full = np.flatnonzero(book.room_s < need.expected_s)
    if not len(full):
        return None
    costs = book.profiles.fit(need).misfit[full] + book.prices(full)
    best = int(np.argmin(costs))
    advisor = book.advisor(int(full[best]))
    if costs[best] >= score or advisor.id in need.tried:
        return None
    return Change("book_has_room", advisor.id, {"for_s": need.expected_s})


def _reasons(book: Book, need: ActivationNeed, index: int, chosen: Candidate) -> tuple[Reason, ...]:
    """Why this advisor, as codes that a customer may read in words."""
    profile = book.profiles.advisors[index]
    spoken = [language for language in need.languages if language in profile.languages]
    reasons = [Reason(f"speaks_{language}", {"language": language}) for language in spoken[:1]]
    for skill, _ in need.needs:
        level = profile.skills[skill]
        reasons.append(Reason(f"skill_{skill}_{level}", {"skill": skill, "level": level}))
    overlap = _overlap(need.hours, profile.hours)
    if overlap >= GOOD_OVERLAP:
        reasons.append(Reason("hours_overlap", {"share": round(overlap, 2)}))
    if chosen.terms["price"] <= 0:
        reasons.append(Reason("balanced"))
    return tuple(reasons)


def _overlap(hours: int, shifts: int) -> float:
    return (hours & shifts).bit_count() / hours.bit_count() if hours else 0.0


def alone_in_the_way(book: Book, need: ActivationNeed) -> dict[str, NDArray[np.intp]]:
    """Rule → whom it alone keeps from the customer."""
    vetoed = book.vetoed(need)
    against = np.sum(list(vetoed.values()), axis=0)
    alone = {rule: np.flatnonzero(out & (against == 1)) for rule, out in vetoed.items()}
    return {rule: places for rule, places in alone.items() if len(places)}


def _nobody(book: Book, need: ActivationNeed) -> NobodyEligible:
    alone = alone_in_the_way(book, need)
    freed = {rule: len(places) for rule, places in alone.items()}
    bottleneck = max(freed, key=freed.__getitem__, default=None)
    near = map(book.advisor, alone[bottleneck][:SHOWN].tolist() if bottleneck else [])
    vetoes = [(a.id, veto) for a in near if (veto := book_veto(a, need))]
    changes = tuple(Change(veto.rule, advisor, veto.args) for advisor, veto in vetoes)
    explanation = Explanation((), _removed(book, need), _removed_by(book, need), changes)
    return NobodyEligible(bottleneck, freed, explanation)
