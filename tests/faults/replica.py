"""A replica of the service as `durchwahl serve` starts it, in a process that may be told where to die.

    DURCHWAHL_… python -m tests.faults.replica

A line on standard input arms a failpoint: `after_commit 3`.
"""

from __future__ import annotations

import sys
import threading
from typing import cast

import uvloop

from cli.serving import serve
from kit import failpoints, logs
from kit.settings import Settings


def obey() -> None:
    for line in sys.stdin:
        point, nth = line.split()
        failpoints.arm(cast("failpoints.Point", point), int(nth))


def main() -> None:
    settings = Settings(_env_file=None)
    logs.configure(settings.log_level)
    threading.Thread(target=obey, daemon=True).start()
    uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
