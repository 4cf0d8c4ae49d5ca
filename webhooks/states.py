"""The life of a delivery: the only ends are `delivered` and `dead` with a reason; a dead letter may be replayed."""

from __future__ import annotations

from typing import Literal

from kit.states import machine

DELIVERY = machine("delivery", {"pending"}, pending="delivered dead", dead="pending")

State = Literal["pending", "delivered", "dead"]
Reach = Literal["all", "control_center"]
PausedFor = Literal["by_hand", "gone"]
REACHES = ("all", "control_center")
PAUSED_FOR = ("by_hand", "gone")
