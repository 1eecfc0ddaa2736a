"""`make demo`: edrone beside the stand-in, so that a newcomer sees operations start and builds appear and finish."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import requests

from demo.standin.database import create
from demo.standin.drone import TOKEN, standing_in
from demo.standin.yaml_source import YamlSource

ROOT = Path(__file__).parent.parent
SECONDS = 3.0  # that a step lasts
TAKES = "DRONE_YAML_SECRET", "DRONE_SERVER", "DRONE_TOKEN", "DRONE_DATABASE_URL"


def main() -> None:
    port = os.environ.get("PORT") or "8000"
    state = Path(os.environ.get("EDRONE_STATE") or ROOT / "var" / "demo").absolute()
    if taken := [name for name in TAKES if os.environ.get(name)]:
        sys.exit(f"The demonstration sets {', '.join(taken)} itself: unset them, or use `make run` with a real Drone.")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    state.mkdir(parents=True, exist_ok=True)
    database, secret = state / "drone.sqlite", secrets.token_hex(16)
    site = f"http://127.0.0.1:{port}"
    if not database.exists():
        create(database, TOKEN)
    with standing_in(database, YamlSource(f"{site}/edrone", secret), seconds=SECONDS) as (server, _):
        variables = os.environ | {
            "EDRONE_STATE": str(state), "DRONE_YAML_SECRET": secret, "DRONE_SERVER": server.url, "DRONE_TOKEN": TOKEN,
            "DRONE_DATABASE_URL": f"sqlite:///{database}",
        }  # fmt: skip
        with started([sys.executable, "-m", "edrone_site.run"], variables) as edrone:
            if answers(f"{site}/healthz", edrone):
                sys.stdout.write(welcome(site, server.url, database, secret, token(variables)))
                sys.stdout.flush()
            sys.exit(edrone.wait())


def end(*_: Any) -> NoReturn:
    """Exit, so that everything that was started is ended."""
    sys.exit(0)


@contextmanager
def started(command: list[str], variables: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start edrone and end it at the end of the block. It has a session of its own, so that Ctrl-C reaches it once, from here."""
    edrone = subprocess.Popen(command, cwd=ROOT, env=variables, start_new_session=True)
    try:
        yield edrone
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        edrone.terminate()
        edrone.wait()


def answers(url: str, edrone: subprocess.Popen[bytes]) -> bool:
    """Wait until edrone answers; return False if it ends instead."""
    while edrone.poll() is None:
        with suppress(requests.RequestException):
            if requests.get(url, timeout=1).ok:
                return True
        time.sleep(0.1)
    return False


def token(variables: Mapping[str, str]) -> str:
    """Return a new token of edrone's API; empty if the administrator has been renamed."""
    command = [sys.executable, "manage.py", "createtoken", "admin", "--days", "1", "--name", "demonstration"]
    return subprocess.run(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


def welcome(site: str, url: str, database: Path, secret: str, made: str) -> str:
    curl = f'curl -X POST -H "Authorization: Bearer {made}"'
    builds = f"{site}/api/repos/ismewen/edrone/builds"
    return f"""
This is a demonstration. What stands beside edrone is NOT Drone: it is a stand-in from edrone's tests, which answers as
Drone does, asks edrone for pipelines as Drone does, and plays a runner. It runs nothing: it makes up what steps print.

  stand-in        {url}, answers like Drone's API; its token is {TOKEN}
  its database    {database}, which edrone reads as Drone's
  token           {made or "make one: .venv/bin/python manage.py createtoken USERNAME"}, of edrone's API, for a day

Start an operation, which takes some seconds, and look at the build:
  {curl} '{builds}?branch=develop&action=check&TARGET=staging'
  curl -H "Authorization: Bearer {made}" {builds}/latest?branch=develop
Promote build 45, which deploys its commit, and roll back to build 37 (the pipeline is projects/edrone/_promote.yaml):
  {curl} '{builds}/45/promote?target=staging'
  {curl} '{builds}/37/rollback?target=staging'
Misspell an operation, and see how edrone says so:
  {curl} '{builds}?branch=develop&action=chek'
Start it past edrone, as with Drone's own page or CLI; the error of the build says what is wrong:
  curl -X POST -H "Authorization: Bearer {TOKEN}" '{url}/api/repos/ismewen/edrone/builds?branch=develop&action=chek'
Let the next call fail (null, 401, 404, 500, slow, drop, html, redirect, huge, …):
  curl -X POST '{url}/standin/fail?next=null'
See what Drone gets:
  DRONE_YAML_SECRET={secret} .venv/bin/python manage.py askconfig ismewen/edrone develop --operation check --url {site}/edrone

"""


if __name__ == "__main__":
    main()
