"""The supervisor of a replica's loops; it lives in the kit, since the stream's loops need it below this room."""

from kit.loops import Loop, Supervisor

__all__ = ["Loop", "Supervisor"]
