"""What lies beside a backup and says what is in it: `FILE.manifest.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path

FORMAT = 1


class Damaged(Exception):
    """The file is not what its manifest says, or the manifest can't be read."""


@dataclass(frozen=True)
class Manifest:
    """`rows` counts each table at the one instant that the whole backup shows; `revision` is the schema's."""

    made_at: str
    revision: str
    server: str
    client_major: int
    bytes: int
    sha256: str
    rows: Mapping[str, int]
    format: int = FORMAT

    def write(self, file: Path) -> None:
        beside(file).write_text(json.dumps(asdict(self), indent=2) + "\n")


def beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.manifest.json")


def digest(file: Path) -> str:
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def read(file: Path) -> Manifest:
    """The manifest of a backup that is whole. Raises `Damaged`."""
    try:
        found = Manifest(**json.loads(beside(file).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise Damaged(f"{beside(file)} can't be read") from error
    if found.format != FORMAT:
        raise Damaged(f"{beside(file)} has a format that is not known here")
    if (file.stat().st_size, digest(file)) != (found.bytes, found.sha256):
        raise Damaged(f"{file} is not the file that was written: its checksum differs")
    return found
