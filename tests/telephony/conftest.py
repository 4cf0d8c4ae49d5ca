"""The application in this process, for a simulated switch to talk to."""

from __future__ import annotations

from tests.support.api import app, client, services

__all__ = ["app", "client", "services"]
