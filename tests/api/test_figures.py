"""The figures of the day may take longer to count than a call may take to route."""

from __future__ import annotations

from typing import Any

import pytest

from kit.database import ReadSession
from kit.settings import Settings
from reporting import queries
from tests.api.test_transactional import services_of
from tests.support.api import Client

pytestmark = pytest.mark.database

PATH = "/v1/figures?since=2026-11-23T00:00:00Z"
SHOWN = (
    "SELECT current_setting('statement_timeout') AS timeout, current_setting('transaction_read_only') AS read_only"
)


async def test_figures_have_the_patience_of_a_report_and_nothing_after_them_has(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    calls = queries.calls

    async def watched(session: ReadSession, *arguments: Any) -> Any:
        seen.append((await session.fetch_row(SHOWN), session.patience_s))
        return await calls(session, *arguments)

    monkeypatch.setattr(queries, "calls", watched)
    answer = await client.as_("supervisor").get(PATH)
    async with services_of(client).database.reading() as session:
        afterwards = await session.fetch_row(SHOWN)

    assert answer.status_code == 200
    patience_s = settings.report_timeout.total_seconds()
    assert seen == [({"timeout": f"{patience_s:.0f}s", "read_only": "on"}, patience_s + 1)]
    assert afterwards == {"timeout": f"{settings.statement_timeout.total_seconds():.0f}s", "read_only": "off"}
