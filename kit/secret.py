"""The one key of this installation: signs cursors and keeps fingerprints of requests from being guessed.

From the settings, or made once in the data folder. Replicas must share it.
"""

from __future__ import annotations

import os
import secrets
from hashlib import blake2b
from pathlib import Path

from kit.settings import Settings

SHORTEST = 16


class TooShort(ValueError):
    """A secret that can be tried out is none."""


def load(settings: Settings) -> bytes:
    """32 bytes. Raises `TooShort` for a configured secret of fewer than 16 characters."""
    if settings.secret is None:
        return _generated(settings.data_dir / "secret")
    given = settings.secret.get_secret_value()
    if len(given) < SHORTEST:
        raise TooShort(f"the secret needs at least {SHORTEST} characters")
    return blake2b(given.encode(), digest_size=32).digest()


def _generated(path: Path) -> bytes:
    """The first process writes it; one that comes at the same moment reads what the first has written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()
