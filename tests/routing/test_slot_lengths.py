from __future__ import annotations

from itertools import product
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.slot_lengths import Free, LongPromise, Place, Places, is_sound, place_greedily, solve, starts_of, worth

ANNA, BEN = UUID(int=1), UUID(int=2)


def a_promise(number: int, minutes: int, *windows: tuple[int, int], by: tuple[UUID, ...] = (ANNA,)) -> LongPromise:
    return LongPromise(UUID(int=100 + number), minutes, windows, by)


def best(promises: list[LongPromise], free: Free) -> int:
    """By trying every minute of everybody for every promise."""
    tries = [
        [
            None,
            *(
                Place(minute, advisor)
                for advisor in promise.by
                for first, last in starts_of(promise, free.get(advisor, ()))
                for minute in range(first, last + 1)
            ),
        ]
        for promise in promises
    ]
    plans = ({p.id: place for p, place in zip(promises, plan, strict=True) if place} for plan in product(*tries))
    return max(worth(plan) for plan in plans if is_sound(plan, promises, free))


def test_long_call_waits_where_two_short_ones_would_be_lost_by_it() -> None:
    # greed begins with what ends first: the long one, which leaves no room for the other two
    promises = [a_promise(1, 20, (0, 21)), a_promise(2, 10, (0, 25)), a_promise(3, 10, (0, 25))]
    free = {ANNA: [(0, 20), (20, 40)]}

    assert len(solve(promises, free)) == 3


def test_desk_group_shares_what_one_can_not_keep_alone() -> None:
    promises = [a_promise(n, 30, (0, 10), by=(ANNA, BEN)) for n in range(2)]

    found = solve(promises, {ANNA: [(0, 60)], BEN: [(0, 60)]})

    assert {place.advisor for place in found.values()} == {ANNA, BEN}


def test_call_ends_before_the_shift_does() -> None:
    assert solve([a_promise(1, 30, (0, 60))], {ANNA: [(0, 29)]}) == {}


SPANS = st.tuples(st.integers(0, 5), st.integers(1, 4)).map(lambda span: (span[0], span[0] + span[1]))
PROMISES = st.lists(
    st.tuples(st.integers(1, 3), SPANS, st.sampled_from([(ANNA,), (BEN,), (ANNA, BEN)])), min_size=1, max_size=3
).map(lambda drawn: [a_promise(n, minutes, window, by=by) for n, (minutes, window, by) in enumerate(drawn)])


@settings(deadline=None, max_examples=40)
@given(PROMISES, SPANS, SPANS)
def test_solver_keeps_what_can_be_kept_and_as_early_as_it_can(
    promises: list[LongPromise], anna: tuple[int, int], ben: tuple[int, int]
) -> None:
    free: Free = {ANNA: [anna], BEN: [ben]}

    found = solve(promises, free)

    assert is_sound(found, promises, free)
    assert worth(found) == best(promises, free)


@given(PROMISES, SPANS, SPANS)
def test_greed_promises_nothing_that_does_not_fit(
    promises: list[LongPromise], anna: tuple[int, int], ben: tuple[int, int]
) -> None:
    free: Free = {ANNA: [anna], BEN: [ben]}
    found: Places = place_greedily(promises, free)

    assert is_sound(found, promises, free)
    assert found or all(not list(starts_of(p, free[advisor])) for p in promises for advisor in p.by)
