"""A stream on a database of its own for each test."""

from tests.realtime.streams import seconds, stream

__all__ = ["seconds", "stream"]
