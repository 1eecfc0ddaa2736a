"""Secrets are planted in Drone's tables, in edrone's settings and in requests; then everything that can be read is searched for them."""

import json
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from configs.client.drone_request import body, request_for, signed_headers
from demo.standin.drone import TOKEN
from tests.e2e.running import SECRET, SETTINGS
from tests.e2e.test_starting import BUILDS, Site, site
from tests.server import ROOT, wait_until

NOBODY = 65534
PLANTED = "planted-"
PARAMETERS = "DB_PASSWORD=planted-password&SSH_PASSPHRASE=planted-phrase&DEPLOY_TOKEN=planted-token"  # which the stand-in's steps do not print
OF_DRONE = (
    "UPDATE users SET user_oauth_token = 'planted-oauth', user_oauth_refresh = 'planted-refresh'",
    "UPDATE repos SET repo_signer = 'planted-signer', repo_secret = 'planted-webhook'",
    "INSERT INTO secrets VALUES (99, 1, 'a_name', 'planted-secret', 0, 0)",
    "INSERT INTO orgsecrets VALUES (99, 'ismewen', 'another_name', '', 'planted-org-secret', 0, 0)",
    "INSERT INTO templates VALUES (99, 'a_template', 'ismewen', 'planted-template', 0, 0)",
)
READS = [
    "/api/user", "/api/user/repos", "/api/user/builds", "/api/builds", "/api/builds?per_page=100", "/api/audit", "/api/repos",
    "/api/repos/ismewen/edrone", BUILDS, f"{BUILDS}/latest", "/api/repos/ismewen/edrone/config", "/api/repos/ismewen/edrone/operations",
    "/api/schema", "/api/docs", "/metrics", "/readyz", "/healthz", "/edrone", "/api/nosuch", f"{BUILDS}/nosuch", "/nosuch?token=x",
]  # fmt: skip


def planted_everywhere(started: Site, database: Path) -> set[str]:
    """Plant secrets and use each; gives what must not be seen anywhere."""
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        for statement in OF_DRONE:
            connection.execute(statement)
        connection.commit()
    statuses = [
        started.call("POST", f"{BUILDS}{path}&{PARAMETERS}").status_code
        for path in (
            "?branch=master",
            "?action=nosuch",
            "?PATH=planted-path",
            "/18/promote?target=staging",
            "/18/rollback?target=staging",
            "/21?A=b",
        )
    ]
    assert statuses == [200, 404, 400, 200, 200, 200]
    asked = json.loads(body(request_for("ismewen/edrone", "master", "", ""), created=int(time.time())))
    for branch, password in (("master", SECRET), ("planted", SECRET), ("master", "planted-other-secret")):
        asked["token"] = {"access": "planted-access", "refresh": "planted-refresh"}
        asked["build"] |= {"params": {"PASSWORD": "planted-parameter"}, "target": branch, "after": branch * 4}
        content = json.dumps(asked).encode()
        headers = signed_headers(content, password, datetime.now(UTC)) | {"authorization": "Bearer planted-bearer"}
        requests.post(f"{started.edrone.url}/edrone?token=planted-query", content, headers=headers, timeout=60)
    wait_until(lambda: started.call("GET", f"{BUILDS}/21").json()["status"] == "success", "the build has run")
    return {PLANTED, TOKEN, SECRET, SETTINGS["SECRET_KEY"], started.token, "x" * 20}


def pages(started: Site) -> Iterator[tuple[str, str]]:
    """Log in and follow every link of the administration; of a kind of page that has numbers in its address, a few."""
    session, found, kinds = requests.Session(), ["/admin/"], dict[str, int]()
    login = session.get(f"{started.edrone.url}/admin/", timeout=60)
    form = {"username": "admin", "password": "x" * 20, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
    assert "Red now" in session.post(login.url, form, headers={"Referer": login.url}, timeout=60).text
    for path in found:
        answer = session.get(started.edrone.url + path, timeout=60)
        yield path, f"{answer.text}{answer.headers}"
        for link in re.findall(r'href="([^"#]+)', answer.text):
            target = urlsplit(urljoin(started.edrone.url + path, unescape(link)))
            further = target.path + (f"?{target.query}" if target.query else "")
            kind = re.sub(r"=[^&]*|\d+", "N", further)
            if (
                target.netloc == urlsplit(started.edrone.url).netloc
                and target.path.startswith("/admin/")
                and further not in found
            ):
                kinds[kind] = kinds.get(kind, 0) + 1
                if kinds[kind] <= 3 and "logout" not in kind:
                    found.append(further)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_seen_by_anybody_anywhere(form: str, tmp_path: Path):
    with site(tmp_path, EDRONE_LOG_FORMAT=form) as started:
        secrets = planted_everywhere(started, tmp_path / "drone.sqlite")
        seen = {"the processes": processes(started)}
        seen |= {path: f"{(answer := started.call('GET', path)).text}{answer.headers}" for path in READS}
        numbers = [build["number"] for build in started.call("GET", f"{BUILDS}?per_page=100").json()]
        assert max(numbers) >= 24
        for number in numbers:
            for path in (f"{BUILDS}/{number}", f"{BUILDS}/{number}/config", f"{BUILDS}/{number}/logs/1/1"):
                seen[path] = started.call("GET", path).text
        if form == "text":  # the pages are the same however one logs
            crawled = dict(pages(started))
            assert {
                "run",
                "promote",
                "restart",
                "rollback",
                "auditrecord",
                "servedconfig",
                "lasterror",
                "configuration",
                "grant",
            } <= {word for path in crawled for word in re.findall(r"[a-z]+", path)}
            seen |= crawled
    written = [file for file in (tmp_path / "state").rglob("*") if file.is_file()]
    assert {"log", "edrone.sqlite3"} <= {file.name for file in written}
    seen |= {f"file {file.name}": file.read_bytes().decode("latin-1") for file in written}
    assert "********" in seen["/api/audit"]
    found = {where: secret for where, text in seen.items() for secret in secrets if secret in text}
    assert found == {}


def processes(started: Site) -> str:
    """Give what others see of edrone's processes; their environment must not be among it."""
    numbers = [started.edrone.process.pid, *started.edrone.workers()]
    assert len(numbers) == 3
    for number in numbers:
        refused = subprocess.run(
            ["cat", f"/proc/{number}/environ"], user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, check=False
        )
        assert (refused.returncode, refused.stdout) == (1, b"")
    listed = subprocess.run(
        ["ps", "-e", "-ww", "-o", "args"], user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, check=True
    )
    assert "manage.py serve" in listed.stdout
    return "\n".join(line for line in listed.stdout.splitlines() if str(ROOT) in line or "manage.py" in line)
