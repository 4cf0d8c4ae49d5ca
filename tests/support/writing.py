"""A world in which people write: chats as a customer's page opens them, the inbox of an advisor's desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from advisors.models import Advisor
from contacts import arrivals, chats, handing_out, inbox, offer_queries, queries
from contacts.chat_view import ChatOut, chat
from contacts.desk import WrapUp
from contacts.situation import Scene
from customers.models import Customer
from kit import invariants
from kit.database import Row
from tests.support.builders import MONDAY_MORNING
from tests.support.world import World


class WritingWorld(World):
    """Hands out what waits after every commit, as the process does."""

    async def after_commit(self) -> None:
        await super().after_commit()
        for contact_id in await handing_out.waiting(self.session, self.now):
            await handing_out.hand_out(self.session, self.exchange, contact_id, self.now)
        await super().after_commit()

    async def scene(self) -> Scene:
        return await arrivals.scene_for(self.session, self.exchange, self.now)

    async def chat(self, customer: Customer, text: str = "Guten Tag") -> Chat:
        row = await chats.open_chat(await self.scene(), customer.external_ref, text)
        await self.after_commit()
        return Chat(self, customer, row["id"])

    async def accept(self, advisor: Advisor, contact_id: UUID) -> None:
        offer = await offer_queries.open_offer(self.session, contact_id)
        assert offer is not None, "nobody is asked"
        await inbox.accept(self.session, self.exchange, advisor.id, offer["id"], self.now)
        await self.after_commit()

    async def reply(
        self, advisor: Advisor, contact_id: UUID, text: str = "Gern", *, ends: bool | None = None
    ) -> None:
        await inbox.reply(self.session, self.exchange, advisor.id, contact_id, text, self.now, ends=ends)
        await self.after_commit()

    async def end(self, advisor: Advisor, contact_id: UUID) -> None:
        await inbox.end(self.session, self.exchange, advisor.id, contact_id, WrapUp("invoice"), self.now)
        await self.after_commit()

    async def hand_over(self, advisor: Advisor, contact_id: UUID, to: Advisor | None = None) -> None:
        who = to.id if to is not None else None
        await inbox.hand_over(self.session, self.exchange, advisor.id, contact_id, who, self.now)
        await self.after_commit()

    async def places(self) -> list[tuple[UUID, str, int]]:
        rows = await self.session.fetch("SELECT advisor_id, channel, slot FROM channel_slots ORDER BY 1, 2, 3")
        return [(row["advisor_id"], row["channel"], row["slot"]) for row in rows]

    async def broken(self) -> dict[str, Any]:
        return await invariants.violations(self.session, self.now, since=MONDAY_MORNING)


@dataclass
class Chat:
    """One chat as its customer sees it."""

    world: WritingWorld
    customer: Customer
    contact_id: UUID

    async def row(self) -> Row:
        row = await queries.by_id(self.world.session, self.contact_id)
        assert row is not None
        return row

    async def state(self) -> str:
        return str((await self.row())["state"])

    async def seen(self) -> ChatOut:
        return chat(await self.world.scene(), await self.row())

    async def say(self, text: str = "Sind Sie da?") -> None:
        await chats.say(await self.world.scene(), await self._locked(), text)
        await self.world.after_commit()

    async def choose(self, choice: chats.Choice) -> None:
        await chats.choose(await self.world.scene(), await self._locked(), self.customer.external_ref, choice)
        await self.world.after_commit()

    async def leave(self) -> None:
        await chats.leave(await self.world.scene(), await self._locked())
        await self.world.after_commit()

    async def _locked(self) -> dict[str, Any]:
        return await chats.of_customer(self.world.session, self.customer.external_ref, self.contact_id)

    async def texts(self) -> list[str]:
        sql = "SELECT coalesce(text, code) AS said FROM thread_messages WHERE contact_id = $1 ORDER BY ordinal"
        return [row["said"] for row in await self.world.session.fetch(sql, self.contact_id)]
