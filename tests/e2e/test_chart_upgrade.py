"""A release of an earlier chart: its values render on this one, and nothing that is immutable, kept or asked for has changed."""

from typing import Any

import pytest
import yaml

from tests.conftest import RECORDED
from tests.e2e.test_chart import CHART, KUBERNETES, Objects, helm

BEFORE = RECORDED.parent / "chart-2026-11-28"  # of the same day as databases/edrone-2026-11-28.sql
SETS = sorted(path.stem for path in (BEFORE / "values").glob("*.yaml"))
SIDES = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module", params=SETS)
def releases(request: pytest.FixtureRequest) -> tuple[dict[tuple[str, str], Any], dict[tuple[str, str], Any]]:
    """Give the objects of the release as it is, and as this chart upgrades it, by kind and name."""
    options = ("--is-upgrade", "--namespace", "ci", "--kube-version", KUBERNETES[1])
    done = helm("template", "edrone", str(CHART), *options, "--values", str(BEFORE / "values" / f"{request.param}.yaml"))
    assert done.returncode == 0, done.stderr
    return by_name((BEFORE / "rendered" / f"{request.param}.yaml").read_text()), by_name(done.stdout)


def by_name(rendered: str) -> dict[tuple[str, str], Any]:
    found: Objects = [item for item in yaml.safe_load_all(rendered) if item]
    return {(item["kind"], item["metadata"]["name"]): item for item in found}


def of_kind(releases: Any, *kinds: str) -> list[SIDES]:
    before, after = releases
    return [(item, after[key]) for key, item in before.items() if key[0] in kinds]


def server(release: dict[tuple[str, str], Any]) -> dict[str, Any]:
    (spec,) = [
        item["spec"] for item in release.values() if item["kind"] == "Deployment" and "-notices" not in item["metadata"]["name"]
    ]
    return dict(spec)


def test_the_sets_of_that_day_are_there():
    assert len(SETS) == 6


def test_no_object_is_taken_away_or_renamed(releases):
    """Helm deletes what a newer chart does not render: a claim with its database, a service that Drone asks."""
    before, after = releases
    assert len(before) >= 5
    assert before.keys() <= after.keys()


def test_what_kubernetes_refuses_to_change_has_not_changed(releases):
    for old, new in of_kind(releases, "Deployment"):
        assert new["spec"]["selector"] == old["spec"]["selector"]
    for old, new in of_kind(releases, "PersistentVolumeClaim"):
        assert new["spec"] == old["spec"]
    for old, new in of_kind(releases, "Service"):
        assert new["spec"].get("clusterIP") == old["spec"].get("clusterIP")
    for _, new in of_kind(releases, "Job"):  # cannot be changed, only made anew, which its hook does
        assert "before-hook-creation" in new["metadata"]["annotations"]["helm.sh/hook-delete-policy"]


def test_drone_and_people_find_edrone_where_it_was(releases):
    for old, new in of_kind(releases, "Service", "Ingress"):
        assert new["spec"] == old["spec"]
    for old, new in of_kind(releases, "NetworkPolicy"):
        assert new["spec"] == old["spec"]  # nobody is shut out


def test_secrets_keep_their_names_keys_and_values(releases):
    for old, new in of_kind(releases, "Secret"):
        assert old["stringData"].items() <= new["stringData"].items()
    old_pod, new_pod = (server(release)["template"]["spec"] for release in releases)
    assert references(old_pod) <= references(new_pod)
    for reference in references(new_pod) - references(old_pod):
        assert reference[2], f"{reference}: a Secret made for the chart before has no such key: make it optional"


def references(pod: dict[str, Any]) -> set[tuple[str, str, bool]]:
    """Return the secret, key and whether it may be missing, of each variable."""
    used = [variable.get("valueFrom", {}).get("secretKeyRef") for each in pod["containers"] for variable in each.get("env", [])]
    return {(each["name"], each["key"], each.get("optional", False)) for each in used if each}


def test_edrone_is_started_with_what_it_was_started_with(releases):
    old, new = (values_of(server(release)["template"]["spec"]["containers"][0]) for release in releases)
    assert old.items() <= new.items()


def values_of(container: dict[str, Any]) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container["env"] if "value" in variable}


def test_its_folders_and_their_volumes_are_the_same(releases):
    old, new = (server(release)["template"]["spec"] for release in releases)
    assert [volume for volume in old["volumes"] if volume not in new["volumes"]] == []
    mounts = [[each["volumeMounts"] for each in pod["containers"]] for pod in (old, new)]
    assert [mount for mount in mounts[0][0] if mount not in mounts[1][0]] == []
    assert old["securityContext"] == new["securityContext"]  # the files of a claim stay readable


def test_no_build_waits_while_pods_are_replaced(releases):
    """The old pods answer until a new one is ready, and end no sooner than they did."""
    old, new = (server(release) for release in releases)
    assert new.get("strategy") == old.get("strategy")
    assert new.get("replicas") == old.get("replicas")
    for name in ("readinessProbe", "livenessProbe", "startupProbe", "lifecycle", "ports"):
        assert [each["template"]["spec"]["containers"][0].get(name) for each in (old, new)].count(None) != 1, name
    grace = [each["template"]["spec"]["terminationGracePeriodSeconds"] for each in (old, new)]
    assert grace[1] >= grace[0]
    probes = [each["template"]["spec"]["containers"][0]["readinessProbe"]["httpGet"] for each in (old, new)]
    assert probes[0] == probes[1]


def test_the_tables_are_migrated_before_a_pod_is_replaced(releases):
    for _, new in of_kind(releases, "Job"):
        assert "pre-upgrade" in new["metadata"]["annotations"]["helm.sh/hook"].split(",")
        assert new["spec"]["template"]["spec"]["containers"][0]["args"][0] == "migrate"
