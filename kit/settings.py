"""The configuration: one class, read once by the process that starts; every field stands in `.env.example`."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.placeholders import is_nobodys, is_placeholder
from kit.rates import RateText

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseSettings):
    """Environment variables `DURCHWAHL_…`; durations in seconds or ISO 8601 (`PT5S`)."""

    model_config = SettingsConfigDict(env_prefix="DURCHWAHL_", env_file=".env", extra="ignore")

    database_url: SecretStr | None = Field(
        None, description="Any PostgreSQL ≥ 15, several hosts for failover; empty: the embedded one."
    )
    migration_database_url: SecretStr | None = Field(
        None,
        description="The same database as the owner of its tables: for migrations, backup and restore. "
        "Empty: the service signs in as the owner, which is for trying out.",
    )
    database_role: str = Field("durchwahl_app", description="The role that the service signs in as.")
    reports_role: str = Field(
        "durchwahl_reports", description="A role that only reads, for reports; empty: none is looked after."
    )
    data_dir: Path = Field(Path(".data"), description="Where the embedded database and generated keys live.")
    environment: Literal["production", "demo", "test"] = Field(
        "production", description="`demo` allows generated credentials to be printed."
    )
    phone_region: str = Field("DE", description="Country in which numbers without a country code are read.")
    host: str = Field("127.0.0.1", description="Address that the service listens on.")
    port: int = Field(8080, description="Port that the service listens on; 0 takes a free one.")
    public_url: str = Field("", description="How browsers reach the service; empty: derived from the request.")
    pool_size: int = Field(16, description="Connections to the database per process.")
    connect_timeout: timedelta = Field(timedelta(seconds=2), description="For a new database connection.")
    statement_timeout: timedelta = Field(timedelta(seconds=3), description="For one statement.")
    report_timeout: timedelta = Field(timedelta(seconds=30), description="For one statement of a report.")
    lock_timeout: timedelta = Field(timedelta(seconds=2), description="For waiting on another transaction.")
    idle_in_transaction_timeout: timedelta = Field(
        timedelta(seconds=5), description="After which an idle transaction is ended by the database."
    )
    secret: SecretStr | None = Field(
        None,
        description="Signs cursors, customers' tokens and fingerprints; the same for all replicas, 16 characters "
        "or more. Empty: made once and kept in the data folder.",
    )
    token_audience: str = Field(
        "durchwahl", description="`aud` that customers' tokens must have; another one for each deployment."
    )
    answer_within: timedelta = Field(
        timedelta(milliseconds=400), description="After this a switch is told to go on by its own table."
    )
    key_grace: timedelta = Field(
        timedelta(days=7), description="How long a machine key stays valid beside its successor when it is rotated."
    )
    session_lifetime: timedelta = Field(timedelta(hours=12), description="How long a sign-in lasts.")
    local_sign_in: bool = Field(True, description="Whether people may sign in with a password kept here.")
    oidc_issuer: str = Field(
        "", description="The identity provider (OpenID Connect), exactly as it calls itself; empty: none."
    )
    oidc_client_id: str = Field("", description="As which we are registered at the identity provider.")
    oidc_client_secret: SecretStr | None = Field(None, description="Our secret there; empty for a public client.")
    oidc_scopes: str = Field("openid email profile", description="What we ask the identity provider for.")
    oidc_audience: str = Field(
        "", description="Audience of access tokens that clients may send as bearer; empty: none are taken."
    )
    oidc_algorithms: str = Field("RS256 PS256 ES256 EdDSA", description="Signatures that are taken.")
    oidc_role_claim: str = Field("roles", description="Where a person's groups stand: `realm_access.roles`.")
    oidc_roles: dict[str, Literal["advisor", "lead", "supervisor", "admin", "auditor"]] = Field(
        {}, description='Group to role, the first that fits counts: `{"phone-admins": "admin"}`; empty: kept here.'
    )
    oidc_link_by_email: bool = Field(
        False, description="Whether an account without a subject is found by the provider's verified address."
    )
    oidc_create_accounts: bool = Field(
        False, description="Whether people with a role get an account by signing in."
    )
    oidc_timeout: timedelta = Field(timedelta(seconds=5), description="For one answer of the identity provider.")
    allowed_origins: str = Field(
        "", description="Other origins, apart by spaces, whose pages may open the stream: `https://crm.example`."
    )
    idempotency_lifetime: timedelta = Field(
        timedelta(hours=24), description="How long the answer to an Idempotency-Key is kept."
    )
    limit_people: RateText = Field(
        "1200/minute", description="Requests of one person and replica; empty: no limit, as everywhere below."
    )
    limit_machines: RateText = Field("12000/minute", description="Requests of one key that is not the switch's.")
    limit_telephony: RateText = Field("", description="Requests of one switch's key.")
    limit_strangers: RateText = Field(
        "600/minute", description="Requests without good credentials from one address (of IPv6 one /64)."
    )
    limit_sign_ins: RateText = Field("300/minute", description="Passwords tried from one address.")
    limit_failed_sign_ins: RateText = Field("5/minute", description="Wrong passwords for one account.")
    keep_contacts: timedelta = Field(
        timedelta(days=180), description="How long numbers, notes and topics of what is over are kept."
    )
    keep_switch_events: timedelta = Field(
        timedelta(days=14), description="How long it is kept what the switch said of a call."
    )
    keep_sign_ins: timedelta = Field(timedelta(days=90), description="How long an ended sign-in is kept.")
    keep_absences: timedelta = Field(timedelta(days=730), description="How long an absence is kept after its end.")
    keep_leavers: timedelta = Field(
        timedelta(days=180), description="When an advisor who has left is made anonymous, counted from leaving."
    )
    keep_events: timedelta = Field(timedelta(days=400), description="How long events are kept, by whole months.")
    keep_messages: timedelta = Field(
        timedelta(days=180), description="How long it is kept to whom a message went, counted from its end."
    )
    keep_decisions: timedelta = Field(timedelta(days=400), description="How long decisions are kept.")
    keep_audit: timedelta = Field(
        timedelta(days=1100), description="How long the audit is kept; never dropped before it is sealed."
    )
    smtp_host: str = Field(
        "", description="The mail server; empty: the demo keeps letters to itself, anybody else sends none."
    )
    smtp_port: int = Field(587, description="Port of the mail server.")
    smtp_user: str = Field("", description="As whom we sign in at the mail server; empty: not at all.")
    smtp_password: SecretStr | None = Field(None, description="The password for it.")
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="`starttls` or `tls` (from the first byte, usually on 465); `none` only without a password, or "
        "on this very machine.",
    )
    smtp_from: str = Field("", description="From whom letters come: `Name <address@domain>`.")
    smtp_timeout: timedelta = Field(
        timedelta(seconds=10),
        description="For one letter; 10 s at most.",
        gt=timedelta(0),
        le=timedelta(seconds=10),
    )
    webhook_networks: str = Field(
        "",
        description="Networks apart by spaces in which webhooks may reach private addresses: `10.2.0.0/16`.",
    )
    webhook_timeout: timedelta = Field(
        timedelta(seconds=10),
        description="For one attempt to send a webhook; 10 s at most.",
        gt=timedelta(0),
        le=timedelta(seconds=10),
    )
    keep_webhooks: timedelta = Field(
        timedelta(days=30),
        description="How long dead letters are kept; what was delivered stays for three days.",
    )
    mail_domain: str = Field(
        "", description="Domain of advisors' own addresses, to which customers write; empty: no mail is taken in."
    )
    lmtp_host: str = Field("127.0.0.1", description="Address that mail is taken in at, by LMTP from a mail server.")
    lmtp_port: int | None = Field(
        None, description="Port for it in `durchwahl serve`; left out: only `durchwahl lmtp` takes mail in."
    )
    mail_most_bytes: int = Field(
        15_000_000, description="The largest mail taken in, as it is encoded.", ge=10_000, le=50_000_000
    )
    limit_mail_senders: RateText = Field("30/hour", description="Mails of one sender and process; empty: no limit.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")
    tracing_url: str = Field(
        "",
        description="Where traces go by OTLP over HTTP, for example http://collector:4318/v1/traces; empty: "
        "nowhere. Needs the extra `tracing`, which the container image has.",
    )
    tracing_share: float = Field(1.0, description="Which share of requests is traced, from 0 to 1.", ge=0, le=1)
    access_log: bool = Field(True, description="Whether each request and each decision is logged.")
    workers: bool = Field(True, description="Whether `durchwahl serve` also runs the loops.")
    worker_host: str = Field("127.0.0.1", description="Address that `durchwahl worker` can be watched at.")
    worker_port: int | None = Field(
        None, description="Port for its `/livez`, `/readyz` and `/metrics`; left out: it listens on none."
    )

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        """What would only be noticed by the first who signs in stops the start instead."""
        if not self.oidc_issuer:
            return self
        if not is_safe(self.oidc_issuer) or not self.oidc_client_id or not self.public_url:
            raise ValueError("oidc_issuer must be https, and needs oidc_client_id and public_url")
        if self.oidc_audience == self.oidc_client_id:
            raise ValueError("oidc_audience must not be oidc_client_id, or ID tokens would be taken as bearer")
        return self

    @model_validator(mode="after")
    def _mail_is_whole(self) -> Self:
        """The same for mail; what only a documentation can mean is for the demo."""
        password = self.smtp_password.get_secret_value() if self.smtp_password is not None else ""
        if not self.smtp_host:
            return self
        if "@" not in self.smtp_from:
            raise ValueError("smtp_host needs smtp_from: Name <address@domain>")
        if bool(self.smtp_user) != bool(password):
            raise ValueError("smtp_user and smtp_password belong together")
        if password and self.smtp_tls == "none" and self.smtp_host not in LOOPBACK:
            raise ValueError("smtp_password would go over the network in clear: smtp_tls must not be none")
        if self.environment == "production" and (
            (password and is_placeholder(password)) or is_nobodys(self.smtp_from)
        ):
            raise ValueError("smtp_password or smtp_from is a placeholder; the demo alone takes those")
        return self

    @model_validator(mode="after")
    def _networks_are_networks(self) -> Self:
        for text in self.webhook_networks.split():
            ip_network(text)
        return self


def is_safe(url: str) -> bool:
    """Encrypted, or on this very machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
