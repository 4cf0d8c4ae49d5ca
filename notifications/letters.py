"""A letter as it leaves: to whom, about what, in which words; and who can write one.

Upper rooms register a `Writer` for each of their templates; this room knows none of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Protocol, TypeAlias

from kit.database import ReadSession, Row
from notifications.states import DROPPED_FOR

LONGEST_LINE = 200
ADDRESS = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@[^\s@<>\"(),:;\\\[\]]{1,189}\.[^\s@<>\"(),:;\\\[\]]{1,63}")
"""What may stand in an envelope: no quoted names, no lists, no comments. The mail server knows the rest."""


MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")


class BadAddress(ValueError):
    """That is no address. It is not told, as it may be somebody's."""


@dataclass(frozen=True, slots=True)
class AsReply:
    """A letter that somebody has written: from whom, where answers go, and the mails that it answers, the newest
    last. `automatic`: written by us all the same. Without an address it comes from where all letters come from."""

    name: str | None
    address: str | None = None
    reply_to: str | None = None
    references: tuple[str, ...] = ()
    automatic: bool = False

    def __post_init__(self) -> None:
        for one in (self.address, self.reply_to):
            if one is not None and not (ADDRESS.fullmatch(one) and one.isascii()):
                raise BadAddress
        object.__setattr__(self, "name", one_line(self.name) if self.name else None)
        object.__setattr__(self, "references", tuple(one for one in self.references if MESSAGE_ID.fullmatch(one)))


@dataclass(frozen=True, slots=True)
class Letter:
    """`text` is paragraphs between empty lines. Raises `BadAddress`; line ends in name and subject become blanks,
    so that nothing that people have typed begins a header of its own."""

    address: str
    name: str | None
    subject: str
    text: str
    language: str
    reply: AsReply | None = None

    def __post_init__(self) -> None:
        if not ADDRESS.fullmatch(self.address) or not _is_visible(self.address) or not self.routed:
            raise BadAddress
        object.__setattr__(self, "name", one_line(self.name) if self.name else None)
        object.__setattr__(self, "subject", one_line(self.subject))

    @property
    def routed(self) -> str:
        """The address with its domain in ASCII, as servers look it up; empty where that can't be."""
        local, _, domain = self.address.rpartition("@")
        try:
            return f"{local}@{domain.encode('idna').decode()}"
        except UnicodeError:
            return ""

    @property
    def html(self) -> str:
        """The same words; nothing of them is read as HTML."""
        paragraphs = (escape(part).replace("\n", "<br>") for part in self.text.split("\n\n"))
        body = "".join(f"<p>{part}</p>\n" for part in paragraphs)
        head = f'<head><meta charset="utf-8"><title>{escape(self.subject)}</title></head>'
        return f'<!doctype html>\n<html lang="{escape(self.language)}">{head}<body>\n{body}</body></html>\n'


@dataclass(frozen=True, slots=True)
class Nobody:
    """There is nobody to write to, for one of the reasons in `states.DROPPED_FOR`."""

    reason: str

    def __post_init__(self) -> None:
        if self.reason not in DROPPED_FOR:
            raise ValueError(self.reason)


class Writer(Protocol):
    """Makes the letter from a row of `messages` and what is true now; reads, and changes nothing."""

    async def __call__(self, message: Row, session: ReadSession, /) -> Letter | Nobody: ...


Writers: TypeAlias = Mapping[str, Writer]
"""By template."""


def one_line(text: str) -> str:
    """Without control characters, line ends and marks that turn a text's direction; cut where it is too long."""
    visible = "".join(character if _is_visible(character) else " " for character in text)
    return " ".join(visible.split())[:LONGEST_LINE]


def _is_visible(text: str) -> bool:
    return all(unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in text)
