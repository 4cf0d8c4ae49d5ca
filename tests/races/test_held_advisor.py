"""Somebody holds an advisor's row, at a console or in a transaction that hangs: only that advisor's calls wait."""

from __future__ import annotations

import asyncio

from telephony.inbound import InboundCall
from telephony.verbs import Dial
from tests.races.desks import MARKET_NUMBER, found
from tests.races.replicas import Replicas
from tests.support.builders import a_customer, a_private_number

HOLD = "SELECT advisor_id FROM presences WHERE advisor_id = $1 FOR UPDATE"


async def test_calls_of_others_in_the_same_batch_do_not_wait_for_a_held_advisor(replicas: Replicas) -> None:
    desk = await found(replicas)
    bens = a_private_number()
    async with replicas.first.database.transaction() as session:
        await a_customer(session, advisor=desk.ben, phones=(bens,))
    receive = replicas.first.gatherer.receive

    async with replicas.second.database.transaction() as console:
        await console.fetch(HOLD, desk.anna.id)
        for_anna = asyncio.create_task(receive(InboundCall("pbx-anna", desk.phones[0], MARKET_NUMBER)))
        for_ben = asyncio.create_task(receive(InboundCall("pbx-ben", bens, MARKET_NUMBER)))
        done, _ = await asyncio.wait({for_anna, for_ben}, return_when=asyncio.FIRST_COMPLETED)

        assert done == {for_ben}
        assert isinstance((await for_ben).verbs[-1], Dial)

    assert isinstance((await for_anna).verbs[-1], Dial)
