"""Expected waits on the wire."""

from __future__ import annotations

from pydantic import Field

from kit.fields import Code
from kit.wire import Shown

WAIT = "Seconds between which the wait lies in nearly nine cases of ten; 0 to 0: at once; null: nobody can say."


class GroupWait(Shown):
    desk_group: Code
    waiting: int = Field(description="How many wait for this group now.")
    expected_wait_s: list[int] | None = Field(min_length=2, max_length=2, description=WAIT, examples=[[10, 150]])


class UsuallyFree(Shown):
    weekday: str = Field(examples=["mon"])
    since: str = Field(examples=["10:00"])
    until: str = Field(examples=["12:00"])


class AdvisorWait(Shown):
    """A routing fact about a named advisor, told to whoever may call them: no figure of their work is in it."""

    advisor: Code
    waiting: int = Field(description="How many hold for this advisor now.")
    expected_wait_s: list[int] | None = Field(min_length=2, max_length=2, description=WAIT, examples=[[0, 240]])
    usually_free: list[UsuallyFree] = Field(
        description="The freest third of the hours that they usually work, by the market's clock, "
        "from eight weeks; empty where less than four are known."
    )
