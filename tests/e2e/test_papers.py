"""Every block of commands in the README and in docs/api.md is typed as it stands, in a fresh clone, beside a stand-in for Drone."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from demo.standin.drone import TOKEN, standing_in
from demo.standin.yaml_source import YamlSource
from tests import drones
from tests.e2e.running import answers
from tests.server import ROOT, clean_environment, free_port

README, API = "README.md", "docs/api.md"
BLOCKS = [
    (page, number, language, text)
    for page in (README, API)
    for number, (language, text) in enumerate(
        re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    )
]
NOT_TYPED = {
    "projects/\n": "a picture of a tree",
    "flowchart ": "a diagram",
}
SECRET = "a-secret-of-the-papers"
PASSWORD = "a-long-password-of-the-papers"
INSTALLING = 300.0  # seconds


@dataclass
class Desk:
    """A clone with edrone running in it, and what a reader has in their shell."""

    folder: Path
    environment: dict[str, str]

    def type(self, commands: str, **environment: str) -> str:
        """Run commands as a shell reads them; each must succeed."""
        done = subprocess.run(
            ["sh", "-euc", commands], cwd=self.folder, env=self.environment | environment,
            capture_output=True, text=True, check=False, timeout=INSTALLING,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def running(self, command: str, port: int, **environment: str) -> Iterator[None]:
        """Type a command that goes on until Ctrl-C, and wait until edrone answers."""
        output = self.folder.parent / f"output-of-the-papers-{port}"
        with output.open("w") as log:
            process = subprocess.Popen(
                ["sh", "-c", f"exec {command}"], cwd=self.folder, env=self.environment | environment, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            end = time.monotonic() + INSTALLING
            while not answers(f"http://127.0.0.1:{port}"):
                assert process.poll() is None, output.read_text()
                assert time.monotonic() < end, output.read_text()
                time.sleep(0.1)
            yield
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(70)


@pytest.fixture(scope="module")
def desk(clone: Path, cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Run the README's first command, and prepare what its text says that one has: a user, tokens, Drone's command line."""
    home, port = tmp_path_factory.mktemp("home"), free_port()
    (home / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    (home / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.com\n[safe]\ndirectory = *\n")
    url = f"http://127.0.0.1:{port}"
    with standing_in(drones.recorded_sqlite(home / "drone.sqlite"), YamlSource(f"{url}/edrone", SECRET), seconds=0.05) as (
        drone,
        _,
    ):
        passed = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
        environment = clean_environment(
            **passed, HOME=str(home), PATH=f"{cli.parent}:{os.environ['PATH']}", PORT=str(port), DRONE_YAML_SECRET=SECRET,
            DRONE_SERVER=drone.url, DRONE_TOKEN=TOKEN, DRONE_DATABASE_URL=f"sqlite:///{home}/drone.sqlite", EDRONE=url,
            EDRONE_STATE=str(home / "var"),
        )  # fmt: skip
        made = Desk(clone, environment)
        (first,) = commands_of(block(README, "$ make run"))
        with made.running(first, port):
            made.type("git init --quiet; git add --all; git commit --quiet --message tree --allow-empty")
            shell = "from django.contrib.auth.models import User; User.objects.create_user('ada')"
            made.type(f'.venv/bin/python manage.py shell --command "{shell}"')
            environment["TOKEN"] = made.type(".venv/bin/python manage.py createtoken admin").strip()
            made.type('curl -X POST -H "Authorization: Bearer $TOKEN" "$EDRONE/api/repos/ismewen/edrone/builds?branch=develop"')
            yield made


def block(page: str, start: str) -> str:
    """Give the one block that begins so."""
    (found,) = [str(text) for where, _, _, text in BLOCKS if where == page and text.startswith(start)]
    return found


def commands_of(text: str) -> list[str]:
    """Give the commands of a block, those that go on over several lines as one."""
    joined = text.replace("\\\n", "")
    return [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ ")]


def test_every_block_is_typed_or_has_a_reason_why_not():
    """The tests below type those of the languages console and python, and serve the two examples of a tree."""
    for page, _, language, text in BLOCKS:
        tested = language in {"console", "python"} or text == "kind: repository\n" or "extends:" in text
        reasons = [reason for start, reason in NOT_TYPED.items() if text.startswith(start)]
        assert len(reasons) == (0 if tested else 1), f"{page}: {text}"


TYPED = [
    pytest.param(text, id=f"{page}-{number}")
    for page, number, language, text in BLOCKS
    if language == "console" and "make run" not in text and "createsuperuser" not in text
]


@pytest.mark.parametrize("text", TYPED)
def test_a_block_of_commands_can_be_typed(text: str, desk: Desk):
    """Placeholders are replaced by what `make run` printed; nothing else is. What a block shows is what comes."""
    typed = [line.replace("DRONE_YAML_SECRET=…", f"DRONE_YAML_SECRET={SECRET}") for line in commands_of(text)]
    here = {"DRONE_SERVER": desk.environment["EDRONE"], "DRONE_TOKEN": desk.environment["TOKEN"]}
    of_edrones_api = {} if any("manage.py" in line for line in typed) else here
    printed = desk.type("\n".join(line for line in typed if not line.startswith("export ")), **of_edrones_api)
    for shown in (line for line in text.splitlines() if not line.startswith(("$ ", " "))):
        assert shown in printed
    assert printed


def test_what_the_posts_of_the_readme_start_is_there(desk: Desk):
    printed = desk.type("\n".join(commands_of(block(README, "$ curl -X POST"))))
    started, promoted = (json.loads(line) for line in printed.replace("}{", "}\n{").splitlines())
    assert (started["action"], started["params"]["TARGET"]) == ("check", "staging")
    assert (promoted["event"], promoted["deploy_to"]) == ("promote", "production")


def test_the_python_example_goes_through_all_pages(desk: Desk):
    (program,) = [text for _, _, language, text in BLOCKS if language == "python"]
    (desk.folder / "var").mkdir(exist_ok=True)
    (desk.folder / "var" / "example.py").write_text(program)
    here = {"DRONE_SERVER": desk.environment["EDRONE"], "DRONE_TOKEN": desk.environment["TOKEN"]}
    assert "ismewen/edrone 12 By hand" in desk.type(".venv/bin/python var/example.py", **here).splitlines()
    everything = program.replace("status=failure&since=2026-11-01", "per_page=3")
    (desk.folder / "var" / "example.py").write_text(everything)
    lines = desk.type(".venv/bin/python var/example.py", **here).splitlines()
    assert len([line for line in lines if line.startswith("ismewen/edrone ")]) >= 20


@pytest.mark.parametrize("page", [README, "README.zh.md"])
def test_the_examples_of_yaml_serve(page: str, desk: Desk, tmp_path: Path):
    shutil.copytree(ROOT / "projects" / "_shared", tmp_path / "_shared")
    extending, kept = re.findall(r"```yaml\n(kind: repository\n|steps:\n.*?)```", (ROOT / page).read_text(), re.DOTALL)
    (tmp_path / "default.yaml").write_text(kept)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "default.yaml").write_text(f"kind: pipeline\nname: shop\n{extending}")
    served = desk.type(".venv/bin/python manage.py showconfig company/shop", EDRONE_PROJECTS=str(tmp_path))
    assert "repo: company/shop" in served
    assert "image: plugins/docker" in served
    desk.type(".venv/bin/python manage.py checkprojects", EDRONE_PROJECTS=str(tmp_path))


def test_the_commands_for_production_lead_to_a_server(desk: Desk, tmp_path: Path):
    """The clone's .venv is there already, so that nothing is fetched anew."""
    *installing, migrating, person, serving = commands_of(block(README, "$ python3 -m venv"))
    settings = {
        "SECRET_KEY": "papers-" * 6, "DRONE_YAML_SECRET": SECRET, "DATABASE_URL": f"sqlite:///{tmp_path}/production.sqlite3",
        "HOST": "0.0.0.0", "EDRONE_PROJECTS": "projects", "PORT": str(free_port()), "EDRONE_STATE": str(tmp_path),
    }  # fmt: skip
    desk.type("\n".join([*installing, migrating]), **settings)
    asked = {"Username": "ann", "Email": "ann@example.com", "Password:": PASSWORD, "again": PASSWORD}
    assert "Superuser created" in answered(person, desk, asked, settings)
    with desk.running(serving, int(settings["PORT"]), **settings):
        url = f"http://127.0.0.1:{settings['PORT']}"
        assert requests.get(f"{url}/readyz", timeout=60).ok
        assert "kind: pipeline" in desk.type(".venv/bin/python manage.py askconfig ismewen/edrone", **settings)
        session = requests.Session()
        page = session.get(f"{url}/admin/", timeout=60)
        form = {"username": "ann", "password": PASSWORD, "csrfmiddlewaretoken": session.cookies["csrftoken"]}
        assert "Welcome" in session.post(page.url, form, headers={"Referer": page.url}, timeout=60).text


def answered(command: str, desk: Desk, asked: dict[str, str], settings: dict[str, str]) -> str:
    """Type a command in a terminal, and answer each of its questions when it comes."""
    process, terminal = pty.fork()
    if not process:
        os.chdir(desk.folder)
        os.execvpe("sh", ["sh", "-c", command], desk.environment | settings)
    seen, left = "", list(asked.items())
    while True:
        try:
            seen += os.read(terminal, 4096).decode()
        except OSError:  # the terminal's other end is closed
            break
        if left and left[0][0] in seen.rpartition("\n")[2]:
            os.write(terminal, left.pop(0)[1].encode() + b"\n")
    assert os.waitpid(process, 0)[1] == 0, seen
    return seen
