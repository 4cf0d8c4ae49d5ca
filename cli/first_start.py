"""What a first start makes and tells once: an admin, so that somebody can let in the others."""

from __future__ import annotations

import sys

from accounts import service
from api.services import Services
from kit.database import Session


async def ensure_admin(services: Services) -> service.Credentials | None:
    """An admin where there is nobody yet; None where there is. Of replicas that start at once, one makes them."""

    async def work(session: Session) -> service.Credentials | None:
        await service.alone(session)
        return await service.first_admin(session, services.hashing, services.clock.now(), services.new_id)

    return await services.database.run(work)


async def tell(services: Services) -> None:
    """On standard error, not in the log: passwords have no place there."""
    made = await ensure_admin(services)
    if made is not None:
        sys.stderr.write(f"First start. Sign in as {made.email} with {made.password} (shown once).\n")
