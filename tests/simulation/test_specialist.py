"""The demo's specialist: away until a round time, back for those whom she promised to call, and away again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest

from kit.clock import VirtualClock
from realtime.fold import View
from simulation.cast import Player
from simulation.desk_client import DeskClient
from simulation.specialist import SLOT, Specialist, round_up
from tests.conftest import MONDAY_MORNING

CAMILLE = Player(UUID(int=7), "specialist", "Camille Ahrens", "PJSIP/specialist", UUID(int=8), away=False)
SUPERVISOR = UUID(int=9)


class Service:
    """Takes note of what is asked, and does it to the view."""

    def __init__(self) -> None:
        self.view = View.of(["all"], {})
        self.absences: list[tuple[datetime, datetime]] = []
        self.present("offline")

    async def ask(self, account: UUID, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        if path == f"/v1/advisors/{CAMILLE.code}/absences":
            assert account == SUPERVISOR
            assert body is not None
            self.absences.append(
                (datetime.fromisoformat(body["starts_at"]), datetime.fromisoformat(body["ends_at"]))
            )
        if path == "/v1/desk/presence":
            assert account == CAMILLE.account_id
            assert body is not None
            self.present(body["state"])
        return True

    @property
    def presence(self) -> str:
        return str(self.view.data["presences"][CAMILLE.code]["state"])

    def present(self, state: str) -> None:
        self.view.data["presences"][CAMILLE.code] = {"advisor": CAMILLE.code, "state": state}

    def promise(self, begins: datetime, state: str = "scheduled") -> None:
        window = [begins.isoformat(), (begins + SLOT).isoformat()]
        promise = {"id": "cb", "advisor": CAMILLE.code, "owner_state": "own", "state": state, "window": window}
        self.view.data["callbacks"]["cb"] = promise


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def camille(service: Service, clock: VirtualClock) -> Specialist:
    desks = cast(DeskClient, service)
    return Specialist(desks, CAMILLE, SUPERVISOR, lambda: service.view, clock)


async def test_she_leaves_until_the_next_round_time(
    camille: Specialist, service: Service, clock: VirtualClock
) -> None:
    clock.advance(100)

    await camille.look_once()

    assert service.absences == [(clock.now(), MONDAY_MORNING + timedelta(minutes=5))]


async def test_she_stays_longer_where_that_time_is_near(
    camille: Specialist, service: Service, clock: VirtualClock
) -> None:
    clock.advance(290)

    await camille.look_once()

    assert service.absences[0][1] == MONDAY_MORNING + timedelta(minutes=10)


async def test_course_goes_on_while_nobody_is_to_be_called(
    camille: Specialist, service: Service, clock: VirtualClock
) -> None:
    await camille.look_once()

    for _ in range(60):
        clock.advance(10)
        await camille.look_once()

    ends = [end for _, end in service.absences]
    begins = [begin for begin, _ in service.absences]
    assert all(begin < end for begin, end in zip(begins[1:], ends, strict=False)), "no gap in which she is there"
    assert service.presence == "offline"


async def test_she_is_back_for_a_promise_and_leaves_when_it_is_kept(
    camille: Specialist, service: Service, clock: VirtualClock
) -> None:
    await camille.look_once()
    back = service.absences[0][1]
    service.promise(back)

    clock.move_to(back - timedelta(seconds=5))
    await camille.look_once()
    assert service.presence == "offline"
    clock.move_to(back)
    await camille.look_once()
    assert (service.presence, len(service.absences)) == ("available", 1)

    service.promise(back, "dialling")
    service.present("in_contact")
    clock.advance(30)
    await camille.look_once()
    assert len(service.absences) == 1
    service.view.data["callbacks"].clear()
    service.present("wrap_up")
    await camille.look_once()
    assert len(service.absences) == 2
    assert service.presence == "training"


async def test_she_comes_early_where_a_promise_was_moved(
    camille: Specialist, service: Service, clock: VirtualClock
) -> None:
    await camille.look_once()
    clock.advance(10)
    service.promise(clock.now())

    await camille.look_once()

    assert service.presence == "available"


async def test_colleagues_promise_is_not_hers(camille: Specialist, service: Service, clock: VirtualClock) -> None:
    await camille.look_once()
    back = service.absences[0][1]
    service.promise(back)
    service.view.data["callbacks"]["cb"]["owner_state"] = "handed_to_group"
    clock.move_to(back - timedelta(seconds=5))

    await camille.look_once()

    assert len(service.absences) == 2


async def test_nothing_is_done_before_anything_is_known(camille: Specialist, service: Service) -> None:
    service.view.data["presences"].clear()

    await camille.look_once()

    assert service.absences == []


@pytest.mark.parametrize(("minutes", "rounded"), [(0, 0), (0.1, 5), (5, 5), (1439, 1440)])
def test_round_times_are_multiples_since_midnight(minutes: float, rounded: float) -> None:
    midnight = MONDAY_MORNING.replace(hour=0)

    assert round_up(midnight + timedelta(minutes=minutes), SLOT) == midnight + timedelta(minutes=rounded)
