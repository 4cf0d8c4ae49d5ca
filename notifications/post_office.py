"""Which courier an installation has."""

from __future__ import annotations

from kit.settings import Settings
from notifications.console import Console
from notifications.couriers import Courier, Off
from notifications.mime import Sender
from notifications.smtp import SmtpServer


def courier_of(settings: Settings) -> Courier:
    """A mail server where one is set; else the console for the demo and tests, and nobody in production. Raises
    `ValueError` for a sender that is none."""
    if not settings.smtp_host:
        return Off() if settings.environment == "production" else Console()
    password = settings.smtp_password
    return SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=Sender(settings.smtp_from),
        user=settings.smtp_user,
        password=password.get_secret_value() if password is not None else "",
        tls=settings.smtp_tls,
        patience=settings.smtp_timeout,
    )
