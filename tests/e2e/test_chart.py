"""The chart: linted, rendered for seven sets of values, every object checked against the schemas of Kubernetes."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from configs.client.addresses import EXTENSIONS
from edrone_site import __version__
from tests.server import ROOT
from tests.site.test_readme import SETTINGS, settings_table

CHART = ROOT / "chart"
DATA = Path(__file__).parent / "chart"
SETS = sorted(path.stem for path in (DATA / "values").glob("*.yaml"))
CUSTOM = {"ServiceMonitor", "PrometheusRule"}  # of the Prometheus operator; Kubernetes has no schemas of these
KUBERNETES = ("1.27", "1.37")  # the oldest that the chart allows, and the newest whose schemas there are
COMPONENT = "app.kubernetes.io/component"
SAMPLE_IMAGE = "fscripy/edrone"  # which .drone.yml pushes
Objects = list[dict[str, Any]]


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("helm", path=f"{ROOT}/.venv/bin:{os.environ['PATH']}")
    assert program, "helm is missing: `make e2e` installs it with go"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=120)


def render(values: str, *arguments: str, version: str = KUBERNETES[1]) -> subprocess.CompletedProcess[str]:
    file = str(DATA / "values" / f"{values}.yaml")
    return helm("template", "edrone", str(CHART), "--namespace", "ci", "--kube-version", version, "--values", file, *arguments)


def objects(values: str, *arguments: str) -> Objects:
    done = render(values, *arguments)
    assert done.returncode == 0, done.stderr
    return [found for found in yaml.safe_load_all(done.stdout) if found]


def one(found: Objects, kind: str, ending: str = "") -> dict[str, Any]:
    (only,) = [item for item in found if item["kind"] == kind and item["metadata"]["name"].endswith(ending)]
    return only


def pods(found: Objects) -> Iterator[dict[str, Any]]:
    """Give the specification of every pod there will be."""
    for item in found:
        if item["kind"] == "Pod":
            yield item["spec"]
        elif item["kind"] in {"Deployment", "Job", "CronJob"}:
            spec = item["spec"].get("jobTemplate", item)["spec"]
            yield spec["template"]["spec"]


@pytest.fixture(params=SETS)
def values(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_values_that_the_page_on_connecting_adds_up_are_taken(tmp_path: Path):
    """Step by step, each with what the steps before have set."""
    page = (ROOT / "docs/connecting.md").read_text()
    blocks = re.findall(r"^```yaml\n(image:.*?|drone:.*?)^```", page[page.index("## 5.") :], re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    values = tmp_path / "edrone.yaml"
    for number in (1, 2):
        values.write_text("".join(blocks[:number]))
        done = helm("template", "edrone", str(CHART), "--kube-version", KUBERNETES[1], "--values", str(values))
        assert done.returncode == 0, done.stderr
        assert f"image: registry.example.com/edrone:{__version__}\n" in done.stdout


def test_there_are_seven_sets_of_values():
    assert len(SETS) == 7


def test_it_passes_helm_lint(values: str):
    done = helm("lint", "--strict", str(CHART), "--values", str(DATA / "values" / f"{values}.yaml"))
    assert done.returncode == 0, done.stdout


def test_it_renders_as_the_golden_files_say(values: str):
    done = render(values)
    assert done.returncode == 0, done.stderr
    golden = DATA / "golden" / f"{values}.yaml"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(done.stdout)
    assert done.stdout == golden.read_text(), "if the change is meant: UPDATE_GOLDEN=1 make e2e"


@pytest.mark.parametrize("version", KUBERNETES)
def test_every_object_is_one_that_kubernetes_accepts(values: str, version: str):
    done = render(values, version=version)
    found = [item for item in yaml.safe_load_all(done.stdout) if item]
    assert len(found) >= 5, done.stderr
    for item in found:
        if item["kind"] not in CUSTOM:
            kubernetes_validate.validate(item, version, strict=True)


def test_no_two_objects_have_one_name(values: str):
    names = [(item["kind"], item["metadata"]["name"]) for item in objects(values)]
    assert len(names) == len(set(names))


def test_a_long_name_leaves_room_for_what_kubernetes_adds():
    done = render("first-install", "--set", f"fullnameOverride={'a' * 63}")
    jobs = [item for item in yaml.safe_load_all(done.stdout) if item and item["kind"] == "CronJob"]
    assert [len(job["metadata"]["name"]) for job in jobs] == [52]


def test_every_pod_meets_the_restricted_profile(values: str):
    found = list(pods(objects(values)))
    assert len(found) >= 2
    for pod in found:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            security = container["securityContext"]
            assert security["runAsNonRoot"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["readOnlyRootFilesystem"] is True
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]


def test_no_service_of_the_namespace_sets_a_variable(values: str):
    """Kubernetes would make EDRONE_METRICS_PORT=tcp://10.0.0.1:8001 of the Service edrone-metrics, which ends every command."""
    assert [pod.get("enableServiceLinks") for pod in pods(objects(values))] == [False] * len(list(pods(objects(values))))


