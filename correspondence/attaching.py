"""Which attachments are kept: documents and pictures that are what they say, within a limit. All else is refused,
by one word that can be told to whoever sent it.

    executable   runs on somebody's machine, by its name or by its first bytes
    archive      hides what is in it
    type         none of those that are taken, or not what its name says
    too_large    the mail's attachments are more than 10 MB together
    too_many     more than 20 of them
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from correspondence.mail import Part
from correspondence.models import MOST_ATTACHED

MOST = 20
ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0"

TAKEN: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "webp": (b"RIFF",),
    "docx": (ZIP,),
    "xlsx": (ZIP,),
    "odt": (ZIP,),
    "ods": (ZIP,),
    "txt": (),
    "csv": (),
}
"""Ending → how its content begins; empty: any text."""

TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "txt": "text/plain",
    "csv": "text/csv",
}
"""What a kept file is called, whatever the mail has called it."""

EXECUTABLE = frozenset(
    {"app", "apk", "bat", "chm", "cmd", "com", "cpl", "deb", "dll", "dmg", "docm", "dotm", "exe", "hta", "iso",
     "jar", "js", "jse", "lnk", "msc", "msi", "msp", "pif", "ppam", "pptm", "ps1", "py", "reg", "rpm", "scf",
     "scr", "sh", "svg", "sys", "vb", "vbe", "vbs", "wsf", "wsh", "xlam", "xlsm", "xltm"}
)  # fmt: skip
RUNS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
ARCHIVE = frozenset(
    {"7z", "ace", "arj", "bz2", "cab", "gz", "lha", "lzh", "rar", "tar", "tgz", "xz", "z", "zip", "zst"}
)  # fmt: skip
PACKED = (ZIP, b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ")


@dataclass(frozen=True, slots=True)
class Judged:
    """One attachment, kept with its content or refused without."""

    name: str
    type: str
    size: int
    content: bytes | None = None
    sha256: bytes | None = None
    refused_for: str | None = None


def judge(parts: Sequence[Part]) -> list[Judged]:
    """In their order; what is too much is what comes last."""
    found: list[Judged] = []
    room = MOST_ATTACHED
    for number, part in enumerate(parts[: 2 * MOST]):
        refused = refusal(part.name, part.content) or _no_room(number, len(part.content), room)
        if refused is not None:
            size = min(len(part.content), MOST_ATTACHED)
            found.append(Judged(part.name, "application/octet-stream", size, refused_for=refused))
            continue
        room -= len(part.content)
        digest = hashlib.sha256(part.content).digest()
        found.append(Judged(part.name, TYPES[ending(part.name)], len(part.content), part.content, digest))
    return found


def _no_room(number: int, size: int, room: int) -> str | None:
    if number >= MOST:
        return "too_many"
    return "too_large" if size > room else None


def ending(name: str) -> str:
    return name.rpartition(".")[2].lower()


def refusal(name: str, content: bytes) -> str | None:
    """Why it is not kept; None where it is."""
    last = ending(name)
    if last in EXECUTABLE or content.startswith(RUNS):
        return "executable"
    if last in ARCHIVE or (content.startswith(PACKED) and last not in TAKEN):
        return "archive"
    if last not in TAKEN:
        return "type"
    begins = TAKEN[last]
    fits = (
        content.startswith(begins) if begins else b"\x00" not in content and not content.startswith((*PACKED, OLE))
    )
    return None if fits else "type"
