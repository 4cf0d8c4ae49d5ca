"""The desks of simulated advisors: what a person at a browser asks of the service, as HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import httpx2

from simulation.cast import SignIns


class DeskClient:
    """Asks as one account or another. What is refused, or can't be asked for now, is None: people try again."""

    def __init__(self, http: httpx2.AsyncClient, sign_ins: SignIns) -> None:
        self._http, self._sign_ins = http, sign_ins

    async def ask(self, account_id: UUID, method: str, path: str, body: Any = None) -> Any:
        """The body of the answer; True where it is empty, None where it was no success."""
        headers = {"Authorization": f"Bearer {await self._sign_ins.token(account_id)}"}
        if method == "POST":
            headers["Idempotency-Key"] = uuid4().hex
        try:
            answer = await self._http.request(method, path, headers=headers, json=body)
        except httpx2.TransportError:
            return None
        if answer.status_code == 401:
            self._sign_ins.forget(account_id)
        if not answer.is_success:
            return None
        return answer.json() if answer.content else True
