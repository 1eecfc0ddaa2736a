"""A real Drone server and a real runner, built from Drone's own source, with a stand-in for the forge only."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.drones import postgres_server
from tests.e2e.forge import Forge, forge
from tests.e2e.running import SECRET, answers
from tests.e2e.test_go_reads_alike import go
from tests.server import clean_environment, free_port, wait_until

PROGRAMS = {"drone": "github.com/drone/drone/cmd/drone-server", "runner": "github.com/drone-runners/drone-runner-exec"}
TOKEN = "an-administrators-token-of-this-drone"
NEWER = {
    "handler/api/repos/builds/create.go": {
        "Event:        core.EventCustom,": 'Event: core.EventCustom, Action: r.URL.Query().Get("action"),',
        'if key == "access_token" ||': 'if key == "access_token" || key == "action" ||',
    },
    "handler/api/repos/builds/retry.go": {"Trigger:      user.Login,": "Trigger: user.Login, Parent: prev.Number,"},
    "version/version.go": {
        "VersionMajor int64 = 1\n": "VersionMajor int64 = 2\n",
        "VersionMinor int64 = 10\n": "VersionMinor int64 = 19\n",
    },
    "plugin/converter/memoize.go": {
        '"context"\n': '"context"\n\t"os"\n',
        "\tcache, _ := lru.New(10)\n": '\tif os.Getenv("DRONE_CONVERT_PLUGIN_CACHE_SIZE") == "0" {\n\t\treturn base\n\t}\n\tcache, _ := lru.New(10)\n',
    },
}
SHARED = "what-server-and-runner-share"


@dataclass
class Drone:
    """A Drone server that runs, and its forge."""

    url: str
    datasource: str  # its PostgreSQL, as libpq writes it
    forge: Forge
    log: Path

    def call(self, method: str, path: str, token: str = TOKEN, **options: Any) -> requests.Response:
        return requests.request(method, self.url + path, headers={"Authorization": f"Bearer {token}"}, timeout=60, **options)

    def builds(self, slug: str) -> list[dict[str, Any]]:
        return list(self.call("GET", f"/api/repos/{slug}/builds").json())


def build(folder: Path, *, as_newer: bool = False) -> dict[str, Path]:
    """Compile server and runner; without C, so with PostgreSQL only.

    Args:
        folder: where to.
        as_newer: give the server what newer ones have: the action of a build that is started by hand, the parent of a restart,
            and the switch of the cache of conversions.
    """
    built = {}
    for name, package in PROGRAMS.items():
        built[name] = folder / name
        more = ["-modfile", str(newer(folder))] if as_newer and name == "drone" else []
        go_does(name, "build", "-tags", "nolimit", *more, "-o", str(built[name]), package)
    return built


def newer(folder: Path) -> Path:
    """Change the server's source in a few places, and give a go.mod that takes it from there."""
    source = folder / "source"
    downloaded = json.loads(go_does("drone", "mod", "download", "-json", "github.com/drone/drone"))
    shutil.copytree(downloaded["Dir"], source, copy_function=shutil.copyfile)
    for path, changes in NEWER.items():
        text = (source / path).read_text()
        for old, new in changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (source / path).chmod(0o644)
        (source / path).write_text(text)
    module, made = Path(__file__).parent / "drone", folder / "go.mod"
    made.write_text((module / "go.mod").read_text() + f"\nreplace github.com/drone/drone => {source}\n")
    shutil.copyfile(module / "go.sum", folder / "go.sum")
    return made


def go_does(module: str, *arguments: str) -> str:
    """Run Go in the folder of a module; what it is made of is pinned there."""
    environment = os.environ | {"CGO_ENABLED": "0", "GONOSUMDB": "*"}
    where = Path(__file__).parent / module
    return subprocess.run(
        [go(), *arguments], cwd=where, check=True, env=environment, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


@contextmanager
def drone(path: Path, folder: Path, edrone: str, *slugs: str, **more: str) -> Iterator[Drone]:
    """Start PostgreSQL, forge and server (with more of its settings), log in as an operator does, and activate the repositories."""
    with ExitStack() as held:
        stand_in, forge_server = held.enter_context(forge(*slugs))
        postgres = held.enter_context(postgres_server())
        port = free_port()
        datasource = f"postgres://postgres@/postgres?host={postgres.get_postmaster_info().socket_dir}&sslmode=disable"
        address = f"127.0.0.1:{port}"
        log = folder / "drone.log"
        held.enter_context(program(path, log, folder, {
            "DRONE_GOGS_SERVER": forge_server.url, "DRONE_SERVER_HOST": address, "DRONE_SERVER_PORT": address,
            "DRONE_RPC_SECRET": SHARED, "DRONE_DATABASE_DRIVER": "postgres", "DRONE_DATABASE_DATASOURCE": datasource,
            "DRONE_USER_CREATE": f"username:octocat,admin:true,token:{TOKEN}", "DRONE_AGENTS_ENABLED": "true",
            "DRONE_YAML_ENDPOINT": edrone, "DRONE_YAML_SECRET": SECRET, "DRONE_LOGS_DEBUG": "true", "DRONE_CRON_INTERVAL": "1s",
            "DRONE_CONVERT_PLUGIN_ENDPOINT": f"{edrone}/convert", "DRONE_CONVERT_PLUGIN_SECRET": SECRET,
            "DRONE_CONVERT_PLUGIN_CACHE_SIZE": "0",
        } | more))  # fmt: skip
        started = Drone(f"http://{address}", datasource, stand_in, log)
        wait_until(lambda: answers(started.url), "Drone answers")
        requests.post(f"{started.url}/login", {"username": "octocat", "password": "any"}, timeout=60, allow_redirects=False)
        wait_until(lambda: len(started.call("POST", "/api/user/repos").json()) == len(slugs), "Drone knows the repositories")
        for slug in slugs:
            assert started.call("POST", f"/api/repos/{slug}").ok, log.read_text()
        yield started


@contextmanager
def runner(path: Path, folder: Path, server: Drone, labels: str = "") -> Iterator[None]:
    """Start a runner for pipelines of type exec, and with these labels, if any."""
    environment = {
        "DRONE_RPC_HOST": server.url.removeprefix("http://"), "DRONE_RPC_PROTO": "http", "DRONE_RPC_SECRET": SHARED,
        "DRONE_HTTP_BIND": f"127.0.0.1:{free_port()}", "DRONE_UI_DISABLE": "true", "DRONE_RUNNER_NAME": "here",
        "DRONE_RUNNER_CAPACITY": "4",
    } | ({"DRONE_RUNNER_LABELS": labels} if labels else {})  # fmt: skip
    with program(path, folder / f"runner-{labels}.log", folder, environment, "daemon"):
        yield


@contextmanager
def program(path: Path, log: Path, folder: Path, environment: dict[str, str], *arguments: str) -> Iterator[None]:
    """Run a program until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(path), *arguments], cwd=folder, env=clean_environment(**environment), stdout=output, stderr=output
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)
