"""The settings alone: what is missing, and secrets that everybody knows."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from cli.doctor.findings import Finding
from kit.placeholders import is_placeholder
from kit.secret import SHORTEST
from kit.settings import Settings


def check(settings: Settings) -> Iterator[Finding]:
    yield from _database(settings)
    yield from _secret(settings)
    yield from _public_url(settings)
    yield from _mail(settings)
    if settings.environment != "production":
        yield Finding(
            "configuration.not-production",
            "info",
            f"The environment is `{settings.environment}`: generated credentials may be printed.",
            "Set DURCHWAHL_ENVIRONMENT=production before customers come.",
        )


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.database_url is None:
        yield Finding(
            "configuration.embedded-database",
            "warning" if settings.environment == "production" else "info",
            "No database is configured, so the embedded one is used: one machine, no standby.",
            "Set DURCHWAHL_DATABASE_URL to a PostgreSQL of version 15 or later (docs/operate/install.md).",
        )
        return
    password = unquote(urlsplit(settings.database_url.get_secret_value()).password or "")
    if password and is_placeholder(password):
        yield Finding(
            "configuration.placeholder-secret",
            "error",
            "The database's password is a placeholder that everybody knows.",
            "Choose one by `openssl rand -hex 24` and change it in the database and in DURCHWAHL_DATABASE_URL.",
            {"setting": "DURCHWAHL_DATABASE_URL"},
        )


def _secret(settings: Settings) -> Iterator[Finding]:
    if settings.secret is None:
        if settings.database_url is not None:
            yield Finding(
                "configuration.no-secret",
                "warning",
                "No secret is configured, so each replica makes its own: cursors of one are refused by the others.",
                "Set DURCHWAHL_SECRET to the same value for all replicas (`openssl rand -hex 24`).",
            )
        return
    given = settings.secret.get_secret_value()
    if len(given) < SHORTEST:
        yield Finding(
            "configuration.short-secret",
            "error",
            f"The secret is shorter than {SHORTEST} characters; the service refuses it.",
            "Set DURCHWAHL_SECRET to a longer one (`openssl rand -hex 24`).",
        )
    elif is_placeholder(given):
        yield Finding(
            "configuration.placeholder-secret",
            "error",
            "The secret is a placeholder that everybody knows.",
            "Set DURCHWAHL_SECRET to one that you made by `openssl rand -hex 24`.",
            {"setting": "DURCHWAHL_SECRET"},
        )


def _mail(settings: Settings) -> Iterator[Finding]:
    if settings.environment == "production" and not settings.smtp_host:
        yield Finding(
            "configuration.no-mail",
            "info",
            "No mail server is configured: what should be sent to customers and advisors is dropped.",
            "Set DURCHWAHL_SMTP_HOST and DURCHWAHL_SMTP_FROM (docs/operate/mail.md).",
        )


def _public_url(settings: Settings) -> Iterator[Finding]:
    if settings.environment != "production":
        return
    if not settings.public_url:
        yield Finding(
            "configuration.no-public-url",
            "warning",
            "The service does not know how browsers reach it, and trusts the request for that.",
            "Set DURCHWAHL_PUBLIC_URL, for example https://durchwahl.example.",
        )
    elif urlsplit(settings.public_url).scheme != "https":
        yield Finding(
            "configuration.public-url-not-https",
            "warning",
            "Browsers come without encryption, so sessions can be read on the way.",
            "End TLS before the service and set DURCHWAHL_PUBLIC_URL to the https address.",
        )
