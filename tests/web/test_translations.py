"""Everything that the pages say is there in Chinese too. Whether the file has every text of the code: tests/e2e/test_translations.py."""

import gettext
import re

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.server import ROOT

FOLDER = ROOT / "web" / "locale" / "zh_Hans" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]")


def catalog() -> Catalog:
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file, locale="zh_Hans")


def texts(message: Message) -> tuple[str, str]:
    """The plural of the English text, and the Chinese one: Chinese has one form for all numbers."""
    english = message.id[-1] if isinstance(message.id, tuple | list) else message.id
    chinese = message.string[0] if isinstance(message.string, tuple | list) else message.string
    return str(english), str(chinese)


def test_every_text_is_translated():
    untranslated = [message.id for message in catalog() if message.id and (message.fuzzy or not texts(message)[1])]
    assert not untranslated


def test_translations_keep_the_placeholders():
    for message in catalog():
        english, chinese = texts(message)
        if english:
            assert sorted(PLACEHOLDER.findall(chinese)) == sorted(PLACEHOLDER.findall(english)), english


def test_the_compiled_file_is_that_of_the_translation():
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalog():
        english, chinese = texts(message)
        if message.id:
            if isinstance(message.id, tuple | list):  # singular and plural; older Pythons find such only by both
                found = (
                    compiled.npgettext(message.context, message.id[0], english, 2)
                    if message.context
                    else compiled.ngettext(message.id[0], english, 2)
                )
            else:
                found = compiled.pgettext(message.context, english) if message.context else compiled.gettext(english)
            assert found == chinese, "run `make messages`"
