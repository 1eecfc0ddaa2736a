"""`make demo`: edrone beside the stand-in, so that a newcomer sees operations start and builds appear and finish."""

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

from tests.standin.config import Source
from tests.standin.drone import TOKEN, standing_in

ROOT = Path(__file__).parent.parent.parent
SECONDS = 3.0  # that a step lasts
TAKES = "DRONE_YAML_SECRET", "DRONE_SERVER", "DRONE_TOKEN", "DRONE_DATABASE_URL"


def main() -> None:
    """Start both, and end both."""
    port = os.environ.get("PORT") or "8000"
    state = Path(os.environ.get("EDRONE_STATE") or ROOT / "var" / "demo").absolute()
    if taken := [name for name in TAKES if os.environ.get(name)]:
        sys.exit(f"The demonstration sets {', '.join(taken)} itself: unset them, or use `make run` with a real Drone.")
    state.mkdir(parents=True, exist_ok=True)
    database, secret = state / "drone.sqlite", secrets.token_hex(16)
    source = Source(f"http://127.0.0.1:{port}/edrone", secret)
    with standing_in(database, source, seconds=SECONDS) as (server, _):
        variables = {
            "EDRONE_STATE": str(state), "DRONE_YAML_SECRET": secret, "DRONE_SERVER": server.url, "DRONE_TOKEN": TOKEN,
            "DRONE_DATABASE_URL": f"sqlite:///{database}",
        }  # fmt: skip
        sys.stdout.write(welcome(server.url, database))
        sys.stdout.flush()
        edrone = subprocess.Popen([sys.executable, "-m", "edrone_site.run"], cwd=ROOT, env=os.environ | variables)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: edrone.terminate())
        sys.exit(edrone.wait())


def welcome(url: str, database: Path) -> str:
    """Say what this is, and what to try."""
    curl = f'curl -X POST -H "Authorization: Bearer {TOKEN}"'
    builds = f"{url}/api/repos/ismewen/edrone/builds"
    return f"""This is a demonstration. What stands beside edrone is NOT Drone: it is a stand-in from edrone's tests, which answers as
Drone does, asks edrone for pipelines as Drone does, and plays a runner. It runs nothing: it makes up what steps print.

  stand-in        {url}, answers like Drone's API
  its database    {database}, which edrone reads as Drone's

Start an operation, which takes some seconds, and look at the build:
  {curl} '{builds}?branch=develop&action=check&TARGET=staging'
  curl {builds}/latest?branch=develop
Misspell it, and see how edrone says so, in the error of the build:
  {curl} '{builds}?branch=develop&action=chek'
Let the next call fail (null, 401, 404, 500, slow, drop, html, redirect, huge, …):
  curl -X POST '{url}/standin/fail?next=null'

"""


if __name__ == "__main__":
    main()
