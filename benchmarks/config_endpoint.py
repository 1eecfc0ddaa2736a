"""How fast is the configuration endpoint? `make bench`.

Side by side, in one run: edrone as `make run` starts it; a DRF view that answers a constant under the same server; and,
where Go is installed, the plugin that a user would write on Drone's own SDK instead (goplugin/). One server runs at a time.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Measured, bodies, load, program
from benchmarks.trees import make_tree

ROOT = Path(__file__).parent.parent
SECRET = "bea26a2221fd8090ea38720fc445eca6"  # noqa: S105 - of this benchmark
PORT = 8199
AS_EDRONE = ["--workers", "2", "--blocking-threads", "128"]
SIZES = (20, 10_000)  # projects in the tree
CONNECTIONS = (1, 16)
SECONDS = 8  # a run
ROUNDS = 3  # the best of so many counts: whatever else the machine does only makes a run slower


@dataclass(frozen=True)
class Contender:
    """A server to measure."""

    name: str
    command: list[str]
    path: str
    environment: dict[str, str]


def contenders(tree: Path, folder: Path) -> list[Contender]:
    """List who runs: the three servers, on one tree."""
    granian = [
        "granian",
        "--interface",
        "wsgi",
        "--workers",
        "2",
        "--blocking-threads",
        "128",
        "--log-level",
        "error",
        "--port",
        str(PORT),
    ]
    found = [
        Contender(
            "edrone",
            [sys.executable, "-m", "edrone_site.run"],
            "/edrone",
            {"PORT": str(PORT), "EDRONE_PROJECTS": str(tree), "EDRONE_STATE": str(folder / "var"), "DRONE_YAML_SECRET": SECRET},
        ),
        Contender(
            "constant DRF view",
            [str(Path(sys.executable).parent / granian[0]), *granian[1:], "benchmarks.constant:application"],
            "/edrone",
            {},
        ),
    ]
    if go := shutil.which("go"):
        plugin = folder / "goplugin"
        if not plugin.exists():
            subprocess.run([go, "build", "-o", plugin, "."], cwd=ROOT / "benchmarks" / "goplugin", check=True)
        address = {"PLUGIN_ADDRESS": f"127.0.0.1:{PORT}", "PLUGIN_SECRET": SECRET, "PLUGIN_PROJECTS": str(tree)}
        found.append(Contender("Go plugin", [str(plugin)], "/", address))
    return found


@contextmanager
def running(contender: Contender) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server, wait until it listens, and end it."""
    process = subprocess.Popen(
        contender.command, cwd=ROOT, env=os.environ | contender.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=2)
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(70)


def resident(process: int) -> float:
    """Give the memory of the largest process among one and its children, in MB."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    sizes = []
    for child in [str(process), *children]:
        status = Path(f"/proc/{child}/status").read_text()
        sizes.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)
    return max(sizes)


def main() -> None:
    """Measure and print the tables."""
    program("wrk")
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}; {time.strftime('%Y-%m-%d')}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in SIZES:
            tree = make_tree(folder / f"tree-{size}", size)
            results: dict[tuple[str, int], list[Measured]] = {}
            memory: dict[str, float] = {}
            servers = contenders(tree, folder)
            for _ in range(ROUNDS):
                for contender in servers:
                    with running(contender) as process:
                        url = f"http://127.0.0.1:{PORT}{contender.path}"
                        load(url, SECRET, bodies(size), 16, 2)  # warm up
                        for connections in CONNECTIONS:
                            measured = load(url, SECRET, bodies(size), connections, SECONDS)
                            results.setdefault((contender.name, connections), []).append(measured)
                        memory[contender.name] = resident(process.pid)
            print_table(size, results, memory)


def print_table(size: int, results: dict[tuple[str, int], list[Measured]], memory: dict[str, float]) -> None:
    """Print the best round of each as a table in Markdown."""
    best = {key: max(rounds, key=lambda measured: measured.rate) for key, rounds in results.items()}
    print(f"| {size:,} projects | connections | requests/s | p50 ms | p99 ms | of the constant view | resident MB |")
    print("|---|---|---|---|---|---|---|")
    for (name, connections), measured in best.items():
        share = measured.rate / best["constant DRF view", connections].rate
        numbers = f"{measured.rate:,.0f} | {measured.p50:.2f} | {measured.p99:.2f} | {share:.2f} | {memory[name]:.0f}"
        print(f"| {name} | {connections} | {numbers} |")
    print()


if __name__ == "__main__":
    main()
