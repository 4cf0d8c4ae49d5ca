"""Figures about this process: build, loops, connections, clock. Read when somebody asks."""

from __future__ import annotations

import platform
from importlib import metadata

from api.services import Services
from kit.clock import LiveClock
from kit.readings import NO_LABELS, Values


def install(services: Services) -> None:
    """Let the process's registry tell them; a second time changes nothing."""
    services.alarms  # noqa: B018 - from now on it hears of alarms
    read, beats = services.metrics.reading, services.vitals.heartbeats
    build = (version(), platform.python_version())
    read("durchwahl_build_info", "1, with the versions as labels.", lambda: {build: 1.0}, ("version", "python"))
    read(
        "durchwahl_loop_heartbeat_age_seconds",
        "How long ago a loop of this process was last heard; from 30 s on it takes no work.",
        lambda: {(name,): age for name, age in beats.ages_s().items()},
        ("loop",),
    )
    read(
        "durchwahl_loop_failures_total",
        "Runs of a loop that failed; it goes on after a delay.",
        lambda: {(name,): beats.failures[name] for name in {*beats.ages_s(), *beats.failures}},
        ("loop",),
        grows=True,
    )
    read(
        "durchwahl_pool_connections",
        "Connections to the database: `lent` to a request or a loop, `idle`, and how many there may be (`most`).",
        lambda: _connections(services),
        ("state",),
    )
    read(
        "durchwahl_pool_refused_total",
        "Times that nobody gave a connection back in time.",
        lambda: {NO_LABELS: services.database.pool.refused},
        grows=True,
    )
    read(
        "durchwahl_clock_offset_seconds",
        "How far the database's clock is ahead of this machine's; above 2 s something is wrong with either.",
        lambda: _offset(services),
    )


def version() -> str:
    """Of the installed distribution."""
    try:
        return metadata.version("durchwahl")
    except metadata.PackageNotFoundError:
        return "unknown"


def _connections(services: Services) -> Values:
    pool = services.database.pool
    return {("lent",): pool.lent, ("idle",): pool.idle, ("most",): pool.size}


def _offset(services: Services) -> Values:
    clock = services.clock
    return {NO_LABELS: clock.offset.total_seconds()} if isinstance(clock, LiveClock) else {}
