"""A mail as it came, read into safe text: whoever has written it may mean us ill.

Nothing here trusts a header or a length. What can't be decoded becomes replacement characters, what is nested or
divided without end is read as far as the limits go, HTML is reduced to its words, and a name is one short line. A
mail that defeats the parser altogether is still a mail: without words, and marked as unreadable.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from correspondence.html import words_of
from notifications.letters import ADDRESS

LONGEST = 50_000
"""Characters of a mail's text that are kept."""
MOST_PARTS = 200
DEEPEST = 15
LONGEST_SUBJECT = 200
LONGEST_NAME = 120
MOST_REFERENCES = 20
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
BULK = frozenset({"bulk", "junk", "list"})
ANSWERED = re.compile(r"auto-replied|auto-notified", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """Something attached. `name` is one line without folders."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """`address` is what stands under From, in small letters; None where that is no one address. It authenticates
    nobody. `automatic`: no person has written it, so nothing is answered by itself; `answer`: and it is only an
    answer of a machine, or a bounce."""

    key: str
    """The same for every delivery of this mail."""
    message_id: str | None
    references: tuple[str, ...]
    address: str | None
    subject: str
    text: str
    parts: tuple[Part, ...]
    automatic: bool
    answer: bool
    readable: bool = True


def read(raw: bytes, envelope_sender: str | None) -> Mail:
    """Never raises for what stands in the mail."""
    try:
        parsed = message_from_bytes(raw)
        return _read(parsed, raw, envelope_sender)
    except (
        RecursionError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        IndexError,
        KeyError,
        AssertionError,
    ):
        # the standard library's parser meets mails that it was not made for; what it raises is not documented
        return Mail(
            _key(raw), None, (), None, "", "", (), automatic=True, answer=not envelope_sender, readable=False
        )


def _read(parsed: Message, raw: bytes, envelope_sender: str | None) -> Mail:
    address = _address(parsed)
    found = MESSAGE_ID.search(_header(parsed, "Message-ID"))
    message_id = found[0] if found else None
    plain, html, parts = _parts(parsed)
    automatic, answer = _by_a_machine(parsed, envelope_sender)
    return Mail(
        key=_key(raw) if message_id is None else _key(f"{address}\n{message_id}".encode()),
        message_id=message_id,
        references=_references(parsed),
        address=address,
        subject=one_line(_decoded(_header(parsed, "Subject")), LONGEST_SUBJECT),
        text=safe("\n\n".join(plain) if plain else "\n\n".join(words_of(one) for one in html)),
        parts=tuple(parts),
        automatic=automatic,
        answer=answer,
    )


def _key(of: bytes) -> str:
    return hashlib.sha256(of).hexdigest()


def _header(parsed: Message, name: str) -> str:
    """As it stands there; headers that are no text become some."""
    return str(parsed.get(name) or "")


def _address(parsed: Message) -> str | None:
    headers = [str(one) for one in parsed.get_all("From", [])]
    found = [address for _, address in getaddresses(headers) if address]
    return found[0].lower() if len(found) == 1 and ADDRESS.fullmatch(found[0]) else None


def _references(parsed: Message) -> tuple[str, ...]:
    written = f"{_header(parsed, 'In-Reply-To')} {_header(parsed, 'References')}"
    return tuple(dict.fromkeys(MESSAGE_ID.findall(written)))[:MOST_REFERENCES]


def _by_a_machine(parsed: Message, envelope_sender: str | None) -> tuple[bool, bool]:
    submitted = _header(parsed, "Auto-Submitted").strip().lower()
    kind = _header(parsed, "Content-Type").lower()
    answer = not envelope_sender or bool(ANSWERED.match(submitted)) or kind.startswith("multipart/report")
    bulk = _header(parsed, "Precedence").strip().lower() in BULK or "List-Id" in parsed
    return answer or bulk or submitted not in ("", "no"), answer


def _parts(parsed: Message) -> tuple[list[str], list[str], list[Part]]:
    """Plain texts, HTML texts, and what is attached."""
    plain: list[str] = []
    html: list[str] = []
    attached: list[Part] = []
    for part in _leaves(parsed):
        content, kind = _content(part), part.get_content_type()
        named = part.get_filename()
        if named or part.get_content_disposition() == "attachment" or kind not in ("text/plain", "text/html"):
            attached.append(Part(file_name(_decoded(str(named or ""))), kind[:100], content))
        elif kind == "text/plain":
            plain.append(_text(content, part))
        else:
            html.append(_text(content, part))
    return plain, html, attached


def _leaves(parsed: Message, depth: int = 0) -> Iterator[Message]:
    """The parts that are no containers, as many and as deep as we care to look."""
    left, waiting = MOST_PARTS, [(parsed, depth)]
    while waiting and left:
        part, at = waiting.pop()
        inner = part.get_payload() if part.is_multipart() and part.get_content_type() != "message/rfc822" else None
        if isinstance(inner, list):
            if at < DEEPEST:
                waiting.extend((one, at + 1) for one in reversed(inner) if isinstance(one, Message))
            continue
        left -= 1
        yield part


def _content(part: Message) -> bytes:
    if part.is_multipart():  # a mail within the mail
        return b"".join(one.as_bytes() for one in part.get_payload() if isinstance(one, Message))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(content: bytes, part: Message) -> str:
    """In the charset that it claims, else in the likeliest; what does not fit is replaced."""
    claimed = str(part.get_content_charset() or "utf-8")
    for charset in (claimed, "utf-8"):
        try:
            return content.decode(charset)
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1" if claimed in ("utf-8", "us-ascii") else "utf-8", "replace")


def _decoded(header: str) -> str:
    """RFC 2047; a word whose charset nobody knows is read as it stands."""
    words = []
    try:
        found = decode_header(header)
    except ValueError:
        return header
    for word, charset in found:
        if isinstance(word, str):
            words.append(word)
            continue
        try:
            words.append(word.decode(charset or "utf-8", "replace"))
        except (LookupError, ValueError):
            words.append(word.decode("latin-1"))
    return "".join(words)


def safe(text: str) -> str:
    """Lines of visible characters: no controls, no surrogates, nothing that turns a text's direction."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")[: LONGEST * 2]
    kept = "".join(one if one in "\n\t" or _is_visible(one) else "" for one in lines)
    return re.sub(r"\n{3,}", "\n\n", kept).strip()[:LONGEST]


def one_line(text: str, longest: int) -> str:
    return " ".join("".join(one if _is_visible(one) else " " for one in text[: longest * 4]).split())[:longest]


def file_name(name: str) -> str:
    """Without folders, whichever way they are written, and with its ending where it is too long."""
    last = one_line(re.split(r"[/\\]", name)[-1], 1000).lstrip(".")
    if len(last) <= LONGEST_NAME:
        return last or "unnamed"
    stem, dot, ending = last.rpartition(".")
    return f"{stem[: LONGEST_NAME - 12]}…{dot}{ending[:10]}" if dot else last[:LONGEST_NAME]


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or character == "\u200d"
