"""`make doors`: the role matrix, the nasty corpus and generated cases, counted; the last line is one JSON object.

    {"routes": …, "cases": …, "denied_correctly": …, "nasty": …, "nasty_wrong": …,
     "generated": …, "server_errors": …}

Ends with 0 only where every test has passed and nothing was wrong. `NASTY_CASES` and `NASTY_TIMES` make it longer.
"""

from __future__ import annotations

import json
import sys

import pytest

from tests.house.repository import ROOT
from tests.support.tally import TALLY

WHERE = (
    "tests/api/test_role_matrix.py",
    "tests/api/test_ends_everywhere.py",
    "tests/realtime/test_stream_matrix.py",
    "tests/nasty",
)
GENERATED = "tests/nasty/test_generated.py"


class Counting:
    """A plugin of pytest: counts nasty inputs by the tests made of them."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.nodeid.startswith("tests/nasty/") or report.nodeid.startswith(GENERATED):
            return
        TALLY.nasty += report.when == "call"
        TALLY.nasty_wrong += report.failed


def main() -> int:
    code = pytest.main(["-q", "-n", "0", *(str(ROOT / path) for path in WHERE)], plugins=[Counting()])
    print(json.dumps(TALLY.figures()))
    wrong = TALLY.nasty_wrong or TALLY.server_errors or not (TALLY.routes and TALLY.nasty and TALLY.generated)
    return int(code) or int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
