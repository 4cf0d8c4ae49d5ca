"""Everything that people hear and read, by key and language.

The files are i18next JSON, one per language, shared with the web side: nested keys, `{{name}}` for what is put in,
and the plural suffixes `_one` and `_other` chosen by `count`. Nothing is read before `Catalogue.load()`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Protocol

from babel import Locale, UnknownLocaleError

LAST_RESORT = ("en", "de")
"""What is spoken where nothing is known of a language."""

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class MissingMessage(LookupError):
    """A key, or something to put in, that no language has. Raised in strict catalogues: tests and development."""


class Folder(Protocol):
    """A directory of `<language>.json`: a path, or a package's resources."""

    def iterdir(self) -> Iterator[Any]: ...


class Catalogue:
    """Messages per language, flat: `{"de": {"call.goodbye": "…"}}`.

    Where a message is missing a caller must not hear the name of a key: a strict catalogue raises, any other says
    nothing and remembers what was asked for in `missing`.
    """

    def __init__(self, messages: Mapping[str, Mapping[str, str]], *, strict: bool = False) -> None:
        self.messages = messages
        self.strict = strict
        self.missing: set[tuple[str, str]] = set()

    @classmethod
    def load(cls, folder: Folder | None = None, *, strict: bool = False) -> Catalogue:
        """Read every language once; `folder` defaults to the package `locales`."""
        messages: dict[str, dict[str, str]] = {}
        for file in (folder or resources.files("locales")).iterdir():
            if file.name.endswith(".json"):
                nested = json.loads(file.read_text(encoding="utf-8"))
                messages[file.name.removesuffix(".json")] = dict(_flat(nested))
        return cls(messages, strict=strict)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted(self.messages))

    def language_for(self, wanted: str) -> str:
        """The language that is really spoken for a BCP 47 tag: `es` for `es-MX`."""
        return _chain(wanted, self.languages)[0]

    def say(self, key: str, language: str, /, **args: object) -> str:
        """The message in that language, or in the nearest one that has it."""
        for spoken in _chain(language, self.languages):
            message = self._find(key, spoken, args.get("count"))
            if message is not None:
                return PLACEHOLDER.sub(lambda found: self._put_in(key, found[1], args), message)
        return self._miss(key, language)

    def _find(self, key: str, language: str, count: object) -> str | None:
        messages = self.messages[language]
        if isinstance(count, int):
            plural = messages.get(f"{key}_{_locale(language).plural_form(count)}")
            return plural or messages.get(f"{key}_other") or messages.get(key)
        return messages.get(key)

    def _put_in(self, key: str, name: str, args: Mapping[str, object]) -> str:
        return str(args[name]) if args.get(name) is not None else self._miss(key, name)

    def _miss(self, key: str, what: str) -> str:
        if self.strict:
            raise MissingMessage(f"{key}: {what}")
        self.missing.add((key, what))
        return ""


@lru_cache(maxsize=256)
def _chain(wanted: str, languages: tuple[str, ...]) -> tuple[str, ...]:
    """`es-MX` → es-MX, es, then the last resorts, as far as there are such files."""
    parts = wanted.replace("_", "-").split("-")
    narrowing = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    known = {language.casefold(): language for language in languages}
    found = [known[tag.casefold()] for tag in (*narrowing, *LAST_RESORT) if tag.casefold() in known]
    return tuple(dict.fromkeys(found)) or languages[:1]


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _flat(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
