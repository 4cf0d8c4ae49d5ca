"""Takes note of the machine keys that came by, now and then and beside the requests."""

from __future__ import annotations

from datetime import timedelta

from accounts import keys
from api.services import Services
from kit.loops import Loop, Supervisor

EVERY = timedelta(minutes=1)


def install(services: Services) -> None:
    """Run while the application does."""
    loop = Loop("keys-used", Noting(services).once, EVERY)
    services.background.append(lambda: Supervisor([loop], services.vitals.heartbeats, name="noting"))


class Noting:
    """One per process; keys that could not be noted are noted the next time."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def once(self) -> int:
        """Returns of how many keys it was written down."""
        services, used = self._services, set(self._services.recognition.keys_used)
        if not used:
            return 0
        async with services.database.transaction() as session:
            noted = await keys.note_used(session, used, services.clock.now())
        services.recognition.keys_used -= used
        return noted
