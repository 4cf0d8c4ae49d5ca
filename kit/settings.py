"""The configuration: one class, read once by the process that starts; every field stands in `.env.example`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from kit.rates import RateText


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
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="What is logged.")
    access_log: bool = Field(True, description="Whether each request is logged: route, status, duration.")
    workers: bool = Field(True, description="Whether `durchwahl serve` also runs the loops.")
