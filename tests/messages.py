"""The texts of the pages and their translation: `make messages` brings web/locale up to date.

GNU gettext is not needed, and nothing is to be compiled where edrone runs: the .mo file is in the repository.
"""

import ast
import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.template.base import Node
from django.template.engine import Engine
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

ROOT = Path(__file__).parent.parent
APPS = ("builds", "configs", "demo", "drone_api", "edrone_site", "pipelines", "texts", "web")
LOCALE = "zh_Hans"
FOLDER = ROOT / "web" / "locale" / LOCALE / "LC_MESSAGES"
CALLS = {"_", "translate", "gettext", "gettext_lazy", "gettext_noop", "Sentence"}
CALLS_WITH_CONTEXT = {"pgettext", "pgettext_lazy"}
CALLS_WITH_NUMBER = {"ngettext", "ngettext_lazy"}
OF_DJANGO = [  # what the administration shows of Django's own and Django has not translated
    ("", "Model name", ""),
    ("", "Add link", ""),
    ("", "Change or view list link", ""),
    (
        "",
        "After you\N{RIGHT SINGLE QUOTATION MARK}ve created a user, you\N{RIGHT SINGLE QUOTATION MARK}ll be able to edit more user options.",
        "",
    ),
    ("", "Error:", ""),
    ("", "group", ""),
    ("", "groups", ""),
    ("", "Select %s to view", ""),
    ("", "Forgotten your login credentials?", ""),
    ("", "In case you\N{RIGHT SINGLE QUOTATION MARK}ve forgotten, you are:", ""),
    (
        "",
        "This password is too short. It must contain at least %d character.",
        "This password is too short. It must contain at least %d characters.",
    ),
]
Message = tuple[str, str, str]  # context, text, plural


def messages() -> dict[Message, str]:
    """Find every text that is to be translated, and the file that has it."""
    found = dict.fromkeys(OF_DJANGO, "django")
    for app in APPS:
        for file in sorted((ROOT / app).rglob("*.py")):
            for message in in_python(file.read_text()):
                found.setdefault(message, str(file.relative_to(ROOT)))
        for file in sorted((ROOT / app).rglob("templates/**/*.html")):
            for message in in_template(file.read_text()):
                found.setdefault(message, str(file.relative_to(ROOT)))
    return found


def in_python(source: str) -> Iterator[Message]:
    """Find the literal texts of gettext's functions."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        texts = [
            argument.value for argument in node.args if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        if name in CALLS and len(texts) == 1:
            yield "", texts[0], ""
        elif name in CALLS_WITH_CONTEXT and len(texts) == 2:
            yield texts[0], texts[1], ""
        elif name in CALLS_WITH_NUMBER and len(texts) == 2:
            yield "", texts[0], texts[1]


def in_template(source: str) -> Iterator[Message]:
    """Find the texts of `translate` and `blocktranslate`."""
    template = Engine.get_default().from_string(source)
    for node in nodes(template.nodelist):
        if isinstance(node, TranslateNode):
            yield "", str(node.filter_expression.var.literal), ""
        elif isinstance(node, BlockTranslateNode):
            plural = node.render_token_list(node.plural)[0] if node.plural else ""
            yield "", node.render_token_list(node.singular)[0], plural


def nodes(found: list[Node]) -> Iterator[Node]:
    """Give all nodes of a template, those of blocks and branches included."""
    for node in found:
        yield node
        for name in getattr(node, "child_nodelists", ()):
            yield from nodes(getattr(node, name, None) or [])


def translated() -> Catalog:
    """Read the translation."""
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file, locale=LOCALE)


def compiled(catalog: Catalog) -> bytes:
    """Compile a translation."""
    binary = io.BytesIO()
    write_mo(binary, catalog)
    return binary.getvalue()


def update() -> None:
    """Add new texts to the translation, take away those that are gone, and compile it."""
    kept = translated() if (FOLDER / "django.po").exists() else Catalog(locale=LOCALE)
    catalog = Catalog(locale=LOCALE, project="edrone", charset="utf-8", fuzzy=False)
    for (context, text, plural), file in sorted(messages().items(), key=lambda item: (item[1], item[0])):
        before = kept.get(text, context or None)
        translation = before.string if before else ("",) if plural else ""
        catalog.add((text, plural) if plural else text, translation, locations=[(file, 0)], context=context or None)
    FOLDER.mkdir(parents=True, exist_ok=True)
    catalog.creation_date = catalog.revision_date = datetime(2026, 11, 24, tzinfo=UTC)  # the file changes with its texts only
    with (FOLDER / "django.po").open("wb") as target:
        write_po(target, catalog, width=120, include_lineno=False)
    (FOLDER / "django.mo").write_bytes(compiled(translated()))


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    update()
