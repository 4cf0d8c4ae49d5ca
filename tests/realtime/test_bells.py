"""A bell rings for whoever waits for that thing, and for nobody else."""

from __future__ import annotations

from realtime.bells import Bells


def test_a_bell_rings_for_its_own_name_alone() -> None:
    bells = Bells()

    with bells.hung("con_1") as one, bells.hung("con_1") as twin, bells.hung("con_2") as other:
        bells.ring(["con_1", "contact.offered"])

        assert (one.is_set(), twin.is_set(), other.is_set()) == (True, True, False)


def test_nothing_is_left_hanging_behind_whoever_went() -> None:
    bells = Bells()

    with bells.hung("con_1") as gone:
        pass
    bells.ring(["con_1"])

    assert not gone.is_set()
    assert not bells._hung
