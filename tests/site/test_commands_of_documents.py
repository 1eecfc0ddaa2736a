"""Every `manage.py …` that a document names is a command, and every option that it shows one of this command."""

import re
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests.server import ROOT

DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "compose.yaml", *(ROOT / "chart").glob("*.md")]
SHOWN = re.compile(r"manage\.py (?P<name>[a-z_]+)(?P<rest>(?: [^\s`|;&)]+)*)")
COMMANDS = sorted(
    {(found["name"], option, path.relative_to(ROOT)) for path in DOCUMENTS for found in SHOWN.finditer(path.read_text())
     for option in ["", *re.findall(r" (--?[a-z][a-z-]*)", found["rest"])]}
)  # fmt: skip


@cache
def options_of(name: str) -> set[str]:
    app = get_commands()[name]
    command = load_command_class(app, name) if isinstance(app, str) else app
    parser = command.create_parser("manage.py", name)
    return {option for action in parser._actions for option in action.option_strings}  # noqa: SLF001 - argparse has no other way


@pytest.mark.parametrize(("name", "option", "document"), COMMANDS)
def test_a_command_of_a_document_is_there_with_its_option(name: str, option: str, document: Path):
    assert not option or option in options_of(name)
    assert name in get_commands()
