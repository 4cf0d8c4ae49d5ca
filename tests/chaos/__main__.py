"""`make chaos-quick` and `make chaos`: faults with drawn seeds, and one line of figures at the end.

    python -m tests.chaos quick                              six minutes, every part a little
    python -m tests.chaos long                               hours: whatever is missing of the long run
    python -m tests.chaos long --part kill --cycles 100      a piece of it
    python -m tests.chaos tell                               the figures so far

The long run keeps its pieces in `.data/chaos.json` and goes on where it was stopped. A piece that finds something
is told with its seed and kept too: `--part kill --cycles 50 --seed 7` plays it again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.kept import Kept, Piece
from tests.chaos.parts import PARTS, UNITS, Part
from tests.chaos.place import Place
from tests.support import postgres

STATE = postgres.ROOT / ".data" / "chaos.json"
APART = 10_000
"""Between the seeds of two pieces; a part may use those that follow its own."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("length", choices=("quick", "long", "tell"))
    parser.add_argument("--part", choices=tuple(PARTS), help="only this one")
    parser.add_argument("--cycles", type=int, help="how many; all that are missing if not said")
    parser.add_argument("--seed", type=int, help="of the first piece; a new one if not said")
    parser.add_argument("--state", type=Path, default=STATE)
    return parser.parse_args()


def pieces(given: argparse.Namespace, kept: Kept) -> Iterator[tuple[str, int, int]]:
    """Part, number and seed of what is to be played."""
    for name, part in PARTS.items():
        if given.part not in (None, name):
            continue
        seed = given.seed if given.seed is not None else 1 + APART * len(kept.of(name))
        left = _wanted(given, kept, name, part)
        while left > 0:
            yield name, min(left, part.piece), seed
            left, seed = left - part.piece, seed + APART


def _wanted(given: argparse.Namespace, kept: Kept, name: str, part: Part) -> int:
    if given.cycles is not None:
        return int(given.cycles)
    return part.quick if given.length == "quick" else part.long - kept.done(name, part.unit)


async def play(place: Place, name: str, number: int, seed: int) -> Piece:
    began = time.monotonic()
    try:
        counts, wrong = await PARTS[name].play(place, number, seed)
    except Exception as error:
        counts, wrong = Counter(violations=1), [f"{type(error).__name__}: {error}"]
    return Piece(name, seed, dict(counts), round(time.monotonic() - began, 1), wrong)


def told(piece: Piece) -> str:
    counts = ", ".join(f"{name} {number}" for name, number in piece.counts.items())
    words = f"{piece.part}, seed {piece.seed}: {counts} in {piece.seconds:.0f} s"
    return "\n  ".join([words, *piece.wrong])


async def main(given: argparse.Namespace) -> int:
    kept = Kept(None if given.length == "quick" else given.state)
    begun = len(kept.pieces)
    if given.length != "tell":
        with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
            place = Place(postgres.server_uri(), Path(folder))
            for name, number, seed in list(pieces(given, kept)):
                piece = await play(place, name, number, seed)
                kept.add(piece)
                print(told(piece), flush=True)
    for piece in kept.failures():
        print(f"again with: --part {piece.part} --seed {piece.seed}", flush=True)
    print(json.dumps(kept.figures(UNITS)))
    return int(any(piece.failed for piece in kept.pieces[begun:]))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
