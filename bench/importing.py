"""How long a million customers take to come in, and how much memory: `durchwahl import customers`, as typed.

The file is made first (numbers are composed at run time; every tenth customer has two, every hundredth line can't
be read). Memory is the peak of the importing process, for a tenth of the file and for all of it: flat means that
both are about the same. The database is the embedded one, on the same machine.

    python bench/importing.py [--customers 1000000] [--quick]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import asyncpg

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bench import company  # noqa: E402
from cli import assembly  # noqa: E402
from kit.settings import Settings  # noqa: E402

MARKET = company.STATEMENTS[0].replace("$week", f"'{company.WEEK}'::jsonb")
PRODUCT = company.STATEMENTS[2]


def line(ordinal: int) -> dict[str, Any]:
    """A customer; one in a hundred has a number that is none."""
    phones = [company.caller(ordinal)] if ordinal % 10 else [company.caller(ordinal), company.caller(-ordinal)]
    return {
        "external_ref": f"K-{ordinal}",
        "market": "DE",
        "name": f"Werkstatt {ordinal}",
        "phones": phones if ordinal % 100 != 99 else ["nobody's"],
        "languages": ["de", "en"] if ordinal % 3 == 0 else ["de"],
        "products": ["hosting"],
        "tier": "business" if ordinal % 7 == 0 else "standard",
        "calling_hours": {"mon": [["08:00", "10:00"]]} if ordinal % 2 else None,
    }


def written(folder: Path, first: int, last: int) -> Path:
    path = folder / f"customers-{first}.ndjson"
    with path.open("w") as file:
        file.writelines(json.dumps(line(ordinal)) + "\n" for ordinal in range(first, last + 1))
    return path


async def ready(data_dir: Path) -> None:
    """A database with a market and a product, and nobody in it."""
    url = await assembly.owner_url(Settings(data_dir=data_dir, _env_file=None))
    connection = await asyncpg.connect(url)
    await connection.execute(MARKET)
    await connection.execute(PRODUCT)
    await connection.close()


def imported(data_dir: Path, file: Path) -> dict[str, Any]:
    """Its own summary, and the peak of its memory in MB."""
    environment = {**os.environ, "DURCHWAHL_DATA_DIR": str(data_dir), "DURCHWAHL_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "cli.main", "import", "customers", str(file), "--json"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    peak = Peak(process.pid)
    output, _ = process.communicate()
    summary: dict[str, Any] = json.loads(output)
    return {**summary, "rss_mb": round(peak.kib / 1024)}


class Peak:
    """The most memory that a process had, looked at while it runs."""

    def __init__(self, process: int) -> None:
        self.kib = 0
        self._status = Path(f"/proc/{process}/status")
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        try:
            while True:
                self.kib = max(self.kib, int(self._status.read_text().partition("VmHWM:")[2].split()[0]))
                time.sleep(0.2)
        except (OSError, IndexError):
            return  # it has ended


def measure(customers: int) -> dict[str, Any]:
    tenth = customers // 10
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        asyncio.run(ready(folder / "data"))
        few = imported(folder / "data", written(folder, 1, tenth))
        many = imported(folder / "data", written(folder, tenth + 1, customers + tenth))
    return {
        "customers": customers,
        "seconds": many["seconds"],
        "per_second": many["per_second"],
        "created": many.get("created", 0),
        "refused": many.get("error", 0),
        "rss_mb": many["rss_mb"],
        "rss_mb_of_a_tenth": few["rss_mb"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="20,000 customers")
    options = parser.parse_args()
    print(json.dumps(measure(20_000 if options.quick else options.customers)))


if __name__ == "__main__":
    main()
