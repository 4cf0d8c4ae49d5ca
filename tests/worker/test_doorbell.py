"""The worker that answers no requests hears the doorbell of those who do."""

from __future__ import annotations

import pytest

from api.app import create_watched
from api.services import Services
from cli.assembly import with_worker
from kit.catalogue import Catalogue
from kit.clock import VirtualClock
from kit.database import Database
from kit.settings import Settings
from realtime.doorbell import CHANNEL
from tests.realtime.writing import until
from worker.loops import Worker

pytestmark = pytest.mark.database


async def test_a_ring_wakes_the_dispatch(
    database: Database, clock: VirtualClock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Worker, "loops", lambda _: [])  # whoever is woken would forget it at once
    services = Services(database, clock, settings, catalogue=Catalogue.load())
    with_worker(services)
    worker: Worker = services.extras["worker"]

    async def woken() -> bool:
        return worker.dispatching.freed.is_set()

    app = create_watched(services)
    async with app.router.lifespan_context(app):
        await until(woken)  # by having begun to listen
        worker.dispatching.freed.clear()

        async with database.reading() as session:
            await session.fetch(f"NOTIFY {CHANNEL}")

        await until(woken)
