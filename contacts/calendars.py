"""What stands in an advisor's calendar: promises, absences, shifts."""

from __future__ import annotations

from uuid import UUID

from callbacks import feed_queries as queries
from callbacks import feeds
from contacts.situation import Scene
from kit.errors import NotFound
from kit.words import Words


async def of_advisor(scene: Scene, advisor_id: UUID) -> bytes:
    """As iCalendar, in the advisor's first language. Raises `NotFound` for who has left."""
    entry = scene.directory.advisors.get(advisor_id)
    if entry is None:
        raise NotFound
    language = "de" if "de" in entry.languages else min(entry.languages, default="en")
    words = Words(scene.exchange.catalogue, language, entry.working.zone, scene.now)
    since, until = scene.now - feeds.BACK, scene.now + feeds.AHEAD
    shifts = entry.working.intervals(scene.now - feeds.BACK, scene.now + feeds.SHIFTS_AHEAD)
    entries = [
        *(feeds.promise(row, words) for row in await queries.promises(scene.session, advisor_id, since, until)),
        *(feeds.absence(row, words) for row in await queries.absences(scene.session, advisor_id, since, until)),
        *feeds.shifts(advisor_id, shifts, words, scene.now),
    ]
    return feeds.written(entries, words.say("calendar.name"))
