"""One demo for all tests of this folder: to start one takes ten seconds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.demo import Demo


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """Its data lie outside of pytest's folder, which other sessions of pytest close to the database's user."""
    with tempfile.TemporaryDirectory(prefix="durchwahl-demo-", ignore_cleanup_errors=True) as folder:
        demo = Demo(Path(folder))
        demo.start()
        yield demo
        demo.stop()
