"""The answer to COMMIT is lost: 503, and a repeat with the same key tells the truth."""

from __future__ import annotations

import os
import random

import pytest

from tests.faults.commits import EFFECTS, CommitCuts, after_commit, before_commit
from tests.faults.far import Far

CUTS = int(os.environ.get("DURCHWAHL_CUTS", "60"))
SEED = int(os.environ.get("DURCHWAHL_SEED", "1"))
pytestmark = [pytest.mark.database, pytest.mark.timeout(120 + CUTS)]


@pytest.mark.parametrize("kind", EFFECTS)
async def test_what_was_committed_unheard_is_answered_to_the_repeat(far: Far, kind: str) -> None:
    cuts = CommitCuts(far, random.Random(SEED))

    await cuts.cut(kind, after_commit())

    assert cuts.wrong == []
    assert cuts.tally == {"commit_cuts": 1}


@pytest.mark.parametrize("kind", EFFECTS)
async def test_what_was_not_committed_is_done_by_the_repeat(far: Far, kind: str) -> None:
    cuts = CommitCuts(far, random.Random(SEED))

    await cuts.cut(kind, before_commit())

    assert cuts.wrong == []
    assert cuts.tally == {"commit_cuts": 1}


async def test_cut_at_any_byte_nobody_is_told_what_is_not_true(far: Far) -> None:
    cuts = CommitCuts(far, random.Random(SEED))

    for _ in range(CUTS):
        await cuts.cut_anywhere()

    assert cuts.wrong == []
    assert cuts.tally["commit_cuts"] > CUTS // 2
