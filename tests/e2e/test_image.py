"""The Dockerfile, built and run without a container engine: buildah, on a base made here from Debian packages."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edrone_site.granian_server import SECONDS_TO_START
from tests.e2e.running import SECRET, SETTINGS, Server, SlowRequest, manage, serving
from tests.server import ROOT, wait_until

BASE_PACKAGES = "python3,python3-venv,ca-certificates"
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
# The image as a container engine would run it with --read-only: nothing but its volume can be written.
RUN = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && mount -t proc proc "$1/proc" && mount --bind /dev "$1/dev"
mount --bind "$2" "$1/var/lib/edrone"
shift_root=$1; shift 2
exec chroot --userspec=10001:10001 "$shift_root" /bin/sh -c 'cd /app && exec "$@"' sh "$@"
"""


class Buildah:
    """buildah with a store of its own, which needs neither a daemon nor a kernel's overlay."""

    def __init__(self, store: Path) -> None:
        self.options = ["--root", f"{store}/root", "--runroot", f"{store}/run", "--storage-driver", "vfs"]

    def __call__(self, command: str, *arguments: object) -> str:
        line = ["buildah", *self.options, *command.split(), *map(str, arguments)]
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=900)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    for program in ("buildah", "mmdebstrap"):
        assert shutil.which(program), f"{program} is missing: apt-get install {program}"
    store = tmp_path_factory.mktemp("buildah")
    run = Buildah(store)
    yield run
    run("umount --all")
    run("rm --all")
    shutil.rmtree(store, ignore_errors=True)


