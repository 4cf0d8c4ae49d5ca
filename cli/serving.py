"""Processes that stay: the service, and the worker without it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.app import create_app, create_watched
from api.outlets import SERVER_OPTIONS, FramingProtocol
from cli import first_start
from cli.assembly import opened, with_loops, with_mail, with_worker
from kit.logs import logger
from kit.settings import Settings

log = logger("cli")

DRAIN_S = 30
"""How long open requests may take when the process is told to leave."""
KEEP_ALIVE_S = 75
"""Switches keep connections between two calls; closing one under them costs a call its answer (default: 5 s)."""


async def serve(settings: Settings, *, demo: bool = False) -> None:
    """Serve until told to stop. Port 0: a free one, known from the start, as the demo's people must find it."""
    listening = _bound(settings.host, settings.port)
    settings = settings.model_copy(update={"port": listening.getsockname()[1]})
    async with opened(settings) as services:
        with_loops(services, work=settings.workers)
        if settings.lmtp_port is not None:
            with_mail(services, settings.lmtp_port)
        if demo:
            from cli.demo import company

            services.background.append(lambda: company(services))
        else:
            await first_start.tell(services)
        leaving = services.vitals.drain
        await server(create_app(services), settings, leaving).serve(sockets=[listening])


def _bound(host: str, port: int) -> socket.socket:
    """Has its port but doesn't listen yet: until the service is ready whoever comes is turned away at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        sys.exit(f"durchwahl: can't listen on {host}:{port}: {error.strerror}")
    return bound


class Server(uvicorn.Server):
    """Says that it leaves at the signal, not only when the last request is done, and leaves with 0.

    uvicorn would raise the signal again when its part is over: that ends the process before ours is, with
    connections to the database left open and an exit code that looks like an accident.
    """

    def __init__(self, config: uvicorn.Config, leaving: Callable[[], None]) -> None:
        super().__init__(config)
        self._leaving = leaving

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._leaving()
        super().handle_exit(sig, frame)
        self._captured_signals.clear()


def server(app: object, settings: Settings, leaving: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """uvicorn as we run it: quiet (we log ourselves), no compression on sockets, a bounded goodbye."""
    return Server(
        uvicorn.Config(
            app,  # type: ignore[arg-type]
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            ws=FramingProtocol,
            **SERVER_OPTIONS,
            timeout_graceful_shutdown=DRAIN_S,
            timeout_keep_alive=KEEP_ALIVE_S,
        ),
        leaving,
    )


async def work(settings: Settings) -> None:
    """Run the loops until told to stop; on `worker_port` somebody may watch."""
    host, port = settings.worker_host, settings.worker_port
    listening = None if port is None else _bound(host, port)
    async with opened(settings) as services:
        with_worker(services)
        app = create_watched(services)
        if listening is None:
            await _until_told(app)
        else:
            await server(app, settings, services.vitals.drain).serve(sockets=[listening])


async def take_mail(settings: Settings) -> None:
    """Take mail in until told to stop."""
    async with opened(settings) as services:
        door = with_mail(services, settings.lmtp_port)
        await _until_told(create_watched(services), lambda: door.port)


async def _until_told(app: FastAPI, port: Callable[[], int] | None = None) -> None:
    """What runs in the application's life, without a door for requests; says on which port it has another one."""
    leave = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, leave.set)
    async with app.router.lifespan_context(app):
        if port is not None:
            log.info("mail.listening", port=port())
        await leave.wait()
