"""Cases made from our own OpenAPI document, fitting and unfitting ones: every answer is one that it declares.

`NASTY_CASES` says how many (2,000 without it), `NASTY_SEED` where the dice begin. Half of the fields get a value
that means something in the company, as nobody guesses an id; so the cases get behind the first check.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.nasty.company import Names
from tests.nasty.seasoning import Request, Seasoning
from tests.support.api import Client, Response
from tests.support.tally import TALLY

pytestmark = pytest.mark.database

CASES = int(os.environ.get("NASTY_CASES", "2000"))
SEED = int(os.environ.get("NASTY_SEED", "1999"))
MOST_AT_ONCE = 200
"""Cases of one operation in a row; hypothesis gets slow when it has made many."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MODES = list(schemathesis.GenerationMode)


class Run:
    """What was sent and what came back."""

    def __init__(self, client: Client, seasoning: Seasoning, loop: asyncio.AbstractEventLoop) -> None:
        self._client, self._seasoning, self._loop = client, seasoning, loop
        self.answers: Counter[int] = Counter()
        self.found: dict[str, str] = {}

    def everything(self, cases: int) -> None:
        """Round after round through all operations, until there were enough. Runs beside the event loop."""
        schema = schemathesis.openapi.from_dict(self._client.app.openapi())
        operations: list[Any] = list(schema.get_all_operations())
        pairs = [(operation.ok(), mode) for operation in operations for mode in MODES]
        for round_ in count():
            share = min(MOST_AT_ONCE, 1 + (cases - self.answers.total()) // len(pairs))
            for operation, mode in pairs:
                self._try(operation, mode, share, SEED + round_)
            if self.answers.total() >= cases:
                return

    def _try(self, operation: Any, mode: Any, share: int, seed_: int) -> None:
        dice = random.Random(seed_)

        @seed(seed_)
        @hypothesis_settings(
            max_examples=share,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def tried(case: Any) -> None:
            self._one(case, dice)

        try:
            tried()
        except Unsatisfiable:
            """There is nothing to be wrong about."""

    def _one(self, case: Any, dice: random.Random) -> None:
        request = self._seasoning.seasoned(case, dice)
        answer = asyncio.run_coroutine_threadsafe(self._send(request), self._loop).result()
        self.answers[answer.status_code] += 1
        TALLY.generated += 1
        TALLY.answered(answer.status_code)
        for complaint in complaints(case, answer, request.plain):
            self.found.setdefault(f"{case.method} {case.path}: {complaint}", f"{request.url} {request.content!r}")

    async def _send(self, request: Request) -> Response:
        return await self._client.http.request(
            request.method, request.url, headers=request.headers, content=request.content
        )


def complaints(case: Any, answer: Response, plain: bool) -> Iterator[str]:
    """What was made to be wrong, and sent like that, is not accepted; which 4xx it is, the document says."""
    accepted = plain and answer.status_code < 400
    try:
        case.validate_response(answer, checks=[*CHECKS, *([negative_data_rejection] if accepted else [])])
    except FailureGroup as group:
        for failure in group.exceptions:
            yield f"{answer.status_code} {failure.title if isinstance(failure, Failure) else failure}"


@pytest.mark.timeout(0)
async def test_every_answer_is_one_that_is_declared(
    company: tuple[Client, Names], capsys: pytest.CaptureFixture[str]
) -> None:
    client, names = company
    run = Run(client, Seasoning(client.tokens, names), asyncio.get_running_loop())

    await asyncio.to_thread(run.everything, CASES)

    with capsys.disabled():
        print(f"\n{run.answers.total()} generated cases: {dict(sorted(run.answers.items()))}")
    assert run.found == {}
    assert run.answers.total() >= CASES
    assert sum(times for status, times in run.answers.items() if status < 300) > CASES // 20
