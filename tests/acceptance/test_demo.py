"""What a newcomer does: start the demo, type what README.md says, look at the page, stop, and start again."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import async_playwright, expect

from cli import demo_words
from tests.acceptance.browser import CHANGED, CHROMIUM, MOVES_S, PRESENCES, Opened, in_a_browser
from tests.acceptance.demo import Demo
from tests.support.postgres import ROOT

pytestmark = pytest.mark.acceptance

SHELL = bool(shutil.which("bash") and shutil.which("curl"))
README = (ROOT / "README.md").read_text()
KEPT_S = 100
"""A kept promise takes 15 s here; a busy machine and a phone that isn't answered at first take longer."""


def typed_by_hand() -> list[str]:
    """The blocks of the section "Try it by hand", in order."""
    section = README.split("## Try it by hand", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def until(condition: Callable[[], Any], instead: Callable[[], Any] = lambda: None, seconds: float = KEPT_S) -> Any:
    """What the condition finds, asked for again and again while another process works; `instead` tells a reader
    of a failure what there was."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it took too long: {instead()}"
        time.sleep(0.2)
    return found


def in_a_shell(demo: Demo, blocks: list[str]) -> list[Any]:
    """Type the blocks one after the other into one shell; what each of them printed, read as JSON where it is."""
    mark = f"=== {uuid4().hex}"
    script = f"\necho; echo '{mark}'\n".join(blocks).replace("./run durchwahl", f"{sys.executable} -m cli.main")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=demo.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    printed = [part.strip() for part in done.stdout.split(mark)]
    return [json.loads(part) if part.startswith("{") else part for part in printed]


@pytest.mark.skipif(not SHELL, reason="README.md is typed into bash and asks with curl")
def test_what_is_typed_from_the_readme_ends_in_a_kept_promise(demo: Demo) -> None:
    _, card, called, pressed, promises = in_a_shell(demo, typed_by_hand())

    assert card["advisor"]["name"] == "Camille Ahrens"
    assert card["direct_dial"].startswith("+4930")
    assert card["because"]
    assert "Camille" in called["absence"]["words"]
    assert called["absence"]["returns_at"]
    assert called["verbs"][-1]["choices"]["2"] == "callback"
    assert "Camille" in pressed["verbs"][0]["text"]
    (promise,) = promises["callbacks"]
    assert (promise["state"], promise["by"]) == ("scheduled", "own")
    begins_in = datetime.fromisoformat(promise["window"][0]) - datetime.now(UTC)
    assert begins_in < timedelta(minutes=6)

    comes_back_early(demo, card["advisor"]["id"], promise["id"])

    kept = until(lambda: the_promise(demo, promise["id"], "done"), lambda: standing(demo, card["advisor"]["id"]))
    assert kept["advisor"]["name"] == "Camille Ahrens"


def comes_back_early(demo: Demo, advisor: str, promise: str) -> None:
    """So that nobody waits five minutes: the course ends, and the customer would rather be called at once."""
    with demo.signed_in("supervisor") as supervisor:
        for absence in supervisor.get(f"/v1/advisors/{advisor}/absences").json()["items"]:
            headers = {"idempotency-key": uuid4().hex, "if-match": "*"}
            answer = supervisor.post(f"/v1/absences/{absence['id']}/cancel", headers=headers)
            assert answer.status_code == 200, answer.text
    with demo.client("control_center_key") as portal:
        at = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        path = f"/v1/customers/K-1001/callbacks/{promise}/move"
        headers = {"idempotency-key": uuid4().hex}
        answer = portal.post(path, json={"slot_starts_at": at}, headers=headers)
        assert answer.status_code == 200, answer.text


def the_promise(demo: Demo, promise: str, state: str) -> dict[str, Any] | None:
    """The promise, once it has come to that state."""
    with demo.client("control_center_key") as portal:
        callbacks = portal.get("/v1/customers/K-1001/callbacks").json()["callbacks"]
    return next((one for one in callbacks if one["id"] == promise and one["state"] == state), None)


def standing(demo: Demo, advisor: str) -> dict[str, Any]:
    """The customer's promises, and what the advisor is doing."""
    with demo.client("control_center_key") as portal, demo.signed_in("supervisor") as supervisor:
        return {
            "promises": portal.get("/v1/customers/K-1001/callbacks?ended=true").json(),
            "card": portal.get("/v1/customers/K-1001/advisor").json()["presence"],
            "absences": supervisor.get(f"/v1/advisors/{advisor}/absences").json(),
            "printed": demo.out[-5:],
        }


def test_company_moves_by_itself(demo: Demo) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)

    with demo.signed_in("lead") as lead:
        figures = until(lambda: moving(lead.get("/v1/figures", params={"since": midnight.isoformat()}).json()))

    assert figures["calls"]["own"] <= figures["calls"]["known"] <= figures["calls"]["answered"]


