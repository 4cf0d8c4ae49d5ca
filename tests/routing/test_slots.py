from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, permutations

from hypothesis import given
from hypothesis import strategies as st

from routing.slots import Agenda, earliest

SLOTS = 5
WISHES = st.lists(st.sets(st.integers(0, SLOTS - 1), max_size=3).map(sorted), max_size=6)


def can_all_be_kept(wishes: Sequence[Sequence[int]]) -> bool:
    """By trying every order of every slot."""
    return any(
        all(slot in wish for wish, slot in zip(wishes, order, strict=True))
        for order in permutations(range(SLOTS), len(wishes))
    )


def is_kept(held: Mapping[int, int], wishes: Sequence[Sequence[int]]) -> bool:
    return len(set(held.values())) == len(held) and all(slot in wishes[number] for number, slot in held.items())


def test_wide_promise_gives_way_to_a_narrow_one() -> None:
    agenda: Agenda[str] = Agenda(2)
    assert agenda.take("any time", [0, 1])

    assert agenda.take("at eight", [0])

    assert agenda.held == {"any time": 1, "at eight": 0}


def test_what_can_not_be_kept_is_refused_and_changes_nothing() -> None:
    agenda: Agenda[str] = Agenda(2)
    agenda.take("one", [0])

    assert not agenda.take("two", [0])

    assert agenda.held == {"one": 0}
    assert agenda.open() == {1}


def test_slot_of_a_promise_that_is_dropped_is_free_again() -> None:
    agenda: Agenda[str] = Agenda(1)
    agenda.take("one", [0])
    agenda.drop("one")
    agenda.drop("one")

    assert agenda.take("two", [0])


@given(WISHES)
def test_promise_is_taken_exactly_where_all_can_be_kept(wishes: list[list[int]]) -> None:
    agenda: Agenda[int] = Agenda(SLOTS)
    taken: list[int] = []
    for number, wish in enumerate(wishes):
        expected = can_all_be_kept([wishes[n] for n in [*taken, number]])
        assert agenda.take(number, wish) is expected
        taken += [number] * expected
        assert sorted(agenda.held) == taken
        assert is_kept(agenda.held, wishes)


@given(WISHES, st.integers(0, 5))
def test_open_slots_are_those_by_which_one_more_can_be_kept(wishes: list[list[int]], dropped: int) -> None:
    agenda: Agenda[int] = Agenda(SLOTS)
    for number, wish in enumerate(wishes):
        agenda.take(number, wish)
    agenda.drop(dropped)

    kept = [wishes[number] for number in agenda.held]

    assert agenda.open() == {slot for slot in range(SLOTS) if can_all_be_kept([*kept, [slot]])}


@given(WISHES)
def test_exact_slots_keep_the_most_promises_and_are_the_earliest_that_do(wishes: list[list[int]]) -> None:
    found = earliest(dict(enumerate(wishes)), SLOTS)

    assert is_kept(found, wishes)
    most = next(
        n
        for n in range(min(len(wishes), SLOTS), -1, -1)
        if any(can_all_be_kept(chosen) for chosen in combinations(wishes, n))
    )
    assert len(found) == most
    sums = (
        sum(order)
        for chosen in combinations(wishes, most)
        for order in permutations(range(SLOTS), most)
        if all(slot in wish for wish, slot in zip(chosen, order, strict=True))
    )
    assert sum(found.values()) == min(sums)


def test_who_has_the_least_time_left_is_called_first() -> None:
    found = earliest({"all day": [0, 1, 2, 3], "before ten": [0, 1]}, 4)

    assert found == {"before ten": 0, "all day": 1}
