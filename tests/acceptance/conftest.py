"""One demo for all tests of this folder: to start one takes ten seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.demo import Demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo"))
    demo.start()
    yield demo
    demo.stop()