def moving(figures: dict[str, Any]) -> dict[str, Any] | None:
    calls = figures["calls"]
    return figures if calls["own"] >= 2 and calls["promised"] >= 1 else None


def test_printed_commands_stand_in_the_readme(demo: Demo) -> None:
    blocks = "".join(typed_by_hand())

    for _, typed in demo_words.COMMANDS:
        for line in typed.splitlines():
            assert line in blocks
            assert any(line in printed for printed in demo.out)


def test_credentials_are_their_owners_alone(demo: Demo) -> None:
    assert demo.credentials.stat().st_mode & 0o777 == 0o600
    assert {one["role"] for one in demo.known["sign_ins"]} == {"admin", "supervisor", "lead", "advisor"}


def test_nothing_is_complained_about(demo: Demo) -> None:
    assert [line for line in demo.out if '"level"' in line or "Traceback" in line] == []


@pytest.fixture
async def opened(demo: Demo) -> AsyncIterator[Opened]:
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(locale="de-DE", viewport={"width": 390, "height": 844})
        opened = Opened(await context.new_page(), demo.known["url"])
        await opened.page.goto(opened.url)
        yield opened
        await browser.close()


@in_a_browser
async def test_supervisor_sees_tiles_change(opened: Opened, demo: Demo) -> None:
    who = demo.sign_in("supervisor")
    await opened.sign_in(who["email"], who["password"])

    await expect(opened.page.locator(".tile")).to_have_count(27)
    await expect(opened.page.locator(".link")).to_have_text("live")
    before = await opened.page.evaluate(PRESENCES)
    await opened.page.wait_for_function(CHANGED, arg=before, timeout=MOVES_S * 1000)
    await expect(opened.page.locator(".feed li").first).to_be_visible(timeout=MOVES_S * 1000)

    assert opened.complaints == []
    width = await opened.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "nobody scrolls sideways on a telephone"


@in_a_browser
async def test_advisor_sees_the_own_desk_group(opened: Opened, demo: Demo) -> None:
    who = demo.sign_in("advisor")
    await opened.sign_in(who["email"], who["password"])

    await expect(opened.page.locator("h2", has_text="Ahorn")).to_be_visible()
    await expect(opened.page.locator(".tile")).to_have_count(9)


@in_a_browser
async def test_page_speaks_english_when_asked(opened: Opened) -> None:
    await expect(opened.page.locator("button.main")).to_have_text("Anmelden")

    await opened.page.click("button[lang=en]")

    await expect(opened.page.locator("button.main")).to_have_text("Sign in")
    await opened.page.reload()
    await expect(opened.page.locator("button.main")).to_have_text("Sign in")


@in_a_browser
async def test_wrong_password_is_told(opened: Opened, demo: Demo) -> None:
    await opened.sign_in("nobody@durchwahl.example", "wrong")

    await expect(opened.page.get_by_role("alert")).to_contain_text("passen nicht zusammen")


@in_a_browser
async def test_who_signs_out_is_out(opened: Opened, demo: Demo) -> None:
    who = demo.sign_in("supervisor")
    await opened.sign_in(who["email"], who["password"])
    await opened.page.click("text=Abmelden")

    await expect(opened.page.locator("input[name=email]")).to_be_visible()
    await opened.page.reload()
    await expect(opened.page.locator("input[name=email]")).to_be_visible()


def test_second_start_finds_the_company_again(demo: Demo) -> None:
    before = demo.known
    demo.stop()

    demo.start()

    assert {**demo.known, "url": ""} == {**before, "url": ""}
    with demo.client("control_center_key") as portal:
        card = portal.get("/v1/customers/K-1001/advisor")
    assert card.status_code in (200, 404)
    assert not any("Making a company" in line for line in demo.out)
