"""The explanation of a contact's plan: who could take it, who not and why, what would have changed it.

Built when it is read, from the problem alone, so that an answer doesn't wait for its record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from routing.plan import Candidate, Change, Explanation, Removed
from routing.preferences import idle_since, terms
from routing.problem import ContactProblem, Group, Id, Person
from routing.rules import Asked, Veto, asked_by, vetoes

SHOWN = 5  # changes listed in a record

Looked = tuple[int, Person, tuple[Veto, ...]]
Terms = Callable[[Person, ContactProblem, int], dict[str, float]]


def own_is_free(own: Person) -> Explanation:
    """Nobody else was looked at; had the own advisor not been free, the plan would be another."""
    return Explanation((Candidate(own.id, {"own": 0.0}, 0.0),), would_change=(Change("own_not_free", own.id),))


def shut(contact: ContactProblem) -> Explanation:
    """Nobody was looked at."""
    change = Change("emergency_ends" if contact.emergency else "opens", None, {"at": contact.opens_at})
    return Explanation(would_change=(change,))


def over(contact: ContactProblem, groups: Sequence[Group], look_again_s: float | None = None) -> Explanation:
    """The own advisor and everybody of these groups, as the rules and terms see them."""
    return _explain(contact, groups, look_again_s, terms)


def by_idle_time(contact: ContactProblem, groups: Sequence[Group]) -> Explanation:
    """The same, with the time idle as the only term."""

    def idle(person: Person, contact: ContactProblem, _: int) -> dict[str, float]:
        return {"idle_s": (idle_since(person) - contact.now).total_seconds()}

    return _explain(contact, groups, None, idle)


def _explain(
    contact: ContactProblem, groups: Sequence[Group], look_again_s: float | None, terms_of: Terms
) -> Explanation:
    looked = tuple(_look(contact, groups, asked_by(contact)))
    candidates = _ranked(contact, looked, terms_of)
    removed = tuple(Removed(who.id, against[0].rule, against[0].args) for _, who, against in looked if against)
    counts = Counter(out.rule for out in removed)
    changes = (*_by_people(looked, candidates), *_by_time(contact, look_again_s))
    return Explanation(candidates, removed, counts, changes)


def _look(contact: ContactProblem, groups: Sequence[Group], asked: Asked) -> Iterator[Looked]:
    """Ring, person and all the rules against them; the own advisor first, as of ring −1, nobody twice."""
    own = contact.own
    seen: set[Id] = set()
    if own is not None:
        seen.add(own.id)
        yield -1, own, tuple(vetoes(own, asked))
    for ring, group in enumerate(groups):
        for person in group.members:
            if person.id not in seen:
                seen.add(person.id)
                yield ring, person, tuple(vetoes(person, asked))


def _ranked(contact: ContactProblem, looked: Sequence[Looked], terms_of: Terms) -> tuple[Candidate, ...]:
    parts = [(who.id, terms_of(who, contact, max(0, ring))) for ring, who, against in looked if not against]
    found = (Candidate(id_, row, sum(row.values())) for id_, row in parts)
    return tuple(sorted(found, key=lambda candidate: (candidate.score, candidate.advisor)))


def _by_people(looked: Sequence[Looked], candidates: Sequence[Candidate]) -> Iterator[Change]:
    own = [(who, against) for ring, who, against in looked if ring < 0 and against]
    yield from (_unless(who, against) for who, against in own)
    if len(candidates) > 1:
        yield Change("score_of", candidates[1].advisor, {"below": candidates[0].score})
    if not candidates:
        near = [(who, against) for ring, who, against in looked if ring >= 0 and len(against) == 1]
        yield from (_unless(who, against) for who, against in near[:SHOWN])


def _unless(who: Person, against: Sequence[Veto]) -> Change:
    """What would have to fall away for this person to take the contact."""
    if len(against) == 1:
        return Change(against[0].rule, who.id, against[0].args)
    return Change("all_of", who.id, {"rules": tuple(veto.rule for veto in against)})


def _by_time(contact: ContactProblem, look_again_s: float | None) -> Iterator[Change]:
    if look_again_s is not None:
        yield Change("waited", None, {"s": contact.waited_s + look_again_s})
