"""Every bug that is named is kept out by tests that exist."""

from __future__ import annotations

import ast

import pytest

from tests.regressions.named import NAMED
from tests.support.postgres import ROOT


@pytest.mark.parametrize("bug", NAMED)
def test_bug_of_others_is_kept_out_by_tests_that_exist(bug: str) -> None:
    for name in NAMED[bug]:
        path, function = name.split("::")
        found = ast.walk(ast.parse((ROOT / path).read_text()))
        assert function in {node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
