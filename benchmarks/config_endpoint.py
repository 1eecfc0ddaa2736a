"""How fast is the configuration endpoint? `make bench`.

Side by side, in one run, one server at a time: edrone as `make run` starts it; a DRF view that answers a constant under the
same server, once as an address of edrone's site and once bare; and, where Go is installed, the plugin that a user would write
on Drone's own SDK instead (goplugin/).
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
IN_SITE, BARE = "constant view in the site", "constant view, bare"
SIZES = (20, 10_000)  # projects in the tree
CONNECTIONS = (1, 16)
SECONDS = 5  # a run
AT_REST = 61  # seconds after which a tree is believed at once, as one is that nobody changed a minute ago
ROUNDS = 2  # the better of so many counts: whatever else the machine does only makes a run slower


@dataclass(frozen=True)
class Contender:
    """A server to measure."""

    name: str
    command: list[str]
    path: str
    environment: dict[str, str]


def contenders(tree: Path, folder: Path) -> list[Contender]:
    """List who runs, all on one tree."""
    edrone = {"PORT": str(PORT), "EDRONE_PROJECTS": str(tree), "EDRONE_STATE": str(folder / "var"), "DRONE_YAML_SECRET": SECRET}
    granian = [str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--log-level", "error", "--port", str(PORT)]
    constant = [*granian, "--workers", "2", "--blocking-threads", "128", "benchmarks.constant:application"]
    servers = [
        Contender("edrone", [sys.executable, "-m", "edrone_site.run"], "/edrone", edrone),
        Contender(IN_SITE, constant, "/constant", edrone | {"CONSTANT": "site", "SECRET_KEY": "x" * 40}),
        Contender(BARE, constant, "/constant", {"CONSTANT": "bare"}),
    ]
    if go := shutil.which("go"):
        plugin = folder / "goplugin"
        if not plugin.exists():
            subprocess.run([go, "build", "-o", plugin, "."], cwd=ROOT / "benchmarks" / "goplugin", check=True)
        address = {"PLUGIN_ADDRESS": f"127.0.0.1:{PORT}", "PLUGIN_SECRET": SECRET, "PLUGIN_PROJECTS": str(tree)}
        servers.append(Contender("Go plugin", [str(plugin)], "/", address))
    return servers


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


def private(process: int) -> int:
    """Give the private memory of the largest worker, in MB: what it takes alone, and what it shares with none (USS)."""
    sizes = []
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    workers = [child for child in children if b"sendnotices" not in Path(f"/proc/{child}/cmdline").read_bytes()]
    for child in workers or [str(process)]:
        lines = Path(f"/proc/{child}/smaps_rollup").read_text().splitlines()
        sizes.append(sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024)
    return round(max(sizes))


def main() -> None:
    program("wrk")
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}; {time.strftime('%Y-%m-%d')}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in SIZES:
            tree = make_tree(folder / f"tree-{size}", size)
            time.sleep(AT_REST)
            results: dict[tuple[str, int], list[Measured]] = {}
            memory: dict[str, str] = {}
            servers = contenders(tree, folder)
            for _ in range(ROUNDS):
                for contender in servers:
                    with running(contender) as process:
                        url = f"http://127.0.0.1:{PORT}{contender.path}"
                        at_rest = private(process.pid)
                        load(url, SECRET, bodies(size), 16, 2)  # warm up
                        for connections in CONNECTIONS:
                            measured = load(url, SECRET, bodies(size), connections, SECONDS)
                            results.setdefault((contender.name, connections), []).append(measured)
                        memory[contender.name] = f"{at_rest}, {private(process.pid)}"
            print_table(size, results, memory)


def print_table(size: int, results: dict[tuple[str, int], list[Measured]], memory: dict[str, str]) -> None:
    """Print the best round of each as a table in Markdown."""
    best = {key: max(rounds, key=lambda measured: measured.rate) for key, rounds in results.items()}
    columns = "connections | requests/s | of the view in the site | of the bare view | p50, p99 ms | private MB at rest, after"
    print(f"| {size:,} projects | {columns} |")
    print("|---|---|---|---|---|---|---|")
    for (name, connections), measured in best.items():
        in_site, bare = (f"{measured.rate / best[base, connections].rate:.2f}" for base in (IN_SITE, BARE))
        row = (name, connections, f"{measured.rate:,.0f}", in_site, bare, f"{measured.p50:.2f}, {measured.p99:.1f}", memory[name])
        print(f"| {' | '.join(map(str, row))} |")
    print()


if __name__ == "__main__":
    main()
