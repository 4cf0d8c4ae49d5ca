"""The names behind the ids of the stream, for colleagues only."""

from __future__ import annotations

from pydantic import BaseModel

from advisors.public import encoded
from kit.database import ReadSession
from kit.ids import encode
from realtime import queries


class AdvisorName(BaseModel):
    name: str
    photo_url: str | None
    group: str | None


class GroupName(BaseModel):
    name: str
    lead: str | None


class MarketName(BaseModel):
    name: str


class Directory(BaseModel):
    """Each by its id."""

    advisors: dict[str, AdvisorName]
    groups: dict[str, GroupName]
    markets: dict[str, MarketName]


async def read(session: ReadSession) -> Directory:
    advisors, groups, markets = await queries.directory(session)
    return Directory(
        advisors={
            encode("adv", row["id"]): AdvisorName(
                name=row["name"], photo_url=row["photo_url"], group=encoded("grp", row["desk_group_id"])
            )
            for row in advisors
        },
        groups={
            encode("grp", row["id"]): GroupName(name=row["name"], lead=encoded("adv", row["lead_id"]))
            for row in groups
        },
        markets={row["id"]: MarketName(name=row["name"]) for row in markets},
    )
