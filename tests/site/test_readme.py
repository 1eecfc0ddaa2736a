"""What the README and the settings page say is so: the commands run, the tables are the code's."""

import re
import shlex
import subprocess
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


def test_the_chinese_settings_table_names_the_same_variables_with_the_same_values():
    chinese = settings_table((ROOT / "docs" / "zh" / "settings.md").read_text())
    assert values(chinese) == values(settings_table(SETTINGS))


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


def test_every_file_that_the_readme_links_to_is_there():
    for page in (ROOT / "README.md", CHINESE, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


OF_OTHERS = {  # of Drone (docs/drone.md), the forge, Django, PostgreSQL, SQLite
    "trigger: cannot find yaml", "dial tcp …: connection refused", "no such host", "context deadline exceeded", "301 Moved Permanently",
    "Not Found", "[skip ci]", "[ci skip]", "linter: …", "yaml: …", "x509: certificate signed by unknown authority",
    "Invalid HTTP_HOST header", "permission denied for table …", "CONNECTION LIMIT",
    "no such table: …", "relation … does not exist", "cannot execute … in a read-only transaction", "attempt to write a readonly database",
    "SHOW default_transaction_read_only", "ALTER ROLE edrone RESET default_transaction_read_only",
}  # fmt: skip


@pytest.mark.parametrize(("page", "least"), [("README.md", 2), ("docs/troubleshooting.md", 12)])
def test_the_troubleshooting_quotes_real_messages(page: str, least: int):
    """What is in `code`, has a blank and is neither a command nor another program's message is edrone's: each piece of it is in the code."""
    code = "".join(
        file.read_text()
        for app in ("pipelines", "texts", "drone_api", "web", "configs", "builds", "edrone_site")
        for file in (ROOT / app).rglob("*.py")
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
