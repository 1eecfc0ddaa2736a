"""The translation has every text of the code and the templates, and no other: GNU gettext extracts them anew."""

import os
import shutil
import subprocess

from babel.messages.pofile import read_po

from tests.server import ROOT

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "tests", "__pycache__")


def texts(folder):
    with (folder / "web/locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as file:
        return {(message.context, message.id) for message in read_po(file, locale="zh_Hans") if message.id}


def test_make_messages_finds_nothing_new_and_nothing_gone(tmp_path):
    copy = tmp_path / "edrone"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    variables = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(["make", "--assume-old=.venv/dev", "messages"], cwd=copy, env=variables, check=True, capture_output=True)
    assert texts(copy) == texts(ROOT), "run `make messages`, and translate what is new"
