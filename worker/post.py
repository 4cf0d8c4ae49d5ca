"""Who writes which letter: the rooms' writers together."""

from __future__ import annotations

from callbacks.letters import Letters as LettersOfPromises
from correspondence.letters import Letters as LettersOfThreads
from customers.letters import Letters as LettersToCustomers
from kit import secret
from kit.catalogue import Catalogue
from kit.settings import Settings
from notifications.letters import Writers


def writers_of(catalogue: Catalogue, settings: Settings | None) -> Writers:
    """Without settings there are no links; without a domain of advisors' own their answers have nothing to seal."""
    public_url = settings.public_url if settings is not None else ""
    mark = secret.load(settings) if settings is not None else b""
    domain = settings.mail_domain if settings is not None else ""
    threads = LettersOfThreads(catalogue, mark, domain) if domain else LettersOfThreads(catalogue, b"")
    return {
        **LettersToCustomers(catalogue, public_url).writers(),
        **LettersOfPromises(catalogue, public_url, mark).writers(),
        **threads.writers(),
    }
