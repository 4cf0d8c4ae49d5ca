"""The browser's pages: served from here alone, with a policy that lets nothing else in."""

from __future__ import annotations

import json
import re
from importlib import resources

import pytest

from api.routes import pages
from callbacks.states import CALLBACK
from contacts.states import CONTACT, OFFER
from realtime.fold import NOUNS
from tests.support.api import Client

APP = resources.files("web") / "app"
LANGUAGES = ("de", "en")


@pytest.fixture
def stranger(toy_client: Client) -> Client:
    return toy_client.as_(None)


async def test_first_page_is_there_for_everybody(stranger: Client) -> None:
    answer = await stranger.get("/")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>Durchwahl</title>" in answer.text


async def test_policy_lets_in_nothing_from_elsewhere_and_nothing_inline(stranger: Client) -> None:
    answer = await stranger.get("/")

    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split("; ") if " " in part
    )
    assert policy["default-src"] == "'none'"
    assert {policy[kind] for kind in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bon\w+=|<style|style=|https?://", answer.text)


async def test_everything_that_the_page_loads_is_served(stranger: Client) -> None:
    page = (await stranger.get("/")).text
    asked = set(re.findall(r'(?:src|href)="(/assets/[^"]+)"', page))
    scripts = [item.name for item in APP.iterdir() if item.name.endswith(".js")]
    asked |= {f"/assets/app/{name}" for name in scripts}
    asked |= {f"/assets/words/{language}.json" for language in LANGUAGES}

    kinds = {path: (await stranger.get(path)).headers["content-type"] for path in asked}

    assert len(asked) >= 12
    assert {kind.split(";")[0] for kind in kinds.values()} == {
        "text/css",
        "text/javascript",
        "application/json",
        "image/svg+xml",
    }


async def test_what_the_browser_has_already_is_not_sent_again(stranger: Client) -> None:
    first = await stranger.get("/assets/style.css")

    again = await stranger.get("/assets/style.css", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/nothing.js",
        "/assets/__init__.py",
        "/assets/../cli/main.py",
        "/assets/%2e%2e/README.md",
        "/app/main.js",
    ],
)
async def test_nothing_else_is_served(stranger: Client, path: str) -> None:
    answer = await stranger.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/assets/style.css", "/avatars/MO-4.svg"])
async def test_pages_are_only_read(stranger: Client, path: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = await stranger.request(method, path)
        assert answer.status_code == 405
        assert answer.headers["content-type"] == "application/problem+json"


async def test_initials_make_a_picture(stranger: Client) -> None:
    answer = await stranger.get("/avatars/MO-11.svg")

    assert answer.headers["content-type"] == "image/svg+xml"
    assert ">MO</text>" in answer.text


@pytest.mark.parametrize("name", ["MO-12.svg", "mo-1.svg", "MO.svg", "<b>-1.svg", "MOOO-1.svg", "M%22O-1.svg"])
async def test_what_are_no_initials_make_none(stranger: Client, name: str) -> None:
    assert (await stranger.get(f"/avatars/{name}")).status_code == 404


def words(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(pages.files()[f"words/{language}.json"].content)
    return found


def test_both_languages_have_every_word_with_the_same_gaps() -> None:
    german, english = (words(language) for language in LANGUAGES)

    assert german.keys() == english.keys()
    gaps = {
        key: (set(re.findall(r"\{(\w+)\}", german[key])), set(re.findall(r"\{(\w+)\}", english[key])))
        for key in german
    }
    assert [key for key, (one, other) in gaps.items() if one != other] == []


def test_every_word_that_the_page_says_is_there() -> None:
    source = "\n".join(item.read_text() for item in APP.iterdir())
    said = set(re.findall(r'\bt\("([\w.]+)"', source))

    assert len(said) > 10
    assert said - words("en").keys() == set()


def test_browser_folds_as_we_do() -> None:
    """`web/app/fold.js` mirrors `realtime/fold.py`: the same nouns, shelves, keys and final states."""
    source = (APP / "fold.js").read_text()

    for name, noun in NOUNS.items():
        assert f'{name}: {{ shelf: "{noun.shelf}", key: "{noun.key}", final: FINAL.{name} }}' in source
    for name, final in (("contact", CONTACT.final), ("offer", OFFER.final), ("callback", CALLBACK.final)):
        listed = re.search(rf"\b{name}: \[(.*?)\]", source)
        assert listed is not None
        assert set(re.findall(r'"(\w+)"', listed[1])) == final