def test_services_budgets_and_monitors_select_the_pods(values: str):
    found = objects(values)
    made = [item["spec"]["template"]["metadata"]["labels"] for item in found if item["kind"] == "Deployment"]
    by_component = {labels[COMPONENT]: labels for labels in made}
    labels = by_component["server"]
    ports = {port["name"] for pod in pods(found) for container in pod["containers"] for port in container.get("ports", [])}
    for item in found:
        if item["kind"] == "Service":
            assert item["spec"]["selector"].items() <= labels.items()
            assert {port["targetPort"] for port in item["spec"]["ports"]} <= ports
        if item["kind"] in {"PodDisruptionBudget", "Deployment"}:
            selector = item["spec"]["selector"]["matchLabels"]
            assert selector.items() <= by_component[selector[COMPONENT]].items()
        if item["kind"] == "NetworkPolicy":
            selector = item["spec"]["podSelector"]["matchLabels"]
            assert selector.items() <= by_component[selector[COMPONENT]].items()
        if item["kind"] == "ServiceMonitor":
            service = one(found, "Service", "-metrics")
            assert item["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
            assert {end["port"] for end in item["spec"]["endpoints"]} == {port["name"] for port in service["spec"]["ports"]}


def test_every_secret_that_is_used_is_made_or_named_in_the_values(values: str):
    found = objects(values)
    made = {item["metadata"]["name"]: item["stringData"] for item in found if item["kind"] == "Secret"}
    named = {"edrone-secrets", "edrone-git"} if values == "existing-secrets" else set()
    for pod in pods(found):
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            for variable in container.get("env", []):
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                if reference and not reference.get("optional") and reference["name"] not in named:
                    assert reference["key"] in made[reference["name"]], variable
        for volume in pod.get("volumes", []):
            if "secret" in volume:
                assert volume["secret"]["secretName"] in named | made.keys()


def test_the_migration_hook_needs_nothing_that_is_installed_after_it():
    found = objects("first-install")
    job = one(found, "Job", "-migrate")
    (pod,) = pods([job])
    (reference,) = (variable["valueFrom"]["secretKeyRef"] for variable in pod["containers"][0]["env"])
    secret = one(found, "Secret", reference["name"])
    assert secret["metadata"]["annotations"]["helm.sh/hook"] == job["metadata"]["annotations"]["helm.sh/hook"]
    assert int(secret["metadata"]["annotations"]["helm.sh/hook-weight"]) < int(
        job["metadata"]["annotations"]["helm.sh/hook-weight"]
    )
    assert "serviceAccountName" not in pod


def test_no_secret_stands_anywhere_but_in_secrets():
    for values, planted in (
        ("private-by-key", ("new-secret", "old-secret", "PRIVATE KEY", "example@db")),
        ("everything", ("example-secret", "example-token", "example@db", "example-key")),
        ("company", ("example-secret", "example-drone-token", "example-events", "example-git", "example@db", "example-key")),
    ):
        for item in objects(values):
            if item["kind"] != "Secret":
                text = json.dumps(item)
                assert not [secret for secret in planted if secret in text], item["kind"]


def test_edrone_is_not_ready_before_the_tree_is_there():
    pod = next(pods([one(objects("first-install"), "Deployment", "edrone")]))
    edrone, sync = pod["containers"]
    environment = {variable["name"]: variable.get("value") for variable in edrone["env"]}
    assert edrone["readinessProbe"]["httpGet"]["path"] == "/readyz?exclude=database"  # Drone is answered without it
    assert edrone["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert environment["EDRONE_PROJECTS"] == "/tree/current/projects"  # which the first sync makes
    assert {"--root=/tree", "--link=current"} <= set(sync["args"])


def test_every_setting_of_the_readme_can_be_set_by_the_chart():
    """All but two: `make run` alone shows sample builds, and the chart decides where edrone listens."""
    kinds = ("github", "gitlab", "gitea", "oidc")
    secret = {"SECRET_KEY", "DRONE_YAML_SECRET", "DATABASE_URL", "DRONE_TOKEN", "EDRONE_EVENTS_SECRET", "DRONE_DATABASE_URL"}
    secret |= {f"EDRONE_{kind.upper()}_CLIENT_SECRET" for kind in kinds}
    sets = [
        "drone.caCertificate=PEM", "drone.server=https://drone.example.com", "settings.hsts=31536000",
        "settings.manualBuildsBy={edrone}", "settings.validateStrict=true", "settings.namespaces={ismewen}",
        "settings.grantsFromDrone=true,settings.droneForge=github,settings.permsMaxAge=3", "signIn.passwords=false", "signIn.trustedProxies={10.0.0.7,fd00::/8}",
        *(f"signIn.{kind}.clientId=id,secrets.{kind}ClientSecret=secret" for kind in kinds),
        *(f"signIn.{kind}.server=https://git.example.com" for kind in kinds[:3]),
        "signIn.oidc.issuer=https://sso.example.com,signIn.oidc.name=Keycloak,signIn.oidc.groupsClaim=roles",
    ]  # fmt: skip
    (pod,) = pods([one(objects("first-install", *(word for each in sets for word in ("--set", each))), "Deployment", "edrone")])
    given = {variable["name"]: variable for variable in pod["containers"][0]["env"]}
    unsigned = next(pods([one(objects("claim-unsigned"), "Deployment", "edrone")]))["containers"][0]["env"]
    assert settings_table(SETTINGS).keys() - given.keys() - {variable["name"] for variable in unsigned} == {"EDRONE_DEMO"}
    assert {name for name, variable in given.items() if "valueFrom" in variable} == secret
    assert given["EDRONE_PASSWORDS"]["value"] == "false"
    assert given["EDRONE_TRUSTED_PROXIES"]["value"] == "10.0.0.7,fd00::/8"
    assert given["EDRONE_OIDC_ISSUER"]["value"] == "https://sso.example.com"
    assert given["EDRONE_HSTS"]["value"] == "31536000"
    assert given["EDRONE_MANUAL_BUILDS_BY"]["value"] == "edrone"


def test_a_certificate_of_drones_server_is_a_file_that_edrone_reads():
    found = objects("everything")
    (made,) = [item for item in found if item["kind"] == "ConfigMap"]
    (content,) = made["data"].items()
    (pod,) = pods([one(found, "Deployment", "edrone")])
    (edrone, _) = pod["containers"]
    (path,) = [variable["value"] for variable in edrone["env"] if variable["name"] == "DRONE_CA_FILE"]
    (mount,) = [each for each in edrone["volumeMounts"] if each["name"] == "drone-ca"]
    assert path == f"{mount['mountPath']}/{content[0]}"
    assert content[1].startswith("-----BEGIN CERTIFICATE-----\n")
    (volume,) = [each for each in pod["volumes"] if each["name"] == "drone-ca"]
    assert volume["configMap"]["name"] == made["metadata"]["name"]
    jobs = [job for kind in ("Job", "CronJob", "Pod") for item in found if item["kind"] == kind for job in pods([item])]
    assert not [variable for job in jobs for variable in job["containers"][0].get("env", []) if "CA_FILE" in variable["name"]]


def test_every_setting_of_the_chart_is_one_that_edrone_reads(values: str):
    source = (ROOT / "edrone_site/settings.py").read_text()
    for pod in pods(objects(values)):
        for container in pod["containers"]:
            if container["name"] == "edrone":
                for variable in container["env"]:
                    assert f'"{variable["name"]}"' in source or variable["name"] == "HTTPS_PROXY"


REFUSED = {
    "Edrone cannot be the name of a Service": ("first-install", "fullnameOverride=Edrone"),
    "SQLite serves one replica only": ("sqlite", "replicaCount=2"),
    "replicaCount=1 and autoscaling.enabled=false": ("sqlite", "autoscaling.enabled=true"),
    "database.kind is sqlite": ("sqlite", "database.url=postgres://db/edrone"),
    "No database is named": ("first-install", "database.url="),
    "No secret is shared with Drone": ("first-install", "secrets.yamlSecret="),
    "No tree is named": ("first-install", "tree.git.repo="),
    "so the chart makes no Secret": ("first-install", "secrets.existing=mine"),
    "protect nothing": ("first-install", "settings.allowUnsigned=true"),
    "set tree.existingClaim": ("claim-unsigned", "tree.existingClaim="),
    "ssh-keyscan": ("private-by-key", "tree.git.auth.knownHosts="),
    "set tree.git.auth.token": ("everything", "tree.git.auth.token="),
    "set ingress.host": ("everything", "ingress.host="),
    "would watch nothing": ("everything", "metrics.enabled=false"),
    "set secrets.gitlabClientSecret too": ("first-install", "signIn.gitlab.clientId=id"),
    "signIn.github.clientId is not: set both": ("first-install", "secrets.githubClientSecret=secret"),
    "secrets.…ClientSecret": ("existing-secrets", "secrets.oidcClientSecret=secret"),
    "nobody could sign in": ("first-install", "signIn.passwords=false"),
    "set signIn.gitea.server": ("existing-secrets", "signIn.gitea.server="),
    "settings.droneForge is gitlab": ("first-install", "settings.grantsFromDrone=true,settings.droneForge=gitlab"),
    "set signIn.oidc.issuer": ("everything", "signIn.oidc.issuer="),
    "larger than autoscaling.maxReplicas": ("everything", "autoscaling.maxReplicas=2"),
    "settings.sign is on": ("first-install", "settings.sign=true,drone.server=https://drone.example.com"),
    "secrets.eventsSecret is one of secrets.yamlSecret": ("first-install", "secrets.eventsSecret=new\\,example-secret"),
    "droneDatabase.url is no address of PostgreSQL": ("first-install", "droneDatabase.url=mysql://u:planted@db/drone"),
    "database.url is no address of PostgreSQL": ("first-install", "database.url=mysql://u:planted@db/edrone"),
    "secrets.secretKey is too short": ("first-install", "secrets.secretKey=planted"),
    "secrets.yamlSecret cannot be used": ("first-install", "secrets.yamlSecret=planted\\,\\,other"),
    "secrets.eventsSecret cannot be used": ("first-install", "secrets.eventsSecret=planted "),
    "secrets.droneToken holds white space": ("first-install", "secrets.droneToken=planted token"),
    "signIn.github.clientId holds white space": ("first-install", "signIn.github.clientId=planted id"),
    "https://edrone.example.com is no name of a host": ("first-install", "settings.allowedHosts={https://edrone.example.com}"),
    "metrics.port is taken": ("first-install", "metrics.port=8002"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_work_is_refused_with_a_sentence(sentence: str):
    values, setting = REFUSED[sentence]
    done = render(values, "--set", setting)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "planted" not in done.stderr


@pytest.mark.parametrize(
    "setting",
    [
        "replicaCount=0",
        "nosuchvalue=1",
        "database.kind=mysql",
        "settings.showErrors=loud",
        "settings.namespaces={shop/*}",
        "ingress.annotations.rps=5",
    ],
)
def test_wrong_and_unknown_values_are_refused_by_the_schema(setting: str):
    done = render("first-install", "--set", setting)
    assert done.returncode != 0
    assert "schema" in done.stderr


def test_every_value_has_a_description_and_every_description_a_value():
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    schema["properties"].pop("global")

    def compare(value: Any, described: dict[str, Any], path: str) -> None:
        assert path == "" or described["description"].endswith("."), path
        if "properties" in described and isinstance(value, dict):
            assert value.keys() == described["properties"].keys(), path
            for key, below in value.items():
                compare(below, described["properties"][key], f"{path}.{key}")

    compare(values, schema, "")


def test_its_version_is_edrones():

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == __version__


def test_helm_test_asks_as_drone_does():
    pod = one(objects("first-install"), "Pod", "-askconfig")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    command, slug, branch, url = pod["spec"]["containers"][0]["args"]
    service = one(objects("first-install"), "Service", "edrone")
    assert (command, slug, branch) == ("askconfig", "ismewen/edrone", "master")
    assert url == f"--url=http://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}/edrone"


def test_helm_test_asks_every_address():
    pod = one(objects("everything"), "Pod", "-askaddresses")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    (container,) = pod["spec"]["containers"]
    assert container["args"] == ["askaddresses", "--url=http://edrone:8080"]
    assert "env" not in container  # it knows no secret
    allowed = one(objects("everything"), "NetworkPolicy", "edrone")["spec"]["ingress"][0]["from"]
    labels = pod["metadata"]["labels"]
    assert [peer for peer in allowed if peer.get("podSelector", {}).get("matchLabels", {"": ""}).items() <= labels.items()]


def notes(values: str, *arguments: str) -> str:
    """Render what helm prints after an installation: `helm template` leaves it out, so a copy of the chart has it in an object."""
    with TemporaryDirectory() as folder:
        chart = Path(folder) / "chart"
        shutil.copytree(CHART, chart)
        shown = (chart / "templates/NOTES.txt").read_text()
        (chart / "templates/notes.yaml").write_text('text: {{ include "edrone.notes" . | toJson }}\n')
        (chart / "templates/_notes.tpl").write_text(f'{{{{ define "edrone.notes" }}}}{shown}{{{{ end }}}}')
        options = ("--namespace", "ci", "--kube-version", KUBERNETES[1], "--values", str(DATA / "values" / f"{values}.yaml"))
        done = helm("template", "edrone", str(chart), *options, *arguments, "--show-only", "templates/notes.yaml")
    assert done.returncode == 0, done.stderr
    return str(yaml.safe_load(done.stdout)["text"])


def test_the_notes_name_every_address_that_drone_and_the_providers_are_given():
    for values, address in (("company", "http://edrone.ci"), ("everything", "http://edrone.ci:8080")):
        said = notes(values)
        for path, extension in EXTENSIONS.items():
            assert f"  {extension.endpoint}={address}{path}\n" in said
    for provider in ("gitlab", "gitea"):
        assert f"  https://edrone.example.com/admin/signin/{provider}/callback/\n" in notes("company")
    assert "callback" not in notes("first-install")
    assert "  https://edrone.example.com/admin/\n" in notes("everything")
    assert "  http://edrone.example.com/admin/\n" in notes("company")
    assert "  kubectl port-forward --namespace ci service/edrone 8000:http\n" in notes("first-install")
    assert "set secrets.eventsSecret" in notes("first-install")
    assert "set secrets.eventsSecret" not in notes("company") + notes("existing-secrets")


def test_the_notes_say_whom_a_network_policy_keeps_out_where_it_names_nobody():
    unnamed = notes("first-install", "--set", "networkPolicy.enabled=true")
    for name in ("from", "metricsFrom"):
        assert f"networkPolicy.{name} is empty, so only pods of the namespace ci " in unnamed
    assert "networkPolicy" not in notes("first-install") + notes("everything")


def test_network_rules_let_out_what_the_values_name_and_leave_nothing_else():
    """The server's pods reach the forges, those of notices the services too; the rules are those of the values."""
    found = objects("company")
    given = yaml.safe_load((DATA / "values/company.yaml").read_text())["networkPolicy"]
    for ending, rules in (("edrone", given["egress"]), ("-notices", given["noticesEgress"])):
        spec = one(found, "NetworkPolicy", ending)["spec"]
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        assert spec["egress"] == rules


def test_the_objects_of_the_prometheus_operator_have_its_form():
    found = objects("everything")
    for kind in CUSTOM:
        assert one(found, kind)["apiVersion"] == "monitoring.coreos.com/v1"
        assert one(found, kind)["metadata"]["labels"]["release"] == "prometheus"
    monitor = one(found, "ServiceMonitor")["spec"]
    assert set(monitor) == {"selector", "endpoints"}
    assert all(set(end) == {"port", "path", "interval"} for end in monitor["endpoints"])
    for group in one(found, "PrometheusRule")["spec"]["groups"]:
        assert set(group) == {"name", "rules"}
        for rule in group["rules"]:
            assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
            assert rule["labels"]["severity"] in {"critical", "warning"}


def test_edrones_own_pipelines_deploy_it_with_values_that_the_chart_takes():
    pipelines = list(yaml.safe_load_all((ROOT / ".drone.yml").read_text()))
    found = [step["settings"] for pipeline in pipelines for step in pipeline["steps"] if "helm" in step["image"]]
    assert len(found) == 2  # a push to master, and a promotion
    for settings in found:
        tag = settings["string_values"].replace("${DRONE_COMMIT_SHA}", "12e4" + "0" * 36)
        options = ["--set", settings["values"], "--set-string", tag, "--kube-version", KUBERNETES[1]]
        namespace = settings["namespace"].replace("${DRONE_DEPLOY_TO}", "staging")
        done = helm("template", settings["release"], str(ROOT / settings["chart"]), "--namespace", namespace, *options)
        assert done.returncode == 0, done.stderr
        pod = next(pods([one([item for item in yaml.safe_load_all(done.stdout) if item], "Deployment", "edrone")]))
        assert pod["containers"][0]["image"] == f"{SAMPLE_IMAGE}:12e4{'0' * 36}"


def test_notices_are_sent_by_pods_of_their_own_or_on_sqlite_by_the_server():
    """Nobody reaches these pods, and the server's pods need no way out to the services that notices go to."""

    def sends(found: Objects) -> list[str]:
        (server,) = [pod for pod in pods(found) if pod["containers"][0]["name"] == "edrone"]
        return [item["value"] for item in server["containers"][0]["env"] if item["name"] == "EDRONE_NOTICES"]

    found = objects("everything")
    deployment = one(found, "Deployment", "-notices")["spec"]
    (container, _) = deployment["template"]["spec"]["containers"]
    assert (deployment["replicas"], container["args"]) == (2, ["sendnotices"])
    policy = one(found, "NetworkPolicy", "-notices")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in policy
    assert {"port": 587} in policy["egress"][0]["ports"]
    assert sends(found) == ["false"]
    assert sends(objects("sqlite")) == ["true"]
    for values in ("everything", "sqlite"):
        off = objects(values, "--set", "notices.enabled=false")
        assert sends(off) == ["false"]
        assert not [item for item in off if item["metadata"]["name"].endswith("-notices")]


def test_what_sends_notices_gets_no_secret_that_it_does_not_need():
    """Whose DRONE_TOKEN is has to be known only where Drone's administrators may be told (builds/access/drone_rights.py)."""
    source = (ROOT / "edrone_site/settings.py").read_text()
    always = {"SECRET_KEY", "DATABASE_URL", "DRONE_DATABASE_URL"}
    for values, secrets in (("everything", always), ("company", always | {"DRONE_TOKEN"})):
        pod = next(pods([one(objects(values), "Deployment", "-notices")]))
        given = pod["containers"][0]["env"]
        assert {variable["name"] for variable in given if "valueFrom" in variable} == secrets
        names = [variable["name"] for variable in given]
        assert len(names) == len(set(names))
        assert all(f'"{name}"' in source or name == "HTTPS_PROXY" for name in names)


def test_old_records_are_pruned_every_night_on_postgresql_alone():
    job = one(objects("first-install", "--set", "records.days=7"), "CronJob")
    (pod,) = pods([job])
    assert pod["containers"][0]["args"] == ["pruneconfigs", "--days", "7"]
    assert [variable["name"] for variable in pod["containers"][0]["env"]] == ["DATABASE_URL"]
    assert not [item for item in objects("first-install", "--set", "records.prune=false") if item["kind"] == "CronJob"]
    assert not [item for item in objects("sqlite") if item["kind"] == "CronJob"]
    assert render("first-install", "--set", "records.days=0").returncode != 0
