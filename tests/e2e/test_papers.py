"""Every block of commands of the documents is typed as it stands, in a fresh clone, beside a stand-in for Drone."""

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
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from demo.standin.drone import TOKEN, standing_in
from demo.standin.yaml_source import YamlSource
from tests import drones
from tests.documents import TYPED_BY, Block, blocks_of, documents
from tests.e2e.running import answers
from tests.server import ROOT, clean_environment, free_port

README, API = "README.md", "docs/api.md"
BLOCKS = [block for page in documents() for block in blocks_of(page)]
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
        (first,) = the(README, "$ make run").commands
        with made.running(first, port):
            made.type("git init --quiet; git add --all; git commit --quiet --message tree --allow-empty")
            shell = "from django.contrib.auth.models import User; User.objects.create_user('ada')"
            made.type(f'.venv/bin/python manage.py shell --command "{shell}"')
            group = "from django.contrib.auth.models import Group; Group.objects.create(name='devs')"
            made.type(f'.venv/bin/python manage.py shell --command "{group}"')
            environment["TOKEN"] = made.type(".venv/bin/python manage.py createtoken admin").strip()
            made.type('curl -X POST -H "Authorization: Bearer $TOKEN" "$EDRONE/api/repos/ismewen/edrone/builds?branch=develop"')
            yield made


def the(page: str, start: str) -> Block:
    """Give the one block that begins so."""
    (found,) = [block for block in BLOCKS if block.page == page and block.text.startswith(start)]
    return found


def test_every_block_is_typed_or_has_a_reason_why_not():
    """The tests below type those of the languages console and python, and serve the two examples of a tree."""
    for block in (block for block in BLOCKS if block.page in {README, API}):
        tested = block.language in {"console", "python"} or block.text == "kind: repository\n" or "extends:" in block.text
        reasons = [reason for start, reason in NOT_TYPED.items() if block.text.startswith(start)]
        assert len(reasons) == (0 if tested else 1), f"{block.page}: {block.text}"


TYPED_BELOW = ("docs/people.md", "docs/freezes.md")  # they ask for a password, and name numbers that edrone gives
TYPED = [
    pytest.param(block, id=f"{block.page}-{block.number}")
    for block in BLOCKS
    if block.has_commands and not block.reason and block.page not in {*TYPED_BY, *TYPED_BELOW}
    and "make run" not in block.text and "createsuperuser" not in block.text
]  # fmt: skip


def as_typed(command: str) -> str:
    """Replace what a reader replaces: addresses, secrets, and the number of a build that edrone served."""
    command = re.sub(r"^manage\.py", ".venv/bin/python manage.py", command)
    command = command.replace("https://edrone.example.com", "$EDRONE").replace(
        "DRONE_YAML_SECRET=…", f"DRONE_YAML_SECRET={SECRET}"
    )
    return command.replace("--build 12", "--build 21").replace("--diff 11", "--diff 21")


@pytest.mark.parametrize("block", TYPED)
def test_a_block_of_commands_can_be_typed(block: Block, desk: Desk):
    """What a block shows is what comes."""
    typed = [as_typed(command) for command in block.commands]
    of_the_server = {"SECRET_KEY": (Path(desk.environment["EDRONE_STATE"]) / "secret_key").read_text()}
    settings = of_the_server if block.page == "docs/running.md" else {}
    printed = desk.type("\n".join(line for line in typed if not line.startswith("export ")), **settings)
    for shown in (
        line for line in block.text.splitlines() if block.language == "console" and not line.startswith(("$ ", " ", "…"))
    ):
        assert shown in printed
    assert printed


def test_the_commands_about_people_make_and_take_away_what_they_say(desk: Desk, tmp_path: Path):
    """In a database of their own, as they make the users that they name."""
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/people.sqlite3",
        "EDRONE_STATE": str(tmp_path),
        "SECRET_KEY": "papers-" * 6,
    }
    group = "from django.contrib.auth.models import Group; Group.objects.create(name='devs')"
    desk.type(f'.venv/bin/python manage.py migrate\n.venv/bin/python manage.py shell --command "{group}"', **settings)
    (desk.folder / "password").write_text(f"{PASSWORD}\n")
    commands = the("docs/people.md", "$ .venv/bin/python manage.py adduser").commands
    asked = {"Password": PASSWORD, "again": PASSWORD}
    assert answered(commands[0], desk, asked, settings)
    token = desk.type("\n".join(commands[1:]), **settings).splitlines()[-1]
    left = "from django.contrib.auth.models import User; from builds.models import ApiToken, Grant; "
    count = "print(User.objects.count(), Grant.objects.count(), ApiToken.objects.count())"
    assert desk.type(f'.venv/bin/python manage.py shell --verbosity 0 --command "{left}{count}"', **settings).split() == [
        "3",
        "0",
        "1",
    ]
    assert token.startswith("edrone_")


def test_the_commands_about_freezes_make_and_lift_them(desk: Desk):
    """The example's day is put into the future, and its number is the one that edrone gave."""
    day = f"{datetime.now(UTC).year + 1}-12-24"
    by_command, by_rest = (
        [as_typed(re.sub(r"\d{4}-12-24", day, command)) for command in block.commands]
        for block in BLOCKS if block.page == "docs/freezes.md" and block.has_commands
    )  # fmt: skip
    make, shown, lift = by_command
    desk.type(make)
    (number,) = re.findall(r"^#(\d+) shop/\*: production\b", desk.type(shown), re.MULTILINE)
    desk.type(lift.replace(" 12", f" {number}"))
    assert "shop/*" not in desk.type(shown)

    every, post, delete = by_rest
    made = json.loads(desk.type(post))
    assert [freeze["id"] for freeze in json.loads(desk.type(every))] == [made["id"]]
    desk.type(delete.replace("/12", f"/{made['id']}"))
    assert json.loads(desk.type(every)) == []


def test_what_the_posts_of_the_readme_start_is_there(desk: Desk):
    printed = desk.type("\n".join(the(README, "$ curl -X POST").commands))
    started, promoted = (json.loads(line) for line in printed.replace("}{", "}\n{").splitlines())
    assert (started["action"], started["params"]["TARGET"]) == ("check", "staging")
    assert (promoted["event"], promoted["deploy_to"]) == ("promote", "production")


def test_the_python_example_goes_through_all_pages(desk: Desk):
    (program,) = [block.text for block in BLOCKS if block.language == "python" and "while url" in block.text]
    (desk.folder / "var").mkdir(exist_ok=True)
    (desk.folder / "var" / "example.py").write_text(program)
    assert "ismewen/edrone 12 By hand" in desk.type(".venv/bin/python var/example.py").splitlines()
    everything = program.replace("status=failure&since=2026-11-01", "per_page=3")
    (desk.folder / "var" / "example.py").write_text(everything)
    lines = desk.type(".venv/bin/python var/example.py").splitlines()
    assert len([line for line in lines if line.startswith("ismewen/edrone ")]) >= 20


def test_the_python_example_follows_a_log_and_ends_with_the_result(desk: Desk):
    (program,) = [block.text for block in BLOCKS if block.language == "python" and "sys.exit" in block.text]
    (desk.folder / "var").mkdir(exist_ok=True)
    (desk.folder / "var" / "follow.py").write_text(program)
    assert desk.type(".venv/bin/python var/follow.py").splitlines()


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
    *installing, migrating, person, serving = the(README, "$ python3 -m venv").commands
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
        assert "Red now" in session.post(page.url, form, headers={"Referer": page.url}, timeout=60).text


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
