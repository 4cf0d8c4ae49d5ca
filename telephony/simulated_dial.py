"""One callback as the switch dials it: the advisor's phone first, then the customer's, then they talk."""

from __future__ import annotations

import contextlib

from telephony.simulated_board import Over, Played, Switchboard, name_of
from telephony.simulated_line import DIALS, Away
from telephony.simulated_people import Target, VerbData

ADVISOR_RINGS_S, CUSTOMER_RINGS_S = 20.0, 25.0


class DialPlay:
    """The coroutine of one dial; `play` once."""

    def __init__(self, board: Switchboard, dial: VerbData, talks_s: float) -> None:
        self._board, self._talks_s = board, talks_s
        self._advisor: Target = dial["advisor"]
        self._customer: Target = dial["customer"]
        self._line = board.line(f"{DIALS}/{dial['token']}")
        self._played = Played(dial["token"])

    async def play(self) -> Played:
        try:
            await self._ring_both()
        except Over as over:
            self._played.ended = str(over)
        except Away:
            self._played.ended = "fallback"
        finally:
            with contextlib.suppress(Away):
                await self._line.flush()
        return self._played

    async def _ring_both(self) -> None:
        if not await self._picks_up(self._advisor, "advisor", ADVISOR_RINGS_S):
            raise Over("not_taken")
        with self._board.using(name_of(self._advisor)):
            if not await self._picks_up(self._customer, "customer", CUSTOMER_RINGS_S):
                raise Over("missed")
            with self._board.using(name_of(self._customer)):
                self._played.talked_with = name_of(self._customer)
                await self._board.talk(self._line, self._played, self._talks_s)

    async def _picks_up(self, target: Target, leg: str, timeout_s: float) -> bool:
        phone = self._board.phone(self._played, target)
        await self._line.tell("ringing", leg)
        await self._board.sleep(phone.rings_s(timeout_s))
        said = phone.says_after(timeout_s)
        await self._line.tell("answered" if said == "answers" else said, leg)
        return said == "answers"
