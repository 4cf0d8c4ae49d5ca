"""The repository as its readers see it: the files that are committed or about to be."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Tracked files and new ones that are not ignored, as they lie in the work tree."""
    # a checkout may belong to somebody else than the one who tests it
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return tuple(ROOT / name for name in sorted(set(listed.split("\0")) - {""}) if (ROOT / name).is_file())


def text_files() -> Iterator[tuple[Path, str]]:
    """Every file that is UTF-8 text, with its text; pictures and compressed data are passed over."""
    for path in files():
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            yield path, text


def rooms() -> list[Path]:
    """The top-level folders that hold Python code."""
    inside = [path.relative_to(ROOT) for path in files() if path.suffix == ".py"]
    return sorted({ROOT / path.parts[0] for path in inside if len(path.parts) > 1})


def place(path: Path, text: str, offset: int) -> str:
    """`file:line` of an offset in a file's text."""
    return f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, offset) + 1}"
