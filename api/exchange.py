"""What the process keeps for deciding on calls, found in the services by whoever needs it."""

from __future__ import annotations

from typing import cast

from api.services import Services
from contacts.exchange import Exchange
from contacts.gathering import Gatherer
from contacts.meters import Meters
from contacts.rehearsing import Rehearser
from kit.catalogue import Catalogue


def exchange_of(services: Services) -> Exchange:
    """The process's one exchange; made with the first call."""
    found = services.extras.get("exchange")
    if found is None:
        catalogue = services.catalogue or services.extras.setdefault("catalogue", Catalogue.load())
        found = services.extras["exchange"] = Exchange(
            catalogue=catalogue, new_id=services.new_id, meters=Meters(services.metrics)
        )
    return cast(Exchange, found)


def rehearser_of(services: Services) -> Rehearser:
    """Where policies are rehearsed, one after the other."""
    return cast(Rehearser, services.extras.setdefault("rehearser", Rehearser()))


def gatherer_of(services: Services) -> Gatherer:
    """Where the routing requests in flight gather."""
    found = services.extras.get("gatherer")
    if found is None:
        found = Gatherer(services.database, exchange_of(services), services.clock)
        services.extras["gatherer"] = found
    return cast(Gatherer, found)
