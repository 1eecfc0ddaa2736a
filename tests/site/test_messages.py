"""Everything that the pages say is there in Chinese too."""

import re

import pytest
from django.template import engines

from tests.messages import FOLDER, compiled, in_python, in_template, messages, translated

PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]")


def test_every_text_is_translated_and_nothing_else():
    assert {(one.context or "", one.id[0] if isinstance(one.id, tuple) else one.id) for one in translated() if one.id} == {
        (context, text) for context, text, _plural in messages()
    }, "run `make messages`, and translate what is new"
    for one in translated():
        if one.id:
            strings = one.string if isinstance(one.string, tuple) else (one.string,)
            assert all(strings), f"not translated: {one.id}"
            assert not one.fuzzy, one.id


def test_translations_keep_the_placeholders():
    for one in translated():
        if one.id:
            plural = str(one.id[-1] if isinstance(one.id, tuple) else one.id)
            string = str(one.string[0] if isinstance(one.string, tuple) else one.string)
            assert sorted(PLACEHOLDER.findall(string)) == sorted(PLACEHOLDER.findall(plural)), one.id


def test_the_compiled_file_is_that_of_the_translation():
    assert (FOLDER / "django.mo").read_bytes() == compiled(translated()), "run `make messages`"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{% load i18n %}{% translate "Yes" %}', ("", "Yes", "")),
        ("{% load i18n %}{% if x %}{% blocktranslate %}a {{ b }}{% endblocktranslate %}{% endif %}", ("", "a %(b)s", "")),
        (
            "{% load i18n %}{% blocktranslate count c=x trimmed %}\n one\n{% plural %}\n {{ c }} more\n{% endblocktranslate %}",
            ("", "one", "%(c)s more"),
        ),
    ],
)
def test_texts_of_templates_are_found(source, expected):
    assert list(in_template(source)) == [expected]
    assert engines["django"].from_string(source)


def test_texts_of_python_are_found():
    assert list(in_python('_("a"); pgettext_lazy("status", "b"); ngettext("c", "cs", n); other("d")')) == [
        ("", "a", ""),
        ("status", "b", ""),
        ("", "c", "cs"),
    ]