@pytest.fixture(scope="module")
def image(buildah: Buildah, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the image; gives the folder at which its files can be seen."""
    folder = tmp_path_factory.mktemp("base")
    release = next(line for line in Path("/etc/os-release").read_text().splitlines() if line.startswith("VERSION_CODENAME="))
    base_files = f"{folder}/base.tar"
    command = ["mmdebstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", release.partition("=")[2], base_files]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    base = buildah("from scratch")
    buildah("add --quiet", base, base_files, "/")
    # How this machine reaches its package index is the base's business, never the Dockerfile's.
    if CA_BUNDLE.exists():
        buildah("copy --quiet", base, CA_BUNDLE, CA_BUNDLE)
    pip = folder / "pip.conf"
    pip.write_text("[global]\n" + "\n".join(sorted(pip_settings())))
    buildah("copy --quiet", base, pip, "/etc/pip.conf")
    buildah("commit --quiet --rm", base, "localhost/base")
    options = "bud --quiet --isolation chroot --network host --format docker --build-arg BASE=localhost/base"
    buildah(f"{options} --tag edrone", ROOT)
    return Path(buildah("mount", buildah("from localhost/edrone")))


def pip_settings() -> set[str]:
    """Read how pip reaches its index from here."""
    lines = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=True).stdout.splitlines()
    named = (line.partition(".")[2].partition("=") for line in lines)
    return {f"{key} = {value.strip(chr(39))}" for key, _, value in named if key in {"cert", "index-url", "proxy"}}


@pytest.fixture(scope="module")
def configuration(buildah: Buildah, image: Path) -> dict[str, object]:
    assert image.exists()
    found: dict[str, object] = json.loads(buildah("inspect --type image", "localhost/edrone"))["Docker"]["config"]
    return found


@pytest.fixture
def command(image: Path, configuration: dict[str, list[str]], tmp_path: Path) -> list[str]:
    """The image's own command, on a read-only root file system, as the image's own user."""
    state = tmp_path / "state"
    state.mkdir()
    shutil.chown(state, 10001, 10001)
    line = ["unshare", "--mount", "sh", "-ec", RUN, "sh", str(image), str(state)]
    return [*line, *configuration["Entrypoint"], *configuration["Cmd"]]


@pytest.fixture
def server(command: list[str], configuration: dict[str, list[str]], tmp_path: Path) -> Iterator[Server]:
    environment = dict(line.split("=", 1) for line in configuration["Env"])
    del environment["PORT"]  # taken by others, perhaps
    with serving(tmp_path / "outside", command=command, **environment) as running:
        yield running


def test_it_runs_as_a_user_without_rights_and_is_stopped_by_sigterm(configuration: dict[str, object]):
    assert configuration["User"] == "10001:10001"
    assert configuration["StopSignal"] == "SIGTERM"
    assert configuration["Cmd"] == ["serve"]


def test_it_holds_no_compiler_no_pip_and_nothing_that_is_not_needed_to_run(image: Path):
    names = {path.name for folder in ("usr/bin", "usr/local/bin", "opt/edrone/bin") for path in (image / folder).glob("*")}
    assert "python3" in names
    assert not names & {"cc", "gcc", "g++", "c++", "clang", "ld", "make", "cargo"}
    assert not (image / "opt/edrone/bin/pip").exists()
    assert {path.name for path in (image / "app").iterdir()} == {
        "manage.py", "builds", "configs", "demo", "drone_api", "edrone_site", "pipelines", "projects", "texts", "web",
        "requirements.txt", "__pycache__",
    }  # fmt: skip


def test_what_edrone_adds_to_its_base_is_small(image: Path):
    added = sum(path.lstat().st_size for folder in ("app", "opt/edrone") for path in (image / folder).rglob("*"))
    # 24 MB of it are django-allauth and cryptography, for signing in, and 18 MB Apprise, for notices.
    assert added < 185_000_000, f"{added} bytes"


def test_it_answers_askconfig_on_a_read_only_root_file_system(server: Server):
    served = manage("askconfig", "ismewen/edrone", "master", "--url", f"{server.url}/edrone")
    assert served.stdout.encode() == (ROOT / "tests/sample/edrone/master.yaml").read_bytes(), served.stderr
    assert server.get("/readyz?exclude=database").ok  # nothing was migrated
    assert 'edrone_config_requests_total{outcome="served"} 1.0' in server.get("/metrics").text


def test_its_own_askconfig_needs_the_secret_and_no_more_as_the_test_of_the_chart_has_it(server: Server, command: list[str]):
    line = [*command[:-1], "askconfig", "ismewen/edrone", "master", f"--url={server.url}/edrone"]
    environment = {"PATH": SETTINGS["PATH"], "DRONE_YAML_SECRET": SECRET}
    done = subprocess.run(line, env=environment, capture_output=True, check=False, timeout=60)
    assert done.stdout == (ROOT / "tests/sample/edrone/master.yaml").read_bytes(), done.stderr


def test_its_health_check_tells_up_from_down(server: Server, image: Path, configuration: dict[str, dict[str, list[str]]]):
    kind, *check = configuration["Healthcheck"]["Test"]
    assert kind == "CMD"
    in_image = ["chroot", "--userspec=10001:10001", str(image), *check]
    environment = {"PORT": str(server.port), "PATH": SETTINGS["PATH"]}
    assert subprocess.run(in_image, env=environment, capture_output=True, check=False).returncode == 0
    assert server.stop() == 0
    assert subprocess.run(in_image, env=environment, capture_output=True, check=False).returncode != 0


def test_sigterm_lets_a_running_request_finish(server: Server):
    time.sleep(SECONDS_TO_START)  # younger workers are told to end more than once, and then drop what they do
    request = SlowRequest(server.port)
    wait_until(lambda: server.get("/healthz").ok, "the server took the request before this one")
    server.process.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        server.process.wait(2)
    assert request.finish().startswith(b"HTTP/1.1 200")
    assert server.process.wait(20) == 0


def test_migrations_run_by_command(command: list[str], tmp_path: Path):
    environment = {"PATH": SETTINGS["PATH"], "EDRONE_STATE": "/var/lib/edrone"}
    line = [*command[:-1], "migrate", "--skip-checks"]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "state/edrone.sqlite3").stat().st_uid == 10001


def test_without_its_secret_it_refuses_to_start_with_one_sentence(command: list[str]):
    environment = {"PATH": SETTINGS["PATH"], "SECRET_KEY": SETTINGS["SECRET_KEY"]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "DRONE_YAML_SECRET" in done.stderr
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr
