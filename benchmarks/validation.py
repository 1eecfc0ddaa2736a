"""Validations beside configurations: `python -m benchmarks.validation [A SECOND] [SECONDS]`.

Without arguments: 200 a second for 20 seconds. Each build is asked about over a connection of its own, as Drone does, with a
hundred freezes in the list and one request in four frozen. Wanted: every answer within a second, and configurations no later
than without.
"""

import http.client
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from configs.client import drone_request
from configs.endpoint.signature import CONFIGURATION, VALIDATION, Extension
from pipelines.build_request import BuildRequest
from tests.server import Server, running

SECRET = "s" * 32
FREEZES = """
from builds.freezes.models import Freeze
Freeze.objects.bulk_create(
    Freeze(pattern=f"ismewen/{'edrone' if number == 99 else number}", targets="production", reason="no Fridays", username="ann")
    for number in range(100)
)
"""
CONFIGURATIONS = 20  # a second
SENDERS = 64
LONGEST = 60  # seconds
PUSH = BuildRequest("ismewen", "edrone", "push", "refs/heads/master", "master", repo_id=1, trigger="@hook")
PROMOTION = replace(PUSH, event="promote", trigger="ann", deploy_to="production", parent=1)
TABLE = "| requests | answers | p50 ms | p95 ms | p99 ms | slowest ms | unexpected |\n|---|---|---|---|---|---|---|"


def main() -> None:
    rate, seconds = (int(word) for word in (sys.argv[1:] + ["200", "20"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as name:
        variables = {"DRONE_YAML_SECRET": SECRET, "SECRET_KEY": "k" * 40}
        with running(Path(name), **variables) as edrone:
            done = edrone.manage("shell", "-c", FREEZES)
            assert done.returncode == 0, done.stderr  # noqa: S101
            print(TABLE)
            measure(edrone, seconds, {"configurations alone": configurations()})
            measure(edrone, seconds, {"configurations beside": configurations(), "validations": (rate, validation)})


Ask = Callable[[Server, int], bool]


def configurations() -> tuple[int, Ask]:
    begun = time.time_ns()

    def configuration(edrone: Server, number: int) -> bool:
        build = replace(PUSH, after=f"{begun + number:040x}")
        return answered(edrone, "/edrone", CONFIGURATION, build) == 200  # noqa: PLR2004

    return CONFIGURATIONS, configuration


def validation(edrone: Server, number: int) -> bool:
    build, expected = (PROMOTION, 400) if number % 4 == 0 else (PUSH, 204)
    return answered(edrone, "/edrone/validate", VALIDATION, build) == expected


def answered(edrone: Server, path: str, extension: Extension, build: BuildRequest) -> int:
    address = urlsplit(edrone.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=LONGEST)
    body = drone_request.body(build, int(time.time()))
    connection.request("POST", path, body, drone_request.signed_headers(body, SECRET, datetime.now(UTC), accept=extension.accept))
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def measure(edrone: Server, seconds: int, kinds: dict[str, tuple[int, Ask]]) -> None:
    """Ask each kind of question at its constant rate, at the same time; print how long the answers took."""
    lines = dict[str, str]()

    def keep_asking(name: str, rate: int, ask: Ask) -> None:
        taken, wrong = list[float](), list[int]()

        def one(number: int) -> None:
            begun = time.perf_counter()
            if not ask(edrone, number):
                wrong.append(number)
            taken.append((time.perf_counter() - begun) * 1000)

        with ThreadPoolExecutor(SENDERS) as pool:
            begun = time.monotonic()
            for number in range(rate * seconds):
                pool.submit(one, number)
                time.sleep(max(begun + (number + 1) / rate - time.monotonic(), 0))
        ordered = sorted(taken)
        shares = " | ".join(f"{ordered[int(len(ordered) * share)]:.1f}" for share in (0.5, 0.95, 0.99))
        lines[name] = f"| {name} | {len(ordered)} | {shares} | {ordered[-1]:.0f} | {len(wrong) + rate * seconds - len(taken)} |"

    threads = [threading.Thread(target=keep_asking, args=(name, *kind)) for name, kind in kinds.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(lines[name] for name in kinds), flush=True)


if __name__ == "__main__":
    main()
