"""compose.yaml and .drone.yml agree with edrone, and with the sample tree."""

import configparser
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from configs.client.drone_request import request_for
from pipelines.resolve.resolve import resolve
from pipelines.tree.tree import Tree
from tests.server import settings_of_environment

ROOT = Path(__file__).resolve().parents[2]
GIVEN = {
    "DRONE_YAML_SECRET": "shared", "SECRET_KEY": "k" * 40, "POSTGRES_PASSWORD": "pw", "DRONE_SERVER_HOST": "drone.example.com",
    "DRONE_RPC_SECRET": "rpc", "DRONE_ADMIN": "ann",
}  # fmt: skip


def filled_in(value: str) -> str:
    """Fill in variables as compose does: ${A}, ${A:-default}, ${A:?message}."""

    def one(found: re.Match[str]) -> str:
        name, default = found["name"], found["default"]
        return GIVEN.get(name, default or "")

    return re.sub(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?[^}]*)?\}", one, value)


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    for service in found.values():
        service["environment"] = {name: filled_in(str(value)) for name, value in service.get("environment", {}).items()}
    return found


def test_systemd_starts_edrone_without_its_database_and_never_gives_up():
    page = (ROOT / "docs/running.md").read_text()
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read_string(page[page.index("[Unit]\nDescription=edrone\n") :].partition("```")[0])
    service = unit["Service"]
    assert service["ExecStartPre"].startswith("-")
    assert (service["Restart"], int(service["RestartSec"]) > 10 / 5) == ("always", True)  # five starts within 10 s are the most


def test_compose_gives_edrone_settings_that_it_reads(services: dict[str, Any], monkeypatch: pytest.MonkeyPatch):
    source = (ROOT / "edrone_site/settings.py").read_text()
    for name, value in services["edrone"]["environment"].items():
        assert f'"{name}"' in source
        monkeypatch.setenv(name, value)
    read = settings_of_environment()
    assert read.DATABASE["HOST"] == "db"
    assert read.DATABASE["NAME"] == "edrone"
    assert read.DRONE_YAML_SECRETS == ("shared",)
    assert str(read.EDRONE_PROJECTS) == "/projects"


def test_compose_gives_drone_and_edrone_one_secret_and_one_address(services: dict[str, Any]):
    drone, edrone = services["drone"]["environment"], services["edrone"]["environment"]
    assert drone["DRONE_YAML_SECRET"] == edrone["DRONE_YAML_SECRET"] == "shared"
    assert drone["DRONE_YAML_ENDPOINT"] == "http://edrone:8000/edrone"
    for kind, host in (("DRONE_SERVER_PROTO", "http"), ("DRONE_SERVER_HOST", "drone.example.com")):
        assert drone[kind] == host
    assert edrone["DRONE_SERVER"] == "http://drone.example.com"


def test_drone_is_told_everywhere_how_long_to_wait_for_a_validation(services: dict[str, Any]):
    assert services["drone"]["environment"]["DRONE_VALIDATE_TIMEOUT"] == "10s"
    for file in ("chart/templates/NOTES.txt", "docs/connecting.md"):
        assert "DRONE_VALIDATE_TIMEOUT=10s\n" in (ROOT / file).read_text()


def test_compose_reads_drones_database_as_a_role_of_its_own(services: dict[str, Any]):
    """Neither the owner of Drone's tables nor that of edrone's: what it may read is what dronegrants prints."""
    urls = (services["drone"]["environment"]["DRONE_DATABASE_DATASOURCE"], services["edrone"]["environment"]["DATABASE_URL"])
    reading = services["edrone"]["environment"]["DRONE_DATABASE_URL"]
    assert len({urlsplit(url).username for url in (*urls, reading)}) == 3
    assert len({urlsplit(url).path for url in (urls[0], reading)}) == 1
    roles = yaml.safe_load((ROOT / "compose.yaml").read_text())["configs"]["roles"]["content"]
    for url in (urls[0], reading):
        assert f"CREATE ROLE {urlsplit(url).username} LOGIN" in roles


