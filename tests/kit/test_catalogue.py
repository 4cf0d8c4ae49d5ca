from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kit.catalogue import PLACEHOLDER, Catalogue, MissingMessage

CATALOGUE = Catalogue.load(strict=True)
LANGUAGES = ("de", "en", "es", "fr")
KEYS = sorted(CATALOGUE.messages["de"])

KINDS_OF_ABSENCE = {
    "de": "krank|urlaub|ferien|elternzeit|kur\\b",
    "en": "sick|\\bill\\b|vacation|holidays|parental|maternity|paternity",
    "es": "enferm|vacaciones|baja\\b|maternidad|paternidad",
    "fr": "malad|congé|vacances|maternité|paternité",
}


def a_catalogue(**languages: dict[str, str]) -> Catalogue:
    return Catalogue(languages, strict=True)


# The files


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "de.json").write_text(json.dumps({"call": {"goodbye": "Auf Wiederhören."}}))
    (tmp_path / "README.md").write_text("not a language")

    catalogue = Catalogue.load(tmp_path, strict=True)

    assert catalogue.languages == ("de",)
    assert catalogue.say("call.goodbye", "de") == "Auf Wiederhören."


def test_there_are_german_english_spanish_and_french() -> None:
    assert CATALOGUE.languages == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_message(language: str) -> None:
    assert sorted(CATALOGUE.messages[language]) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_every_language_puts_the_same_things_in(key: str) -> None:
    asked = {language: set(PLACEHOLDER.findall(CATALOGUE.messages[language][key])) for language in LANGUAGES}
    if key.endswith("_one"):  # one minute needs no figure
        asked = {language: names - {"count"} for language, names in asked.items()}

    assert len({frozenset(names) for names in asked.values()}) == 1, asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_messages_are_plain_i18next_that_both_sides_read_alike(language: str) -> None:
    for key, message in CATALOGUE.messages[language].items():
        rest = PLACEHOLDER.sub("", message)
        assert not re.search(r"[{}]|\$t\(", rest), key
        assert message == message.strip(), key
        assert message, key
        assert "  " not in message, key


def test_every_plural_has_its_other_form() -> None:
    ones = {key.removesuffix("_one") for key in KEYS if key.endswith("_one")}
    others = {key.removesuffix("_other") for key in KEYS if key.endswith("_other")}

    assert ones == others
    assert ones.isdisjoint(KEYS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_names_the_kind_of_an_absence(language: str) -> None:
    kinds = re.compile(KINDS_OF_ABSENCE[language], re.IGNORECASE)

    assert [key for key, message in CATALOGUE.messages[language].items() if kinds.search(message)] == []


# Languages


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [("es-MX", "es"), ("ES_mx", "es"), ("de-DE", "de"), ("zh-Hant-TW", "en"), ("", "en"), ("\ud800", "en")],
)
def test_the_nearest_language_is_spoken(wanted: str, spoken: str) -> None:
    assert CATALOGUE.language_for(wanted) == spoken
    assert CATALOGUE.say("call.goodbye", wanted) == CATALOGUE.say("call.goodbye", spoken)


def test_a_message_that_a_language_lacks_is_said_in_the_next_one() -> None:
    catalogue = a_catalogue(
        **{"es": {"a": "uno"}, "es-MX": {"b": "dos"}, "en": {"c": "three"}, "de": {"d": "vier"}}
    )

    assert [catalogue.say(key, "es-MX") for key in "abcd"] == ["uno", "dos", "three", "vier"]


# Putting in


def test_what_is_put_in_is_not_read_as_a_message() -> None:
    catalogue = a_catalogue(en={"hello": "{{one}} and {{ two }}"})

    assert catalogue.say("hello", "en", one="{{two}}", two=r"\1 $t(x)") == r"{{two}} and \1 $t(x)"


def test_an_argument_may_be_called_like_a_parameter() -> None:
    catalogue = a_catalogue(en={"press": "{{key}} in {{language}}"})

    assert catalogue.say("press", "en", key="1", language="English") == "1 in English"


@pytest.mark.parametrize(("count", "said"), [(0, "0 minutes"), (1, "a minute"), (2, "2 minutes")])
def test_the_plural_follows_the_count(count: int, said: str) -> None:
    catalogue = a_catalogue(en={"wait_one": "a minute", "wait_other": "{{count}} minutes"})

    assert catalogue.say("wait", "en", count=count) == said


def test_the_plural_follows_the_rules_of_the_language_that_is_spoken() -> None:
    messages = {"wait_one": "une ou zéro", "wait_other": "plusieurs"}

    assert a_catalogue(fr=messages).say("wait", "fr-CA", count=0) == "une ou zéro"
    # French has a form of its own for millions, which nobody waits for
    assert a_catalogue(fr=messages).say("wait", "fr-CA", count=1_000_000) == "plusieurs"


@pytest.mark.parametrize(("key", "args"), [("absent", {}), ("hello", {}), ("hello", {"name": None})])
def test_what_is_missing_raises_where_somebody_can_mend_it(key: str, args: dict[str, object]) -> None:
    with pytest.raises(MissingMessage):
        a_catalogue(en={"hello": "Hello {{name}}"}).say(key, "en", **args)


def test_a_caller_never_hears_the_name_of_a_key() -> None:
    catalogue = Catalogue({"en": {"hello": "Hello {{name}}"}})

    assert catalogue.say("call.absent", "en") == ""
    assert catalogue.say("hello", "en") == "Hello "
    assert catalogue.missing == {("call.absent", "en"), ("hello", "name")}
