"""One module per domain, each with a `router`; a module that is not listed here is not served."""

from __future__ import annotations

from api.routes import (
    absences,
    accounts,
    advisors,
    audit,
    bulk,
    callbacks,
    customers,
    decisions,
    desk,
    desk_groups,
    figures,
    health,
    keys,
    markets,
    numbers,
    oidc,
    pages,
    products,
    sessions,
    signing_keys,
    stream,
    telephony,
)

ROUTERS = (
    sessions.router,
    oidc.router,
    keys.router,
    signing_keys.router,
    accounts.router,
    customers.router,
    callbacks.router,
    desk.router,
    telephony.router,
    stream.router,
    bulk.router,
    advisors.router,
    absences.router,
    desk_groups.router,
    markets.router,
    numbers.router,
    decisions.router,
    audit.router,
    products.router,
    figures.router,
    health.router,
    pages.router,
)
"""Of two routes that fit the same path, the first wins."""
