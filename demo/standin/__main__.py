"""The stand-in as a process of its own, beside an edrone that shows a demonstration.

python -m demo.standin DATABASE PORT ENDPOINT, with DRONE_TOKEN and DRONE_YAML_SECRET in the environment. It ends with the process that
started it, however that ends.
"""

import os
import signal
import sys
import time
from contextlib import closing
from pathlib import Path

from demo.standin.database import Database, add_administrator
from demo.standin.drone import standing_in
from demo.standin.yaml_source import YamlSource

SECONDS = 6.0  # that a step lasts
PAUSE = 0.5  # seconds between two looks whether edrone is still there


def main(database: str, port: str, endpoint: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for edrone, which finishes its requests first
    with closing(Database(Path(database))) as opened:
        add_administrator(opened, os.environ["DRONE_TOKEN"])
    with standing_in(Path(database), YamlSource(endpoint, os.environ["DRONE_YAML_SECRET"]), int(port), SECONDS):
        parent = os.getppid()
        while os.getppid() == parent:
            time.sleep(PAUSE)


if __name__ == "__main__":
    main(*sys.argv[1:])
