"""Secrets are planted in every input; none may come out again, on any path, in any form."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from configs.client.drone_request import EMPTY_BUILD, EMPTY_REPO, signed_headers
from configs.records.models import LastError, ServedConfig
from pipelines.errors import ConfigError
from tests.conftest import every_row
from tests.server import running

YAML_SECRET = "planted-yaml-secret"
PLANTED = "planted-"  # begins every secret
BROKEN = (
    "none",
    "no-file",
    "empty-file",
    "broken-yaml",
    "bad-signature",
    "wrong-secret",
    "other-digest",
    "old",
    "not-json",
    "wrong-type",
    "crash",
)
pytestmark = pytest.mark.usefixtures("records", "no_drone")


@pytest.fixture(params=["build", "http"])
def site(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Client:
    """Show errors in both ways."""
    settings.DRONE_YAML_SECRETS = (YAML_SECRET, "planted-second-secret")
    settings.EDRONE_SHOW_ERRORS = request.param
    settings.DRONE_TOKEN = "planted-drone-token"
    settings.EDRONE_PROJECTS = tmp_path
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/master.yaml").write_text("kind: pipeline\n")
    (tmp_path / "shop/empty.yaml").write_text("")
    (tmp_path / "shop/broken.yaml").write_text("kind: repository\n---\nkind: [")
    return Client(raise_request_exception=False)


def body(branch: str) -> dict[str, Any]:
    """A request of Drone with a secret in every field that is not the name of what is built."""
    build = {key: f"planted-build-{key}" if isinstance(value, str) else value for key, value in EMPTY_BUILD.items()}
    repo = {key: f"planted-repo-{key}" if isinstance(value, str) else value for key, value in EMPTY_REPO.items()}
    build |= {"trigger": "@hook", "event": "push", "ref": f"refs/heads/{branch}", "target": branch, "action": ""}
    build |= {"after": "c0ffee", "author_login": "ann", "sender": "bob", "created": 1_795_426_889}
    build["params"] = {"PASSWORD": "planted-parameter"}
    repo |= {"namespace": "ismewen", "name": "shop", "slug": "ismewen/shop", "protected": True, "config_path": ".drone.jsonnet"}
    return {"build": build, "repo": repo, "token": {"access": "planted-access", "refresh": "planted-refresh"}}


def ask(client: Client, broken: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask in one of the ways that go wrong, or in the right one."""
    branch = {"no-file": "other", "empty-file": "empty", "broken-yaml": "broken"}.get(broken, "master")
    content = json.dumps(body(branch)).encode()
    if broken == "not-json":
        content = content[:-9]
    if broken == "wrong-type":
        content = json.dumps(body(branch) | {"repo": body(branch)["repo"] | {"name": ["planted-name"]}}).encode()
    now = datetime(2020, 1, 1, tzinfo=UTC) if broken == "old" else datetime.now(UTC)
    headers = signed_headers(content, "planted-wrong" if broken == "wrong-secret" else YAML_SECRET, now)
    if broken == "bad-signature":
        headers["signature"] = 'keyId="planted-key",algorithm="hmac-sha256",signature="planted-signature",headers="date digest"'
    if broken == "other-digest":
        content = content + b" "
    if broken == "crash":

        def crash(*_: Any) -> None:
            raise RuntimeError("made by the test")

        monkeypatch.setattr("configs.endpoint.views.resolve", crash)
    headers |= {
        "authorization": "Bearer planted-bearer",
        "cookie": "sessionid=planted-session; csrftoken=planted-csrf",
        "user-agent": "planted-agent",
        "referer": "https://planted-user:planted-password@example.com/",
        "x-request-id": "planted request id with spaces",
        "x-forwarded-for": "planted-address",
    }
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    content_type = environ.pop("HTTP_CONTENT_TYPE")
    return client.generic("POST", "/edrone?token=planted-query", content, content_type, **environ)  # type: ignore[arg-type]


@pytest.mark.parametrize("broken", BROKEN)
def test_no_secret_is_in_the_log_the_answer_the_metrics_or_a_table(
    broken: str, site: Client, logged: StringIO, monkeypatch: pytest.MonkeyPatch
):
    answer = ask(site, broken, monkeypatch)
    assert answer.status_code in {200, 400, 401, 404, 422, 500}
    seen = answer.content.decode() + str(answer.headers) + logged.getvalue()
    seen += site.get("/metrics").content.decode() + site.get("/readyz").content.decode()
    seen += every_row()
    signature = str(answer.wsgi_request.META["HTTP_SIGNATURE"]).split('signature="')[1].split('"')[0]
    assert "outcome=" in logged.getvalue()
    assert PLANTED not in seen, seen[max(0, seen.find(PLANTED) - 200) : seen.find(PLANTED) + 60]
    assert signature not in seen


def test_the_pages_of_the_admin_show_none_of_the_settings(site: Client, admin_client: Client, monkeypatch: pytest.MonkeyPatch):
    for broken in BROKEN:
        ask(site, broken, monkeypatch)
    pages = ["/admin/", "/admin/auth/user/", "/admin/nosuchpage/", "/nosuchpage", "/admin/?e=1"]
    pages += [f"/admin/{name.lower().replace('.', '/')}/" for name in (model._meta.label for model in apps.get_models())]  # noqa: SLF001
    for page in pages:
        answer = admin_client.get(page, HTTP_AUTHORIZATION="Bearer planted-bearer")
        assert PLANTED not in answer.content.decode()
    assert ServedConfig.objects.exists()
    assert LastError.objects.exists()


def test_no_error_class_holds_more_than_its_sentence():
    assert all("body" not in vars(kind) and "token" not in vars(kind) for kind in ConfigError.__subclasses__())


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the system has no /proc")
def test_no_secret_is_in_the_list_of_processes(tmp_path: Path):
    secrets = {
        name: f"planted-{name.lower()}-of-more-than-thirty-two-characters"
        for name in ("SECRET_KEY", "DRONE_YAML_SECRET", "DRONE_TOKEN")
    }
    with running(tmp_path, **secrets) as server:
        group = [path for path in Path("/proc").glob("[0-9]*") if session_of(path) == server.process.pid]
        assert group
        assert all(b"planted" not in (path / "cmdline").read_bytes() for path in group)
        assert "planted" not in server.printed()


def session_of(path: Path) -> int:
    """Give the session of a process; 0 where it has ended."""
    try:
        return int((path / "stat").read_text().rsplit(")", 1)[1].split()[3])
    except OSError:
        return 0
