"""The rows, by who sends them."""

from __future__ import annotations

from tests.nasty.corpus import customers, requests, staff, telephony, texts, versions, webhooks
from tests.nasty.rows import Row

ROWS: list[Row] = [
    *customers.ROWS, *telephony.ROWS, *staff.ROWS, *requests.ROWS, *versions.ROWS, *texts.ROWS,
    *webhooks.ROWS,
]  # fmt: skip
