"""Soft terms: which of the free colleagues is best for this contact. Each lies between 0 (best) and 1.

    skill         how far levels lie below what was asked (after relaxing), or far above it
    language      place of the best common language among those the customer prefers
    familiarity   has served this customer before
    idle          has waited longest; decides where all else is equal
    ring          own group before neighbours, in their order; outweighs all the others together

Terms are declared and weighed by the market's policy. They know subjects, languages, the relationship and
time; nothing here scores how somebody works.
"""

from __future__ import annotations

from datetime import datetime

from routing.problem import ContactProblem, Person

LEVELS = 5
SURPLUS = 0.25  # a level too many counts a quarter of a level too few: keep experts for hard questions
IDLE_SCALE_S = 300.0  # after this time the term has fallen to a half; it never stops falling
MILLION = 1_000_000  # terms are whole millionths, so that a sum is the same in whatever order it is added


def skill_fit(person: Person, contact: ContactProblem) -> float:
    """Against what was asked at first, not against what waiting has made of it."""
    if not contact.needs:
        return 0.0
    return sum(_gap(level - person.skills.get(skill, 0)) for skill, level in contact.needs) / len(contact.needs)


def _gap(levels: int) -> float:
    return levels / LEVELS if levels > 0 else -levels * SURPLUS / LEVELS


def preferred_language(person: Person, contact: ContactProblem) -> float:
    places = (place for place, language in enumerate(contact.languages) if language in person.languages)
    return next(places, len(contact.languages)) / max(1, len(contact.languages))


def knows_the_customer(person: Person, _: ContactProblem) -> float:
    return 1 / (1 + person.familiarity)


def longest_idle(person: Person, contact: ContactProblem) -> float:
    idle_s = max(0.0, (contact.now - idle_since(person)).total_seconds())
    return 1 / (1 + idle_s / IDLE_SCALE_S)


def idle_since(person: Person) -> datetime:
    return person.idle_since or person.since


def terms(person: Person, contact: ContactProblem, ring: int = 0) -> dict[str, float]:
    """Weighted terms by name, in whole millionths; their sum is the score, and the smallest score wins."""
    weights = contact.policy.weights
    whole = weights.skill + weights.language + weights.familiarity + weights.idle
    weighted = {
        "ring": ring * (1 + whole),
        "skill": weights.skill * skill_fit(person, contact),
        "language": weights.language * preferred_language(person, contact),
        "familiarity": weights.familiarity * knows_the_customer(person, contact),
        "idle": weights.idle * longest_idle(person, contact),
    }
    return {name: round(term * MILLION) / MILLION for name, term in weighted.items()}


def score(person: Person, contact: ContactProblem, ring: int = 0) -> float:
    return sum(terms(person, contact, ring).values())