def test_what_sends_notices_gets_no_secret_of_drones_requests_or_of_signing_in(services: dict[str, Any]):
    given, server = services["notices"]["environment"], services["edrone"]["environment"]
    assert given.items() <= server.items()
    assert given.keys() == {
        "SECRET_KEY", "DATABASE_URL", "DRONE_DATABASE_URL", "DRONE_SERVER", "DRONE_TOKEN", "EDRONE_PROJECTS", "EDRONE_NAMESPACES",
        "EDRONE_GRANTS_FROM_DRONE", "EDRONE_DRONE_FORGE", "EDRONE_PERMS_MAX_AGE",
    }  # fmt: skip


def test_compose_gives_drone_the_proto_that_edrone_asks_it_by(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(GIVEN, "DRONE_SERVER_PROTO", "https")
    text = (ROOT / "compose.yaml").read_text()
    found = re.search(r"DRONE_SERVER: (.*)", text)
    assert found
    assert filled_in(found[1]) == "https://drone.example.com"


def test_the_page_on_running_names_every_variable_that_compose_reads():
    read = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text()))
    page = (ROOT / "docs/running.md").read_text()
    section = page[page.index("## Install with compose") : page.index("## Install with systemd")]
    named = set(re.findall(r"^#? ?([A-Z_]+)=", section, re.MULTILINE))
    assert named == read


def test_name_servers_that_do_not_answer_are_left_after_seconds():
    for file in ("Dockerfile", "docs/running.md"):
        assert "RES_OPTIONS=timeout:1 attempts:2" in (ROOT / file).read_text().replace('="', "=")


def test_compose_starts_edrone_after_its_migrations_and_drone_after_edrone(services: dict[str, Any]):
    assert services["edrone"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert services["drone"]["depends_on"]["edrone"] == {"condition": "service_healthy"}
    assert services["migrate"]["command"][0] == "migrate"


def pipelines(text: str) -> dict[str, dict[str, Any]]:
    return {document["name"]: document for document in yaml.safe_load_all(text)}


@pytest.mark.parametrize("branch", ["master", "develop", "feature"])
def test_edrones_own_file_says_what_the_sample_tree_says(branch: str):
    served = resolve(request_for("ismewen/edrone", branch, "", ""), Tree(ROOT / "projects")).yaml
    assert served
    own = {
        name: pipeline
        for name, pipeline in pipelines((ROOT / ".drone.yml").read_text()).items()
        if branch in pipeline["trigger"].pop("branch", [branch]) and (branch == "feature" or name != "release")
    }
    tree = pipelines(served)
    assert tree.keys() == own.keys()
    for name, pipeline in tree.items():
        (ours,), (theirs,) = own[name].pop("steps"), pipeline.pop("steps")
        if branch != "feature":  # whose only pipeline is not to be started by hand
            own[name]["trigger"]["event"] = [event for event in own[name]["trigger"]["event"] if event != "tag"]
            assert pipeline == own[name]
        assert (ours["name"], ours["image"], ours.get("commands")) == (theirs["name"], theirs["image"], theirs.get("commands"))
        differing = {"tags", "values", "string_values"}
        settings, expected = ours.get("settings", {}), theirs.get("settings", {})
        assert {key: settings[key] for key in settings.keys() - differing} == {
            key: expected[key] for key in expected.keys() - differing
        }
        assert ("${DRONE_COMMIT_SHA}" in str(settings)) == ("${DRONE_COMMIT_SHA}" in str(expected))


def test_a_tag_pushes_the_image_that_the_chart_of_its_version_asks_for():
    chart = yaml.safe_load((ROOT / "chart/values.yaml").read_text())["image"]
    served = resolve(request_for("ismewen/edrone", "", "", "v0.2.0"), Tree(ROOT / "projects")).yaml
    assert served
    for text in (served, (ROOT / ".drone.yml").read_text()):
        found = pipelines(text)
        (step,) = found["release"]["steps"]
        assert found["release"]["trigger"] == {"event": ["tag"]}
        assert "tag" in found[found["release"]["depends_on"][0]]["trigger"]["event"]
        assert step["settings"]["repo"] == chart["repository"]
        assert set(step["settings"]["tags"]) == {"${DRONE_COMMIT_SHA}", "${DRONE_TAG##v}"}
