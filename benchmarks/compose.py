"""What sharing steps costs: a pipeline of three documents from five files, beside a plain file that says the same.

python -m benchmarks.compose prints the table of docs/performance.md.
"""

import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import django
from django.conf import settings

from configs.client.drone_request import body, signed_headers
from pipelines.build_request import BuildRequest
from pipelines.resolve import from_file
from pipelines.resolve.resolve import resolve
from pipelines.tree import cache
from pipelines.tree.tree import Tree

SHARED = {
    "test": "name: test\nimage: python:3.13\ncommands:\n- make lint\n- make test\n",
    "docker": "name: docker\nimage: plugins/docker\nsettings:\n  tags:\n  - ${DRONE_COMMIT_SHA}\n"
    "  username:\n    from_secret: docker_username\n  password:\n    from_secret: docker_password\n",
    "helm": "name: helm\nimage: bitsbeats/drone-helm3\nsettings:\n  kube_api_server:\n    from_secret: k8s_api_server\n"
    "  kube_token:\n    from_secret: k8s_token\n  chart: ./chart\n  namespace: default\n"
    "  values: image.tag=${DRONE_COMMIT_SHA}\n",
    "pipeline": "kind: pipeline\ntype: docker\nplatform:\n  os: linux\n  arch: amd64\ntrigger:\n  event: [push, custom]\n",
}
DOCUMENT = "extends: _shared/pipeline.yaml\nname: {name}\n{needs}steps:\n- extends: _shared/{step}.yaml\n{changes}"
TOP = "---\n".join(
    [
        DOCUMENT.format(name="test", needs="", step="test", changes=""),
        DOCUMENT.format(
            name="image", needs="depends_on: [test]\n", step="docker", changes="  settings: {repo: a/b, tags+: [latest]}\n"
        ),
        DOCUMENT.format(name="deploy", needs="depends_on: [image]\n", step="helm", changes="  settings: {release: edrone}\n"),
    ]
)
ROUNDS, CALLS = 15, 200


def main() -> None:
    """Measure, the three kinds in turn, and print the medians."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edrone_site.settings")
    os.environ.setdefault("DRONE_YAML_SECRET", "benchmark-benchmark-benchmark-benchmark")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "projects"
        write(root)
        os.environ["EDRONE_PROJECTS"] = str(root)
        django.setup()
        composed, plain = request("composed"), request("plain")
        write_plain(root, resolve(composed, tree(root)).yaml or "")
        time.sleep(cache.SETTLED / 1e9 + 0.1)  # what changed just now is not kept

        def cold(build: BuildRequest) -> Callable[[], object]:
            def run() -> object:
                from_file.cache = cache.Cache()
                return resolve(build, tree(root))

            return run

        kinds: dict[str, Callable[[], object]] = {
            "plain file, resolved cold": cold(plain),
            "composed, resolved cold": cold(composed),
            "plain file, resolved warm": lambda: resolve(plain, tree(root)),
            "composed, resolved warm": lambda: resolve(composed, tree(root)),
            "plain file, whole answer warm": whole_answer(plain),
            "composed, whole answer warm": whole_answer(composed),
        }
        times: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(ROUNDS):
            for name, run in kinds.items():
                times[name].append(seconds(run))
        print(f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}\n")
        print("| | median ms | best ms |\n|---|---|---|")
        for name, measured in times.items():
            print(f"| {name} | {median(measured) * 1000:.3f} | {min(measured) * 1000:.3f} |")
        for what in ("resolved", "whole answer"):
            pair = [median(times[f"{kind}, {what} warm"]) for kind in ("composed", "plain file")]
            print(f"\nwarm, {what}: composed takes {pair[0] / pair[1]:.2f} of a plain file")


def write(root: Path) -> None:
    for name, text in SHARED.items():
        file = root / "_shared" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (root / "edrone").mkdir()
    (root / "edrone" / "composed.yaml").write_text(TOP)


def write_plain(root: Path, text: str) -> None:
    """Write what was composed as a plain file."""
    (root / "edrone" / "plain.yaml").write_text(text)


def request(branch: str) -> BuildRequest:
    return BuildRequest("ismewen", "edrone", "push", f"refs/heads/{branch}", branch)


def tree(root: Path) -> Tree:
    """Open the tree, as each answer does."""
    return Tree(root)


def whole_answer(build: BuildRequest) -> Callable[[], object]:
    """Give a function that asks the endpoint in this process, with signature, log line and JSON."""
    import logging  # noqa: PLC0415
    from datetime import UTC, datetime  # noqa: PLC0415

    from django.test import RequestFactory  # noqa: PLC0415

    from configs.endpoint.views import ConfigurationView  # noqa: PLC0415

    logging.disable(logging.CRITICAL)
    view, content = ConfigurationView.as_view(), body(build, created=1)
    headers = signed_headers(content, settings.DRONE_YAML_SECRETS[0], datetime.now(UTC))
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    kind = environ.pop("HTTP_CONTENT_TYPE", "application/json")
    factory = RequestFactory()

    def ask() -> object:
        answer = view(factory.generic("POST", "/edrone", content, content_type=kind, **environ))  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.content  # noqa: S101, PLR2004
        return answer

    return ask


def seconds(run: Callable[[], object]) -> float:
    """Time one call, as the mean of many."""
    started = time.perf_counter()
    for _ in range(CALLS):
        run()
    return (time.perf_counter() - started) / CALLS


if __name__ == "__main__":
    main()
