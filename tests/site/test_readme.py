"""What the README and the settings page say is so: the commands run, the tables are the code's."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.server import ROOT, Server

README = (ROOT / "README.md").read_text()
CHINESE = ROOT / "README.zh.md"
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
SETTINGS_CODE = (ROOT / "edrone_site" / "settings.py").read_text()


def commands(text: str) -> list[str]:
    """Give the lines after a prompt in the console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def settings_table(text: str) -> dict[str, str]:
    """Give variable and default of each row of the settings table."""
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| ", text, re.MULTILINE))


def values(table: dict[str, str]) -> dict[str, list[str]]:
    """Give what is in `code` of each default: it does not depend on the language."""
    return {name: sorted(re.findall(r"`[^`]+`", default)) for name, default in table.items()}


def read_by_the_code() -> list[str]:
    return re.findall(r'(?:value|folder)\("([A-Z_]+)"', SETTINGS_CODE)


def test_the_settings_table_names_every_variable_that_the_code_reads_and_no_other():
    assert sorted(settings_table(SETTINGS)) == sorted(set(read_by_the_code()))


def test_the_decisions_name_every_library_that_edrone_runs_on():
    """In the sentences in bold, which say what was decided."""
    lines = (ROOT / "requirements.in").read_text().splitlines()
    libraries = {re.split(r"[^\w-]", line)[0] for line in lines if not line.startswith("#")}
    libraries -= {"setuptools"}  # which httpsig needs
    decided = " ".join(re.findall(r"^\*\*(.*?)\*\*", (ROOT / "docs" / "decisions.md").read_text(), re.MULTILINE))
    named = re.sub(r"[_-]", "-", decided.lower())
    assert [name for name in sorted(libraries) if not re.search(rf"\b{name.removesuffix('-binary').lower()}\b", named)] == []


def test_the_index_of_the_documents_names_each_once():
    linked = re.findall(r"\]\((\w[\w-]*\.md)[)#]", (ROOT / "docs" / "README.md").read_text())
    there = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert there == set(linked)
    assert len(linked) == len(there)


def test_the_api_page_lists_every_address_that_the_description_has():
    """What starts builds has a table of its own, below `…/builds`; notices.md has what is below subscriptions and channels."""
    described = re.findall(r"^  (/api/\S*):$", (ROOT / "builds" / "rest" / "openapi.yaml").read_text(), re.MULTILINE)
    rows = "".join(re.findall(r"^\|.*$", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE))
    assert described
    for address in (address for address in described if not re.match(r"/api/notices/\w+/", address)):
        written = address.replace("/api/repos/{owner}/{name}", "…")
        assert re.search(rf"[` ]{re.escape(written)}`", rows) or f"`{written.removeprefix('…/builds')}`" in rows, address


def test_the_chinese_settings_table_names_the_same_variables_with_the_same_values():
    chinese = settings_table((ROOT / "docs" / "zh" / "settings.md").read_text())
    assert values(chinese) == values(settings_table(SETTINGS))


@pytest.mark.parametrize("page", [ROOT / "README.md", CHINESE], ids=lambda page: page.name)
def test_the_readme_stays_short_and_has_two_pictures(page: Path):
    text = page.read_text()
    assert len(text.splitlines()) < 150
    assert len(re.findall(r"!\[.+?\]\(docs/images/", text)) == 2


def test_the_readme_shows_five_settings_as_the_settings_page_has_them():
    shown = settings_table(README)
    assert len(shown) == 5
    assert shown.items() <= settings_table(SETTINGS).items()


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("PORT", "8000"),
        ("HOST", "127.0.0.1"),
        ("EDRONE_SHOW_ERRORS", "build"),
        ("EDRONE_DATE_TOLERANCE", "300"),
        ("EDRONE_WORKERS", "2"),
        ("EDRONE_THREADS", "128"),
        ("EDRONE_DATABASE_CONNECTIONS", "8"),
        ("EDRONE_PROJECTS", "projects"),
        ("EDRONE_STATE", "var"),
    ],
)
def test_the_defaults_in_the_table_are_those_of_the_code(name, default):
    assert settings_table(SETTINGS)[name] == f"`{default}`"
    (line,) = [line for line in SETTINGS_CODE.splitlines() if f'"{name}"' in line]
    assert re.search(rf'[" ]{re.escape(default)}"?\)', line)


def sections(text: str) -> list[dict[str, Any]]:
    """Give of each section what does not depend on the language."""
    parts = re.split(r"^(#+) (?!projects/).*$", text, flags=re.MULTILINE)[1:]  # which is what a command prints
    return [skeleton(level, content) for level, content in zip(parts[::2], parts[1::2], strict=True)]


