"""Advisors as the log's agents worked: signed on for their shifts, finishing the present contact before they go.

Between two shifts of one duty they are at break, after the duty they are offline. Their phones stay registered
until an hour after the duty, which keeps the lease. Nobody leaves a contact or a ringing phone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from advisors import presences
from contacts import desk
from kit.announcements import NewEvent
from kit.database import Session
from kit.ids import encode
from simulation.agenda import Agenda
from simulation.staffing import Shift
from simulation.virtual_service import VirtualService

REGISTERED_AFTER_WORK = timedelta(hours=1)
AT_WORK = frozenset({"available", "offered", "in_contact", "wrap_up", "not_responding"})


class Desks:
    """Everybody's presence, driven by the shifts and heard of through the events."""

    def __init__(self, service: VirtualService, agenda: Agenda, advisors: Mapping[str, UUID]) -> None:
        self._service, self._agenda, self._advisors = service, agenda, advisors
        self._of_code = {encode("adv", advisor_id): advisor_id for advisor_id in advisors.values()}
        self._state: dict[UUID, str] = dict.fromkeys(advisors.values(), "offline")
        self._at_work_since: dict[UUID, datetime] = {}
        self._wish: dict[UUID, str] = {}
        self._worked_s: defaultdict[UUID, float] = defaultdict(float)

    def plan(self, shifts: Sequence[Shift], duties: Sequence[Shift]) -> None:
        """Write the shifts of everybody who is known here into the agenda."""
        for shift in shifts:
            if shift.agent not in self._advisors:
                continue
            advisor_id = self._advisors[shift.agent]
            off_duty_at = max((d.ends_at for d in duties if _belongs(shift, d)), default=shift.ends_at)
            after = "break" if shift.ends_at < off_duty_at else "offline"
            self._agenda.at(shift.starts_at, partial(self._begin, advisor_id, off_duty_at))
            self._agenda.at(shift.ends_at, partial(self._choose, advisor_id, after))

    def worked_s(self) -> float:
        """Time at work so far, on the phone or free for it, of all together; overtime counts, breaks do not."""
        now = self._service.now
        going_on = sum((now - since).total_seconds() for since in self._at_work_since.values())
        return sum(self._worked_s.values()) + going_on

    async def _begin(self, advisor_id: UUID, off_duty_at: datetime) -> None:
        await self._choose(advisor_id, "available")
        now = self._service.now
        lease = off_duty_at - now + REGISTERED_AFTER_WORK

        async def register(session: Session) -> None:
            await presences.hear_of(session, advisor_id, now, lease)

        await self._service.run(register)

    async def _choose(self, advisor_id: UUID, state: str) -> None:
        """Choose a status as soon as the phone doesn't ring."""
        self._wish.pop(advisor_id, None)
        if self._state[advisor_id] == "offered":
            self._wish[advisor_id] = state
            return
        service = self._service

        async def choose(session: Session) -> None:
            await desk.choose(session, service.exchange, advisor_id, state, service.now)

        await service.run(choose)

    def hear(self, event: NewEvent) -> None:
        """Follow a presence; a wish that had to wait for the ringing to end is chosen then."""
        presence = event.data.get("presence")
        if presence is None:
            return
        advisor_id, state = self._of_code[presence["advisor"]], presence["state"]
        self._count(advisor_id, state, event.at)
        self._state[advisor_id] = state
        if state != "offered" and advisor_id in self._wish:
            self._agenda.at(event.at, partial(self._choose, advisor_id, self._wish[advisor_id]))

    def _count(self, advisor_id: UUID, state: str, at: datetime) -> None:
        if state in AT_WORK:
            self._at_work_since.setdefault(advisor_id, at)
        elif advisor_id in self._at_work_since:
            self._worked_s[advisor_id] += (at - self._at_work_since.pop(advisor_id)).total_seconds()


def _belongs(shift: Shift, duty: Shift) -> bool:
    return duty.agent == shift.agent and duty.starts_at <= shift.starts_at < duty.ends_at
