"""The demo: a company made from the bundled log, moving in real time around the service of this process.

The company is put into an empty database on the first start and found there again on the next. A simulated switch
and simulated advisors come to the service from outside, by HTTP and the stream, like everybody else; they are told
nothing that a real switch or a real browser would not be told.

`DURCHWAHL_DEMO_PACE=10` makes the simulated people ten times as quick, for tests and for the impatient.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from ipaddress import ip_address

import httpx2

from api.services import Services
from cli import demo_access, demo_words
from cli.demo_access import Access
from kit.settings import Settings
from simulation import founding, showcase
from simulation.stage import House, set_up

PACE = "DURCHWAHL_DEMO_PACE"


class NotTheDemo(RuntimeError):
    """The database holds a company that is not the demo's."""


@contextlib.asynccontextmanager
async def company(services: Services) -> AsyncIterator[None]:
    """The company is there on entering; it moves as soon as the service answers. Raises `NotTheDemo`."""
    url = _url(services.settings)
    anew = await _founded(services)
    access = await demo_access.granted(services, url, anew=anew)
    moving = asyncio.create_task(_move(services, access))
    try:
        yield
    finally:
        moving.cancel()
        await asyncio.gather(moving, return_exceptions=True)


def _url(settings: Settings) -> str:
    return f"http://{_reachable(settings.host)}:{settings.port}"


def _reachable(host: str) -> str:
    """The address to ask where the service listens on all of them."""
    try:
        return "127.0.0.1" if ip_address(host).is_unspecified else host
    except ValueError:
        return host


async def _founded(services: Services) -> bool:
    """Make the company unless it is there; whether it was made now."""
    async with services.database.reading() as session:
        if await founding.is_founded(session):
            return False
        if not await founding.is_empty(session):
            raise NotTheDemo("The database holds another company; the demo takes an empty one.")
    _say("Making a company from a real call log; this takes a few seconds.")
    made = await asyncio.to_thread(showcase.made)
    await founding.found(services.database, made, services.clock.now(), services.new_id)
    return True


async def _move(services: Services, access: Access) -> None:
    pace = float(os.environ.get(PACE, "1"))
    house = House(access.url, access.telephony_key, services.database, services.clock, services.settings, pace)
    async with set_up(house) as stage:
        await _answering(house)
        path = services.settings.data_dir / demo_access.FILE
        _say(demo_words.ready(access, len(stage.players), stage.customers, str(path)))
        async with stage.playing():
            await asyncio.Event().wait()


async def _answering(house: House) -> None:
    """Until the service answers, which it does once all of it has started."""
    async with house.client() as http:
        while True:
            with contextlib.suppress(httpx2.TransportError):
                if (await http.get("/readyz")).is_success:
                    return
            await asyncio.sleep(0.1)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