def skeleton(level: str, content: str) -> dict[str, Any]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", content, re.DOTALL | re.MULTILINE)
    words = re.sub(r"```.*?^```$", "", content, flags=re.DOTALL | re.MULTILINE)
    rows = [line.split(" | ") for line in words.splitlines() if line.startswith("|")]
    return {
        "level": level,
        "blocks": [(kind, without_words(kind, code)) for kind, code in blocks],
        "rows": [(len(row), sorted(re.findall(r"`[^`]+`", row[0]))) for row in rows],
        "items": len(re.findall(r"^(?:- |\d\. )", words, re.MULTILINE)),
        "links": sorted(set(re.findall(r"\]\(([^)]+)\)", words.replace("docs/zh/", "docs/"))) - {"README.md", "README.zh.md"}),
        "code": sorted(set(re.findall(r"`[^`]+`", words)) - {"`@`"}),  # «plain» in Chinese is «without `@`»
    }


def without_words(kind: str, code: str) -> str:
    """Leave out what is translated: the labels of the diagram, and the comments in the picture of the tree."""
    return re.sub('".*?"', "", code) if kind == "mermaid" else re.sub(r"   +\S*[\u4e00-\u9fff].*|(?<=[yl/])  +[a-z].*", "", code)


def test_the_chinese_readme_has_the_same_sections_settings_and_commands():
    """Section by section: the blocks, but for their words; tables, items, links, and what is in `code`."""
    chinese = CHINESE.read_text()
    for ours, theirs in zip(sections(README), sections(chinese), strict=True):
        assert ours == theirs
    assert list(settings_table(chinese)) == list(settings_table(README))
    assert commands(chinese) == commands(README)


def test_the_commands_for_a_running_edrone_do_what_the_readme_shows(server: Server):
    shown = [line for line in commands(README) if "showconfig" in line or "askconfig" in line]
    assert len(shown) == 2
    for line in shown:
        words = [word for word in shlex.split(line) if not word.startswith("DRONE_YAML_SECRET=")]
        assert words[:2] == [".venv/bin/python", "manage.py"]
        done = server.manage(*words[2:])
        assert (done.returncode, done.stderr) == (0, "")
        assert "kind: pipeline" in done.stdout
        for expected in re.findall(r"^# projects/.*$", README, re.MULTILINE) if "--explain" in line else ():
            assert expected in done.stdout


OF_OTHERS = {  # of Drone (docs/drone.md), the forge, Django, PostgreSQL, SQLite
    "trigger: cannot find yaml", "dial tcp …: connection refused", 'Post "…/edrone/convert": …', 'Post "…/edrone/validate": …', "no such host", "context deadline exceeded", "301 Moved Permanently",
    "Not Found", "[skip ci]", "[ci skip]", "linter: …", "yaml: …", "x509: certificate signed by unknown authority",
    "Invalid HTTP_HOST header", "PostgreSQL 14 or later is required", "permission denied for table …", "permission denied for schema public", "CONNECTION LIMIT",
    "ALTER DATABASE edrone OWNER TO edrone",
    "no such table: …", "relation … does not exist", "cannot execute … in a read-only transaction", "attempt to write a readonly database",
    "SHOW default_transaction_read_only", "ALTER ROLE edrone RESET default_transaction_read_only",
}  # fmt: skip


@pytest.mark.parametrize(("page", "least"), [("README.md", 2), ("docs/troubleshooting.md", 12)])
def test_the_troubleshooting_quotes_real_messages(page: str, least: int):
    """What is in `code`, has a blank and is neither a command nor another program's message is edrone's: each piece of it is in the code."""
    code = "".join(
        file.read_text()
        for app in ("pipelines", "texts", "drone_api", "web", "configs", "builds", "edrone_site")
        for end in ("py", "html")
        for file in (ROOT / app).rglob(f"*.{end}")
    )
    code = re.sub(r'"\n\s+f?"', "", code)
    whole = (ROOT / page).read_text()
    rows = "".join(re.findall(r"^\|.*$", whole[whole.find("roubleshooting") :], re.MULTILINE))
    quoted = {words for words in re.findall(r"`([^`]+)`", rows) if " " in words} - OF_OTHERS
    messages = {
        words
        for words in quoted
        if not re.match(r"(manage\.py|showconfig|curl|drone|kubectl|proxy_set_header|kind:|event:|X-Forw|EDRONE_)", words)
    }
    assert len(messages) >= least
    for message in messages:
        for piece in re.split(r"…|\d+(?: minutes)?|: edrone: |^edrone: |custom|behind", message.replace("1048576", "…")):
            assert piece.strip(" :") in code, message


def test_every_make_target_explains_itself():
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^\.PHONY: ([\w-]+)$", makefile, re.MULTILINE)
    assert targets
    listed = subprocess.run(["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[0] for line in listed.splitlines()] == targets


def test_an_environment_that_was_left_half_made_is_made_anew(tmp_path):
    for name in ("Makefile", "requirements.txt"):
        (tmp_path / name).symlink_to(ROOT / name)
    python = tmp_path / ".venv" / "bin" / "python"  # `python -m venv` makes it first, and pip last
    python.parent.mkdir(parents=True)
    python.touch()
    command = ["make", "--dry-run", ".venv/run"]
    assert "-m venv .venv" in subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
