"""The manifests are valid, confined, and fit the image, the routes and the drain of the process."""

from __future__ import annotations

import re
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]

from cli.serving import DRAIN_S
from kit.loops import GRACE
from kit.settings import Settings
from tests.house import metrics_page
from tests.house.repository import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
VERSION = "1.33"
OPERATING = {"/livez", "/readyz", "/metrics"}


def documents() -> list[dict[str, Any]]:
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    return [one for name in listed for one in yaml.safe_load_all((FOLDER / name).read_text())]


def one(kind: str) -> dict[str, Any]:
    (found,) = [document for document in documents() if document["kind"] == kind]
    return found


def pods() -> list[dict[str, Any]]:
    return [one(kind)["spec"]["template"]["spec"] for kind in ("Deployment", "Job")]


def container() -> dict[str, Any]:
    found: dict[str, Any] = one("Deployment")["spec"]["template"]["spec"]["containers"][0]
    return found


@pytest.mark.parametrize("document", documents(), ids=lambda document: document["kind"])
def test_manifest_is_valid(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, VERSION, strict=True)


def test_field_that_does_not_exist_would_be_noticed() -> None:
    broken = one("Service")
    broken["spec"]["prots"] = []

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSION, strict=True)


def test_everything_is_listed_and_in_one_namespace() -> None:
    listed = set(yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"])

    assert listed == {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert {d["metadata"].get("namespace", d["metadata"]["name"]) for d in documents()} == {"durchwahl"}


def test_containers_may_do_nothing_that_they_need_not() -> None:
    for pod in pods():
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        for one_of_them in pod["containers"]:
            assert one_of_them["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert one_of_them["resources"]["requests"].keys() == {"cpu", "memory"}
            assert one_of_them["resources"]["limits"].keys() == {"memory"}


def test_user_port_and_folders_are_those_of_the_image() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()

    user = re.search(r"^USER (\d+):(\d+)$", dockerfile, re.MULTILINE)
    assert user is not None
    for pod in pods():
        assert str(pod["securityContext"]["runAsUser"]) == user[1]
        assert {m["mountPath"] for m in pod["containers"][0]["volumeMounts"]} == {"/tmp", "/data"}
    assert f"EXPOSE {container()['ports'][0]['containerPort']}" in dockerfile
    assert "DURCHWAHL_DATA_DIR=/data" in dockerfile


def test_secrets_come_by_reference_and_every_setting_exists() -> None:
    fields = {f"DURCHWAHL_{name}".upper(): field for name, field in Settings.model_fields.items()}
    configured: dict[str, str] = one("ConfigMap")["data"]
    referred = {e["name"]: e["valueFrom"]["secretKeyRef"] for pod in pods() for e in pod["containers"][0]["env"]}

    assert configured.keys() | referred.keys() <= fields.keys()
    assert [name for name in configured if "SecretStr" in str(fields[name].annotation)] == []
    assert {reference["name"] for reference in referred.values()} == {"durchwahl"}
    values: dict[str, Any] = {name.removeprefix("DURCHWAHL_").lower(): text for name, text in configured.items()}
    assert Settings(**values, _env_file=None).environment == "production"


def test_pod_has_time_to_leave() -> None:
    pod = one("Deployment")["spec"]["template"]["spec"]
    notice = container()["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert pod["terminationGracePeriodSeconds"] >= notice + DRAIN_S + 2 * GRACE.total_seconds()


def test_probes_ask_what_the_service_answers() -> None:
    asked = {container()[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}

    assert asked == {"/livez", "/readyz"}
    assert container()["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container()["livenessProbe"]["httpGet"]["path"] == "/livez"


def test_one_replica_stays_while_others_are_moved() -> None:
    assert one("Deployment")["spec"]["replicas"] >= 2
    assert one("PodDisruptionBudget")["spec"]["minAvailable"] >= 1
    assert one("Deployment")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_the_world_reaches_every_route_but_those_of_operators() -> None:
    routes = {getattr(route, "path", "") for route in metrics_page.application().routes}
    paths = one("Ingress")["spec"]["rules"][0]["http"]["paths"]

    reached = {route for route in routes for path in paths if covers(path, route)}

    assert routes - reached == OPERATING


def covers(path: dict[str, Any], route: str) -> bool:
    if path["pathType"] == "Exact":
        return bool(route == path["path"])
    return route == path["path"] or route.startswith(path["path"] + "/")


def test_what_selects_the_pods_finds_them() -> None:
    labels = one("Deployment")["spec"]["template"]["metadata"]["labels"]

    assert one("Service")["spec"]["selector"] == labels
    assert one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert one("Deployment")["spec"]["selector"]["matchLabels"] == labels
    monitor = yaml.safe_load((FOLDER / "monitoring" / "servicemonitor.yaml").read_text())
    assert monitor["spec"]["selector"]["matchLabels"].items() <= one("Service")["metadata"]["labels"].items()
    assert {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]} == {"http"}
