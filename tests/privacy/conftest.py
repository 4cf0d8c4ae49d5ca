"""The application on a database of its own for each test."""

from tests.support.api import app, client, services

__all__ = ["app", "client", "services"]
