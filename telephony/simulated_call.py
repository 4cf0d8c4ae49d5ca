"""One call that comes in, from the first ring to the end: do what is said, then what is said next."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import NoReturn

from telephony.simulated_board import ALIVE_EVERY_S, Over, Played, Switchboard, name_of
from telephony.simulated_line import CALLS, Away, Verbs
from telephony.simulated_people import Caller, VerbData

LOOK_S = 2.0
"""How often the switch looks what it should do, while a phone rings and while there is nothing to do."""
CALLBACK = "2"


class GaveUp(Over):
    """The caller's patience is at its end."""


class InboundPlay:
    """The coroutine of one call; `play` once."""

    def __init__(self, board: Switchboard, caller: Caller, call_id: str) -> None:
        self._board, self._caller = board, caller
        self._path = f"{CALLS}/{call_id}"
        self._line = board.line(self._path)
        self._played = Played(call_id)
        self._began_at = board.clock.now()
        self._alive_every_s = ALIVE_EVERY_S
        self._put_off = 0
        self._promised = False

    async def play(self) -> Played:
        with self._board.using(self._caller.number):
            ended = await self._to_the_end()
        left_alone = ended in ("gave_up", "sent_off")
        self._played.ended = "promised" if self._promised and left_alone else ended
        return self._played

    async def _to_the_end(self) -> str:
        try:
            await self._follow()
        except GaveUp:
            with contextlib.suppress(Away):
                await self._line.tell("hangup", "caller")
            return "gave_up"
        except Over as over:
            return str(over)
        except Away:
            return "fallback"
        finally:
            with contextlib.suppress(Away):
                await self._line.flush()

    async def _follow(self) -> NoReturn:
        verbs = await self._arrive()
        while True:
            verbs = await self._perform(verbs)

    async def _arrive(self) -> Verbs:
        body = {"call_id": self._played.call_id, "from": self._caller.number, "to": self._caller.dials}
        service = self._board.service
        answer = await service.ask("POST", CALLS, json=body)
        if self._line.repeats():
            answer = await service.ask("POST", CALLS, json=body)
        if answer is None:
            raise Over("refused")
        if answer["contact_id"] is None:
            raise Over("untouched")
        self._alive_every_s = answer.get("alive_every_s") or ALIVE_EVERY_S
        return list(answer["verbs"])

    async def _perform(self, verbs: Verbs) -> Verbs:
        """Do the verbs in order; what comes next."""
        for verb in verbs:
            match verb["verb"]:
                case "say":
                    self._played.heard.append(verb["text"])
                    await self._pass(self._caller.listens_s)
                case "gather":
                    return await self._gather(verb)
                case "dial":
                    return await self._ring(verb)
                case "wait":
                    return await self._wait(verb)
                case "redirect":
                    raise Over("redirected")
                case _:
                    raise Over("sent_off")
        await self._pass(LOOK_S)
        return await self._standing()

    async def _gather(self, verb: VerbData) -> Verbs:
        """The caller types something, or nothing within the time; who has a promise hangs up content."""
        digits = self._caller.types(verb, self._put_off)
        if verb.get("for") == "slot":
            self._promised = True
            self._put_off += 1
            if digits is None:
                await self._pass(self._caller.thinks_s)
                raise GaveUp
        await self._pass(verb["timeout_s"] if digits is None else self._caller.thinks_s)
        return await self._type(digits or "")

    async def _type(self, digits: str) -> Verbs:
        self._played.typed.append(digits)
        verbs = await self._line.tell("digits", "caller", digits=digits)
        return await self._standing() if verbs is None else verbs

    async def _wait(self, verb: VerbData) -> Verbs:
        """Music until there is news; the caller may give in and ask for a callback."""
        gives_in_s = self._gives_in_in_s()
        if gives_in_s is not None and gives_in_s <= 0:
            return await self._type(CALLBACK)
        if not self._board.poll_s:
            await self._pass(verb["poll_after_s"])
            return await self._standing()
        left_s = self._patience_left_s()
        if left_s <= 0:
            raise GaveUp
        for_s = round(min(self._board.poll_s, left_s, left_s if gives_in_s is None else gives_in_s), 2)
        return await self._board.service.verbs("GET", verb["wait_url"], params={"for_s": for_s})

    async def _ring(self, verb: VerbData) -> Verbs:
        """Ring the advisor's phone while it should ring."""
        target = verb["targets"][0]
        named = {"offer_id": verb["offer_id"], "token": verb["token"]}
        self._board.offers.append(verb["offer_id"])
        phone = self._board.phone(self._played, target)
        await self._line.tell("ringing", "advisor", **named)
        moved_on = await self._until_picked_up(verb, phone.rings_s(verb["timeout_s"]))
        if moved_on:
            return moved_on
        said = phone.says_after(verb["timeout_s"])
        if said == "answers":
            with self._board.using(name_of(target)):
                return await self._answered(verb, named)
        verbs = await self._line.tell(said, "advisor", **named)
        return await self._standing() if verbs is None else verbs

    async def _until_picked_up(self, verb: VerbData, left_s: float) -> Verbs:
        """Ring so long; what else there is to do if the service has thought better of it meanwhile."""
        while left_s > 0:
            stretch_s = min(LOOK_S, left_s)
            await self._pass(stretch_s)
            left_s -= stretch_s
            verbs = await self._standing() if left_s > 0 else []
            if verbs and not _is_same(verbs, verb):
                return verbs
        return []

    async def _answered(self, verb: VerbData, named: Mapping[str, str]) -> Verbs:
        verbs = await self._line.tell("answered", "advisor", **named)
        if verbs and not _is_same(verbs, verb):
            return verbs  # too late: the offer has gone to somebody else
        self._played.talked_with = name_of(verb["targets"][0])
        await self._board.talk(self._line, self._played, self._caller.talks_s, self._alive_every_s)
        return []

    async def _standing(self) -> Verbs:
        return await self._board.service.verbs("GET", self._path)

    async def _pass(self, seconds: float) -> None:
        """Time goes by in which nobody has spoken with the caller yet. Raises `GaveUp`."""
        left_s = self._patience_left_s()
        await self._board.sleep(max(0.0, min(seconds, left_s)))
        if seconds >= left_s:
            raise GaveUp

    def _waited_s(self) -> float:
        return (self._board.clock.now() - self._began_at).total_seconds()

    def _patience_left_s(self) -> float:
        return self._caller.patience_s - self._waited_s()

    def _gives_in_in_s(self) -> float | None:
        after_s = self._caller.gives_in_after_s
        return None if after_s is None or CALLBACK in self._played.typed else after_s - self._waited_s()


def _is_same(verbs: Verbs, dial: VerbData) -> bool:
    """Whether it is still that phone that should ring."""
    return bool(verbs[-1]["verb"] == "dial" and verbs[-1]["offer_id"] == dial["offer_id"])
