"""Rules and board ask only for figures that exist; each alert has a page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from kit import invariants
from tests.house import metrics_page
from tests.house.repository import ROOT
from tests.operate.promql import OF_THE_SCRAPE, groupings, selectors

PROMETHEUS = ROOT / "deploy" / "prometheus"
BOARD = ROOT / "deploy" / "grafana" / "durchwahl.json"
PAGES = ROOT / "docs" / "operate" / "incidents"
HEADINGS = ["What it means", "What customers notice", "What to look at", "What to do"]


def rules(*files: str) -> list[dict[str, Any]]:
    return [
        rule
        for file in files
        for group in yaml.safe_load((PROMETHEUS / file).read_text())["groups"]
        for rule in group["rules"]
    ]


def recorded() -> set[str]:
    return {rule["record"] for rule in rules("objectives.yml")}


def alerts() -> list[dict[str, Any]]:
    return rules("alerts.yml")


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(BOARD.read_text())["panels"]
    return found


def queries() -> Iterator[tuple[str, str]]:
    """Everything that is asked of Prometheus, and where."""
    for rule in rules("objectives.yml", "alerts.yml"):
        yield rule.get("record") or rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel.get("targets", []):
            yield f"board: {panel['title']}", target["expr"]


def complaints(where: str, expression: str, known: dict[str, set[str]]) -> Iterator[str]:
    asked = list(selectors(expression))
    if not asked:
        yield f"{where} asks for nothing"
    labels = OF_THE_SCRAPE.copy()
    for name, matchers in asked:
        if name not in known:
            yield f"{where}: there is no figure {name}"
            continue
        labels |= known[name]
        unknown = matchers.keys() - known[name] - OF_THE_SCRAPE
        if unknown:
            yield f"{where}: {name} has no label {sorted(unknown)}"
    if groupings(expression) - labels:
        yield f"{where}: adds up by {sorted(groupings(expression) - labels)}"


def known_figures() -> dict[str, set[str]]:
    """Name → labels, from the exposition itself."""
    figures = {
        name: {*family.labels, *(["le"] if name.endswith("_bucket") else [])}
        for name, family in metrics_page.exposed().items()
    }
    return figures | {name: set[str]() for name in recorded()} | {"up": set()}


def test_every_figure_in_a_rule_or_on_the_board_exists_with_its_labels() -> None:
    known = known_figures()

    found = [complaint for where, expression in queries() for complaint in complaints(where, expression, known)]

    assert found == []


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("sum(durchwahl_nonsense)", "there is no figure durchwahl_nonsense"),
        ('durchwahl_advisors{market="DE"}', "durchwahl_advisors has no label ['market']"),
        ("sum by (market) (durchwahl_advisors)", "adds up by ['market']"),
        ("1 + 1", "asks for nothing"),
    ],
)
def test_query_for_what_does_not_exist_is_noticed(expression: str, complaint: str) -> None:
    assert any(complaint in found for found in complaints("x", expression, known_figures()))


def test_thresholds_of_the_objectives_are_bounds_of_the_histograms() -> None:
    bounds = {
        (name, matchers["le"])
        for _, expression in queries()
        for name, matchers in selectors(expression)
        if "le" in matchers
    }

    text = metrics_page.services().metrics.exposition().decode()

    assert bounds
    assert [(name, le) for name, le in bounds if f'{name}{{le="{le}"}}' not in text] == []


def test_every_alert_says_how_bad_it_is_in_words_and_where_to_read_on() -> None:
    for alert in alerts():
        assert alert["labels"]["severity"] in {"page", "ticket"}, alert["alert"]
        assert alert["annotations"]["summary"].endswith("."), alert["alert"]
        assert alert["annotations"]["runbook_url"] == f"docs/operate/incidents/{alert['alert']}.md"


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}

    assert pages == {alert["alert"] for alert in alerts()}
    for page in pages:
        text = (PAGES / f"{page}.md").read_text()
        assert text.startswith(f"# {page}\n"), page
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS, page
        assert "```sh" in text, f"{page}: an exact command, please"
    index = (PAGES / "README.md").read_text()
    assert [page for page in pages if f"({page}.md)" not in index] == []


def test_alerts_compare_two_windows_at_each_of_the_three_burn_rates() -> None:
    for name in {alert["alert"] for alert in alerts() if alert["alert"].endswith("Budget")}:
        burns = {alert["labels"]["burn"]: alert for alert in alerts() if alert["alert"] == name}
        assert {burn: alert["labels"]["severity"] for burn, alert in burns.items()} == {
            "14.4": "page",
            "6": "page",
            "1": "ticket",
        }
        assert all(alert["expr"].count(f"> {burn} *") == 2 for burn, alert in burns.items())


def test_invariants_that_alerts_name_exist() -> None:
    named = {
        matchers["id"]
        for _, expression in queries()
        for name, matchers in selectors(expression)
        if name == "durchwahl_invariant_violations" and "id" in matchers
    }

    assert named
    assert named <= invariants.load().keys()


def test_board_can_be_imported_anywhere() -> None:
    board = json.loads(BOARD.read_text())

    assert {"uid", "title", "schemaVersion", "panels", "templating", "time"} <= board.keys()
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]
    assert len(places) == len(set(places))
    for panel in panels():
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        if panel["type"] != "row":
            assert panel["description"].endswith(".")
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert panel["targets"]


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool (Debian's package `prometheus`) is not here")
@pytest.mark.parametrize(
    "command",
    [
        ("check", "rules", "objectives.yml", "alerts.yml"),
        ("check", "config", "prometheus.yml"),
        ("test", "rules", "rules_test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_agrees(command: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
