"""Which code can call other addresses, and whether docs/threat-model.md names all of it."""

import ast
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from configs.client import drone_request
from configs.client.addresses import EXTENSIONS
from demo.standin.http import Response, serving
from tests.conftest import SECRET, Drone, push
from tests.server import ROOT

# What connects, or starts programs that may. Databases are Django's.
CONNECTING = {
    "aiohttp", "apprise", "asyncio", "ftplib", "http.client", "httpx", "requests", "smtplib", "socket", "socketserver", "subprocess",
    "urllib.request", "urllib3", "urllib3.connection", "urllib3.connectionpool", "xmlrpc",
}  # fmt: skip
CALLERS = {
    "drone_api/deadline.py": {"socket", "http.client", "urllib3.connection", "urllib3.connectionpool"},
    "drone_api/transport.py": {"requests"},  # DRONE_SERVER
    "builds/signing_in/requests_out.py": {"requests"},  # the providers of signing in
    "builds/signing_in/provider.py": {"requests"},  # its errors
    "builds/notices/sender.py": {"apprise", "requests"},  # channels
    "configs/client/addresses.py": {"requests"},  # the command askaddresses
    "configs/client/diagnosis.py": {"requests"},  # the command askconfig
    "pipelines/git.py": {"subprocess"},  # git: the command synctree names an address, all else reads a folder
    # On this machine:
    "builds/notices/sending.py": {"subprocess"},
    "builds/tree/inspection.py": {"subprocess"},
    "edrone_site/environment.py": {"requests"},  # judges the address of Drone, and asks nobody
    "edrone_site/kept_process.py": {"subprocess"},
    "edrone_site/notices_process.py": {"subprocess"},
    "edrone_site/demonstration.py": {"subprocess", "socket"},
    "edrone_site/listening.py": {"socket"},
    "edrone_site/metrics.py": {"socket"},
}
HOUSES = ("builds", "configs", "drone_api", "edrone_site", "pipelines", "texts", "web")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def test_nothing_else_of_edrone_can_make_a_connection():
    found = {}
    for house in HOUSES:
        for path in (ROOT / house).rglob("*.py"):
            if connecting := {name for name in imported(path) if name in CONNECTING}:
                found[str(path.relative_to(ROOT))] = connecting
    assert found == CALLERS


@pytest.mark.parametrize("path", ["/edrone", "/edrone/convert", "/edrone/validate"])
def test_no_address_in_a_request_of_drone_is_called(path: str, tree: Any, drone: Drone, records: None):
    with serving(lambda _: Response(200)) as server:
        tree({"default.yaml": f"kind: pipeline\nname: {server.url}/tree\n"})
        text = f"kind: pipeline\nname: {server.url}/own\nextends: {server.url}/shared\n"
        content = json.loads(drone_request.body(push(repo_id=1, after="c0ffee"), created=1_795_426_889, text=text))
        content["build"] |= dict.fromkeys(("link", "author_avatar", "message", "title"), server.url)
        content["build"]["params"] = {"ADDRESS": server.url}
        content["repo"] |= dict.fromkeys(("link", "git_http_url", "git_ssh_url"), server.url)
        body = json.dumps(content | {"netrc": {"machine": server.url, "login": "x", "password": "y"}}).encode()
        accept = EXTENSIONS[path].accept
        headers = drone_request.signed_headers(body, SECRET, datetime.now(UTC), accept=accept)
        headers |= dict.fromkeys(("x-forwarded-host", "origin", "referer"), server.url)
        assert drone.send(body, headers, path).status_code in {200, 204, 422}
    assert server.requests == []
