"""What the application is made of, handed in by the process that starts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import migrations.metadata  # noqa: F401 - every table, as an account's key points to a room above it
from accounts import external
from accounts.customer_tokens import CustomerTokens
from accounts.external import Rules
from accounts.passwords import FailedSignIns, Hashing
from accounts.principal import Principal
from accounts.provider import Provider
from accounts.recognition import Recognition
from api.alarms import Alarms
from api.limits import Limits
from api.probe import WriteProbe
from api.vitals import Vitals
from customers import queries as customers
from kit import secret, turns
from kit.clock import Clock
from kit.database import Database
from kit.ids import IdMaker, new_id
from kit.metrics import Metrics
from kit.rates import Rate
from kit.settings import Settings
from kit.turns import Turns
from reporting.board import Board

if TYPE_CHECKING:
    from kit.tracing import Tracing

Hook: TypeAlias = AbstractAsyncContextManager[Any]
Background: TypeAlias = Hook | Callable[[], Hook]
"""Entered when the application starts, left when it stops, in reverse order."""


@dataclass(frozen=True)
class Services:
    """`extras` and `background` are there for others to fill before the application starts."""

    database: Database
    clock: Clock
    settings: Settings
    new_id: IdMaker = new_id
    catalogue: Any = None
    extras: dict[str, Any] = field(default_factory=dict)
    background: list[Background] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)
    hashing: Hashing = field(default_factory=Hashing)
    provider_transport: Any = None
    """How the identity provider is reached, where it is not by the network."""

    @cached_property
    def failed_sign_ins(self) -> FailedSignIns:
        return FailedSignIns(Rate.parse(self.settings.limit_failed_sign_ins))

    @cached_property
    def limits(self) -> Limits:
        return Limits(self.settings, self.metrics)

    @cached_property
    def turns(self) -> Turns:
        return Turns(turns.REQUESTS, wait_s=5.0)

    @cached_property
    def arrival_turns(self) -> Turns:
        return Turns(turns.ARRIVALS, wait_s=15.0)

    @cached_property
    def report_turns(self) -> Turns:
        return Turns(turns.REPORTS, wait_s=15.0)

    @cached_property
    def provider(self) -> Provider | None:
        """The identity provider, where one is set."""
        return Provider(self.settings, self.provider_transport) if self.settings.oidc_issuer else None

    @property
    def tracing(self) -> Tracing | None:
        return self.database.tracing

    @cached_property
    def recognition(self) -> Recognition:
        return Recognition(self.database, self._foreign if self.takes_foreign else None)

    @property
    def takes_foreign(self) -> bool:
        """Whether access tokens of the identity provider's are taken."""
        return bool(self.settings.oidc_issuer and self.settings.oidc_audience)

    async def _foreign(self, token: bytes, now: datetime) -> tuple[Principal, datetime] | None:
        """The person behind an access token of the identity provider's."""
        assert self.provider is not None
        claims = await self.provider.access(token, now)
        return await external.recognised(self.database, Rules.of(self.settings), claims)

    @cached_property
    def customer_tokens(self) -> CustomerTokens:
        return CustomerTokens(self.database, self.secret, self.settings.token_audience, customers.id_of)

    @cached_property
    def alarms(self) -> Alarms:
        return Alarms(self.database, self.clock, self.metrics)

    @cached_property
    def vitals(self) -> Vitals:
        return Vitals(self.database, self.metrics)

    @cached_property
    def write_probe(self) -> WriteProbe:
        return WriteProbe(self.clock, self.database, self.metrics)

    @cached_property
    def board(self) -> Board:
        return Board(self.clock, self.database, self.metrics)

    @cached_property
    def secret(self) -> bytes:
        """The key from which those of cursors, versions, fingerprints and customers' tokens are derived."""
        return secret.load(self.settings)
