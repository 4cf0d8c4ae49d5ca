"""What the switch does next, derived from the stored contact alone: so a repeat hears what the first one heard.

Words come from the catalogue in the caller's language. A caller hears first names and times, never why somebody is
away, and nothing of another customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from callbacks import queries as callback_queries
from contacts import asking, forecast, offer_queries, queries
from contacts.situation import Scene
from kit.words import Words
from telephony.verbs import Dial, Gather, Hangup, Say, Verb, Wait

POLL_AFTER_S = 5
NUMBER_DIGITS = 18
KEYS = {"1": "colleague", "2": "callback", "3": "hold"}
KEEP_KEY = "4"
"""The promise that is asked about is kept at its time, by somebody else."""
OTHER_NUMBER_KEY = "2"
OF_CHOICE = {choice: key for key, choice in KEYS.items()}
REGIONS = {"de": "de-DE", "en": "en-GB", "es": "es-ES", "fr": "fr-FR"}


@dataclass(frozen=True, slots=True)
class Absence:
    """Why the own advisor doesn't answer, as it may be told."""

    words: str
    returns_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What to do now. An empty list of verbs: carry on."""

    contact_id: UUID
    verbs: tuple[Verb, ...]
    absence: Absence | None = None


async def answer(scene: Scene, row: Mapping[str, Any], offer: Mapping[str, Any] | None = None) -> Answer:
    """For a stored contact; `offer` where its open one is at hand already."""
    if row["hung_up_at"] is not None:
        return Answer(row["id"], ())
    if row["state"] == "offered":
        found = offer or await offer_queries.open_offer(scene.session, row["id"])
        return Answer(row["id"], (_dial(scene, found),) if found is not None else ())
    speak = Speaker(scene, row)
    match row["state"]:
        case "identifying":
            return Answer(row["id"], speak.who_calls())
        case "choosing":
            speak.asked = await asking.pending(scene, row)
            speak.ends = await _end_of_number(scene, row)
            return speak.choices()
        case "waiting":
            return Answer(row["id"], await _wait(scene, row, speak))
        case "promised" | "closed_hours":
            return Answer(row["id"], speak.goodbye())
        case "abandoned" | "completed" | "lost_signal":
            return Answer(row["id"], (Hangup(),))
        case _:
            return Answer(row["id"], ())


async def _end_of_number(scene: Scene, row: Mapping[str, Any]) -> str | None:
    """Read from the promise, so that no part of a number lies in the menu."""
    if row["step"] != "callback_placed" or not (row["menu"] or {}).get("typed"):
        return None
    promise = await callback_queries.by_id(scene.session, row["callback_id"])
    return " ".join(promise["number"][-3:]) if promise is not None and promise["number"] else None


def _dial(scene: Scene, offer: Mapping[str, Any]) -> Dial:
    advisor = scene.directory.advisors[offer["advisor_id"]]
    ring_s = scene.market(offer).policy(scene.now).routing.ring_timeout_s
    return Dial((advisor.target,), ring_s, offer["id"], token=offer["id"])


async def _wait(scene: Scene, row: Mapping[str, Any], speak: Speaker) -> tuple[Verb, ...]:
    if row["choice"] == "hold":
        ahead, told = await queries.waiting_before(scene.session, row), row["hold_told_s"]
        expected = None if told is None else (0, told)
        return (Wait(ahead["for_own"] + 1, expected, POLL_AFTER_S, whom="own"),)
    position, expected = await forecast.of_contact(scene, row)
    return (*speak.wait(position, expected), Wait(position, expected, POLL_AFTER_S))


class Speaker:
    """The sentences of one contact, in its language."""

    def __init__(self, scene: Scene, row: Mapping[str, Any]) -> None:
        market = scene.market(row)
        self.row, self.scene = row, scene
        self.policy = market.policy(scene.now)
        self.words = Words(scene.exchange.catalogue, row["language"], market.hours.zone, scene.now)
        own = scene.directory.advisors.get(row["own_advisor_id"]) if row["own_by"] == "relationship" else None
        self.own_name = own.name.split(" ")[0] if own is not None else None
        self.asked: Mapping[str, Any] | None = None
        """What the caller is being asked about their promise."""
        self.ends: str | None = None
        """How the number that was typed ends."""

    def say(self, *sentences: str) -> Say:
        return Say(" ".join(s for s in sentences if s), REGIONS.get(self.row["language"], self.row["language"]))

    def who_calls(self) -> tuple[Verb, ...]:
        again = [self.words.say("call.not_understood")] if self.row["choices_asked"] else []
        greeting = [] if again else [self.words.say("call.greeting_unknown")]
        spoken = self.say(*greeting, *again, self.words.say("call.ask_customer_number"))
        timeout_s = self.policy.routing.choice_timeout_s
        return spoken, Gather(NUMBER_DIGITS, timeout_s, finish_on="#", asks_for="customer_number")

    def choices(self) -> Answer:
        row = self.row
        match row["step"]:
            case "callback_number":
                return Answer(row["id"], self._ask_number())
            case "callback_placed":
                return Answer(row["id"], self._promised())
            case "closed" | "full":
                return Answer(row["id"], self._closed_menu())
            case _:
                return self._menu()

    def _menu(self) -> Answer:
        menu = self.row["menu"]
        absence = self.absence(menu)
        keys = {OF_CHOICE[choice]: choice for choice in menu["choices"]}
        sentences = [self._choice(key, choice, menu["expected_wait_s"]) for key, choice in keys.items()]
        if self.asked is not None:
            keys = {**keys, KEEP_KEY: "keep"}
            sentences.append(self._keep(self.asked))
        gather = Gather(1, self.policy.routing.choice_timeout_s, keys, menu["expected_wait_s"])
        first = self.row["choices_asked"] <= 1
        said = self.say(absence.words if first else self.words.say("call.not_understood"), *sentences)
        return Answer(self.row["id"], (said, gather), absence)

    def absence(self, menu: Mapping[str, Any]) -> Absence:
        """Why the own advisor doesn't answer and when they are back; breaks and meetings sound alike."""
        returns_at = _instant(menu["returns_at"])
        code = PUBLIC.get(menu["why"], menu["why"])
        words = [self.words.say(f"absence.{code}", advisor=self.own_name)]
        if returns_at is not None and returns_at > self.scene.now:
            back = self.words.when("from", returns_at)
            words.append(self.words.say("absence.back", advisor=self.own_name, **{"from": back}))
        return Absence(" ".join(words), returns_at)

    def _choice(self, key: str, choice: str, waits: Mapping[str, int | None]) -> str:
        wait_s = waits.get(choice)
        if choice == "callback":
            return self.words.say("menu.callback", key=key, advisor=self.own_name)
        if not wait_s:
            return self.words.say(f"menu.{choice}", key=key, advisor=self.own_name, wait="")
        name = "menu.colleague_wait" if choice == "colleague" else "menu.hold"
        return self.words.say(name, key=key, advisor=self.own_name, wait=self.words.wait(wait_s))

    def _keep(self, asked: Mapping[str, Any]) -> str:
        window = self.words.window(asked["window_starts_at"], asked["window_ends_at"])
        return self.words.say("menu.keep", key=KEEP_KEY, window=window)

    def wait(self, position: int, expected: tuple[int, int] | None) -> tuple[Verb, ...]:
        """Said when the waiting begins; the polls that follow bring no words of their own."""
        if self.scene.now > self.row["waiting_since"]:
            return ()
        sentences = [self.words.say("waiting.begin")]
        if position == 1:
            sentences.append(self.words.say("waiting.next"))
        else:
            sentences.append(self.words.say("waiting.position", position=position))
        if expected is not None:
            sentences.append(self.words.say("waiting.expected", wait=self.words.wait(*expected)))
        if (self.row["menu"] or {}).get("callback_offered"):
            sentences.append(self.words.say("waiting.press_for_callback", key=OF_CHOICE["callback"]))
        return (self.say(*sentences),)

    def _closed_menu(self) -> tuple[Verb, ...]:
        menu, key = self.row["menu"], OF_CHOICE["callback"]
        question = (
            self._choice(key, "callback", {}) if self.own_name else self.words.say("menu.callback_group", key=key)
        )
        gather = Gather(1, self.policy.routing.choice_timeout_s, {key: "callback"})
        return self.say(*self.closed(menu), question), gather

    def closed(self, menu: Mapping[str, Any]) -> list[str]:
        opens_at = _instant(menu["opens_at"])
        words = [self.words.say(f"closed.{menu['closed']}")]
        if opens_at is not None:
            words.append(self.words.say("closed.opens", **{"from": self.words.when("from", opens_at)}))
        return words

    def _ask_number(self) -> tuple[Verb, ...]:
        refused = [self.words.say("callback.number_not_allowed")] if (self.row["menu"] or {}).get("refused") else []
        spoken = self.say(*refused, self.words.say("callback.ask_number"))
        return spoken, Gather(NUMBER_DIGITS, 10, finish_on="#", asks_for="callback_number")

    def _promised(self) -> tuple[Verb, ...]:
        """The promise is stored already; another time can still be chosen."""
        menu = self.row["menu"]
        window = self.words.window(_instant(menu["window"][0]), _instant(menu["window"][1]))  # type: ignore[arg-type]
        own = self.own_name is not None and menu["by"] == "own"
        key = "callback.promised" if own else "callback.promised_group"
        said = self.words.say(key, advisor=self.own_name, window=window)
        later = self.words.say("callback.press_for_later", key="1")
        choices = {"1": "later"}
        if menu.get("typed") and self.ends is not None:
            choices[OTHER_NUMBER_KEY] = "other_number"
            later += " " + self.words.say("callback.number_ends", digits=self.ends, key=OTHER_NUMBER_KEY)
        return self.say(said, later), Gather(1, self.policy.routing.choice_timeout_s, choices, asks_for="slot")

    def goodbye(self) -> tuple[Verb, ...]:
        if self.row["state"] == "promised":
            return self.say(self.words.say("call.goodbye")), Hangup()
        return self.say(*self.closed(self.row["menu"]), self.words.say("closed.write_to_us")), Hangup()


PUBLIC = {
    "offline": "not_there",
    "break": "not_at_desk",
    "meeting": "not_at_desk",
    "training": "not_at_desk",
}
"""Codes of the core → what may be told: breaks, meetings and trainings sound alike."""


def _instant(value: datetime | str | None) -> datetime | None:
    """Instants in a menu come back from the database as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value
