"""Named points at which a test may end its own process, as a power cut would: by SIGKILL, without a last word.

Nothing is armed unless a test does it in the process that is to die; there is no setting and no variable for it.
`after_insert`: the work of a transaction is done, its events are not written yet. `before_commit`: all is written.
`after_commit`: it stands, and nobody has been told. `after_send`: a letter or a webhook
has left, and nobody has noted it.
"""

from __future__ import annotations

import os
import signal
from typing import Literal

Point = Literal["after_insert", "before_commit", "after_commit", "after_send"]

_armed: dict[Point, int] = {}


def arm(point: Point, nth: int) -> None:
    """The process dies when it reaches `point` for the `nth` time from now on."""
    _armed[point] = nth


def reach(point: Point) -> None:
    if not _armed or point not in _armed:
        return
    _armed[point] -= 1
    if _armed[point] <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
