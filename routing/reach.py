"""Who may help a contact by now: the own group, its neighbours as they are let in, the general group.

Depends on the wait, the policy and who is at work; not on who is free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from routing.problem import ContactProblem, Group, Id, Person
from routing.rules import Asked, has_the_skill, serves_the_market, speaks_the_language

PROFILE_RULES = (serves_the_market, speaks_the_language, has_the_skill)


def rings(contact: ContactProblem) -> tuple[Group, ...]:
    """All groups that may ever help, in the order in which they are let in."""
    home = contact.groups.get(contact.home_id) if contact.home_id is not None else None
    ids: list[Id | None] = [contact.home_id, *(home.neighbours if home else ()), contact.general_group_id]
    return tuple(contact.groups[id_] for id_ in dict.fromkeys(ids) if id_ is not None and id_ in contact.groups)


def let_in(contact: ContactProblem) -> tuple[Group, ...]:
    """The groups that may help after this wait."""
    policy, at_work = contact.policy, group_at_work(contact)
    return tuple(
        group
        for ring, group in enumerate(rings(contact))
        if group.open and contact.waited_s >= policy.let_in_after_s(ring, group_at_work=at_work)
    )


def group_at_work(contact: ContactProblem) -> bool:
    """Whether the own advisor's group is open and has anybody else at work."""
    home = contact.groups.get(contact.home_id) if contact.home_id is not None else None
    return home is not None and home.open and any(member.at_work for member in colleagues(contact, home))


def colleagues(contact: ContactProblem, group: Group) -> Iterator[Person]:
    own_id = contact.own.id if contact.own is not None else None
    return (member for member in group.members if member.id != own_id)


def next_step_s(contact: ContactProblem) -> float:
    """How long until the wait alone changes who may help, or has become too long; 0 = now."""
    steps = contact.policy.steps(contact.needs, len(rings(contact)), group_at_work=group_at_work(contact))
    return min((step - contact.waited_s for step in steps if step > contact.waited_s), default=0.0)


def somebody_will_help(contact: ContactProblem, groups: Sequence[Group]) -> bool:
    """Whether the own advisor or anybody at work in these groups could, before the longest wait is over."""
    policy = contact.policy
    at_last = Asked(
        contact.market,
        policy.languages_after(contact.languages, policy.max_wait_s),
        policy.needs_after(contact.needs, policy.max_wait_s),
    )
    people = (person for group in groups if group.open for person in colleagues(contact, group))
    own = () if contact.own is None else (contact.own,)
    return any(
        person.at_work and all(rule(person, at_last) is None for rule in PROFILE_RULES)
        for person in (*own, *people)
    )
