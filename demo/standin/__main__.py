"""The stand-in as a process of its own, beside an edrone that shows a demonstration.

python -m demo.standin DATABASE PORT ENDPOINT [PARENT], with DRONE_TOKEN and DRONE_YAML_SECRET in the environment.
It ends with the process that started it, however that ends; with its id as PARENT, even if it ended before this one could look.
"""

import os
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

from demo.standin.database import Database, add_administrator
from demo.standin.drone import standing_in
from demo.standin.validation import Validator
from demo.standin.yaml_source import YamlSource

SECONDS = 6.0  # that a step lasts
PAUSE = 0.5  # seconds between two looks whether edrone is still there


def main(database: str, port: str, endpoint: str, parent: str = "") -> None:
    with closing(Database(Path(database))) as opened:
        add_administrator(opened, os.environ["DRONE_TOKEN"])
    secret = os.environ["DRONE_YAML_SECRET"]
    source, validator = YamlSource(endpoint, secret), Validator(f"{endpoint}/validate", secret)
    with standing_in(Path(database), source, int(port), SECONDS, validator) as (_, drone):
        drone.has_pushes = True
        starter = int(parent or os.getppid())
        while os.getppid() == starter:
            time.sleep(PAUSE)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main(*sys.argv[1:])
