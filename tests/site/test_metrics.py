"""GET /metrics."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read

from configs import metrics
from edrone_site import __version__
from tests.conftest import push
from tests.server import ROOT

pytestmark = pytest.mark.django_db


def samples(client: Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    page = client.get("/metrics")
    assert page.status_code == 200
    families = read(page.content.decode())
    return {(sample.name, frozenset(sample.labels.items())): sample.value for family in families for sample in family.samples}


def value(client: Client, name: str, **labels: str) -> float:
    return samples(client)[name, frozenset(labels.items())]


def test_it_counts_what_was_asked(client: Client):
    before = value(client, "edrone_config_requests_total", outcome="unsigned")
    assert client.post("/edrone", b"{}", content_type="application/json").status_code == 401
    assert value(client, "edrone_config_requests_total", outcome="unsigned") == before + 1


def test_no_number_is_of_a_repository_or_a_person(client: Client, tree: Any, drone: Any):
    tree({"default.yaml": "kind: pipeline\n"})
    branch, names = "named-branch", {"slug": "named-owner/named-repo", "trigger": "named-login", "sender": "named-sender"}
    assert drone.ask(push(branch, **names)).status_code == 200
    assert drone.ask(push(branch, **names), secret="wrong").status_code == 401
    assert "named-" not in client.get("/metrics").content.decode()


def test_it_names_every_outcome_from_the_start(client: Client):
    found = samples(client)
    for outcome in metrics.OUTCOMES:
        assert ("edrone_config_requests_total", frozenset({("outcome", outcome)})) in found


def test_the_page_on_running_names_every_metric_and_every_word_that_it_counts_by(client: Client):
    rows = re.findall(r"^\| `(edrone_\w+)(?:\{[^}]*\})?` \| (.*) \|$", (ROOT / "docs" / "running.md").read_text(), re.MULTILINE)
    described, words = dict(rows), {(name, value) for name, labels in samples(client) for _, value in labels}
    names = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name, _ in samples(client)}
    assert set(described) == {name if name in described else f"{name}_total" for name in names}
    described["edrone_conversion_requests_total"] += described["edrone_config_requests_total"]  # «the same outcomes»
    for name, word in words:
        if name.endswith("_total") or name == "edrone_ready":
            assert f"`{word}`" in described[name], (name, word)


def test_it_tells_version_tree_and_readiness(client: Client, settings: Any, tmp_path: Path):
    (tmp_path / "abcd").mkdir()
    (tmp_path / "link").symlink_to("abcd")
    settings.EDRONE_PROJECTS = tmp_path / "link"
    labels = {name: dict(found) for name, found in samples(client)}
    assert labels["edrone_build_info"]["version"] == __version__
    assert value(client, "edrone_tree_info", revision="abcd") == 1
    assert value(client, "edrone_tree_changed_timestamp_seconds") == (tmp_path / "link").lstat().st_mtime
    assert value(client, "edrone_ready", part="tree") == value(client, "edrone_ready", part="database") == 1


def test_a_tree_that_is_gone_is_seen(client: Client, settings: Any, tmp_path: Path):
    settings.EDRONE_PROJECTS = tmp_path / "none"
    assert value(client, "edrone_ready", part="tree") == 0
    assert value(client, "edrone_tree_changed_timestamp_seconds") == 0


def test_it_speaks_openmetrics_where_that_is_asked_for(client: Client):
    page = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert "openmetrics" in page["Content-Type"]
    assert {family.name for family in read_openmetrics(page.content.decode())} >= {"edrone_config_requests", "edrone_ready"}


def test_it_is_not_there_when_off_or_on_another_port(client: Client, settings: Any):
    settings.EDRONE_METRICS = False
    assert client.get("/metrics").status_code == 404
    settings.EDRONE_METRICS, settings.EDRONE_METRICS_PORT = True, 9100
    assert client.get("/metrics").status_code == 404
