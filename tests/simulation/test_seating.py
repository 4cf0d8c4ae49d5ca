from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulation import seating
from simulation.hours import SLOTS_A_DAY
from simulation.seating import Seat

EARLY, LATE = range(14, 30), range(30, 46)


def a_seat(agent: str, half_hours: range = EARLY, skills: str = "PS", served: int = 100) -> Seat:
    slots = frozenset(day * SLOTS_A_DAY + half for day in range(5) for half in half_hours)
    return Seat(agent, slots, frozenset(skills.split()), served)


def test_early_birds_sit_with_early_birds() -> None:
    seats = [a_seat(f"early-{n}") for n in range(10)] + [a_seat(f"late-{n}", LATE) for n in range(10)]

    groups = seating.desk_groups(seats[::-1])

    assert [{seat.agent[:4] for seat in group} for group in groups] == [{"earl"}, {"late"}]


def test_a_group_without_a_skill_gets_one_of_two_who_have_it() -> None:
    early = [a_seat(f"early-{n}", skills="PS IN" if n < 2 else "PS") for n in range(8)]
    late = [a_seat(f"late-{n}", LATE) for n in range(8)]

    groups = seating.desk_groups([*early, *late], size=8)

    assert [sum("IN" in seat.skills for seat in group) for group in groups] == [1, 1]
    assert [len(group) for group in groups] == [8, 8]


def test_the_only_one_with_a_skill_stays_with_those_of_the_same_hours() -> None:
    early = [a_seat("only", skills="PS IN"), *(a_seat(f"early-{n}") for n in range(7))]
    late = [a_seat(f"late-{n}", LATE) for n in range(8)]

    groups = seating.desk_groups([*early, *late], size=8)

    assert "only" in {seat.agent for seat in groups[0]}
    assert all(seat.agent.startswith("late") for seat in groups[1])


def test_the_lead_is_who_has_served_the_most() -> None:
    assert (
        seating.lead([a_seat("new", served=9), a_seat("old", served=900), a_seat("mid", served=90)]).agent == "old"
    )


def test_minimum_presence_is_what_is_there_in_three_of_four_half_hours() -> None:
    full_day = [a_seat(f"all-{n}", range(14, 46)) for n in range(3)]

    assert seating.minimum_presence([*full_day, a_seat("early")]) == 3
    assert seating.minimum_presence([a_seat("nobody", range(0))]) == 1


def test_the_nearest_neighbour_is_the_group_with_the_most_hours_in_common() -> None:
    early, middle, late = [a_seat("a", EARLY)], [a_seat("b", range(20, 40))], [a_seat("c", LATE)]

    assert seating.neighbours([early, middle, late], 0) == [1, 2]
    assert seating.neighbours([early, middle, late], 2) == [1, 0]
    assert seating.neighbours([early], 0) == []


seats_of_a_house = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 8), st.sets(st.sampled_from(["PS", "NE", "IN"]), min_size=1)),
    max_size=45,
).map(
    lambda people: [
        a_seat(f"agent-{i:02d}", range(begin, begin + length), " ".join(skills))
        for i, (begin, length, skills) in enumerate(people)
    ]
)


@given(seats_of_a_house)
def test_everybody_gets_one_seat_and_groups_are_of_a_size(seats: list[Seat]) -> None:
    groups = seating.desk_groups(seats)

    assert sorted(seat.agent for group in groups for seat in group) == [seat.agent for seat in seats]
    assert max(len(group) for group in groups) - min(len(group) for group in groups) <= 1
    assert len(seats) < 8 or all(6 <= len(group) <= 15 for group in groups)
    assert groups == seating.desk_groups(seats[::-1])
