"""Sentences in English that pages can translate. Pure."""

from collections.abc import Callable
from typing import Any, Self


class Sentence(str):
    """An English text that remembers its form and what it was filled with.

    Wherever it is written (logs, tables, answers to machines) it is the English text; only `translated` looks behind it.
    """

    __slots__ = ("filled", "form")
    form: str  # with %(name)s where values belong; this is what is translated
    # Values by name: texts and numbers, other sentences, tuples of them (one after the other), lists of words.
    filled: dict[str, Any]

    def __new__(cls, form: str, /, **filled: Any) -> Self:
        sentence = super().__new__(cls, written(form, filled, str))
        sentence.form, sentence.filled = form, filled
        return sentence

    def as_json(self) -> dict[str, Any]:
        """Return what JSON can hold, to be read by `of_json`."""
        return {"form": self.form, "filled": {name: json_of(value) for name, value in self.filled.items()}}


def translated(text: Any, translate: Callable[[str], str]) -> str:
    """Translate a text as far as it is made of sentences; any other value is written as it is."""
    if isinstance(text, Sentence):
        return written(text.form, text.filled, translate)
    if isinstance(text, tuple):
        return translate("; ").join(translated(part, translate) for part in text)
    if isinstance(text, list):
        return translate(", ").join(map(str, text))
    return str(text)


def written(form: str, filled: dict[str, Any], translate: Callable[[str], str]) -> str:
    """Translate a form and fill it; without values a per cent sign means itself."""
    form = translate(form)
    return form % {name: translated(value, translate) for name, value in filled.items()} if filled else form


def json_of(value: Any) -> Any:
    """Return a value of a sentence as JSON can hold it."""
    if isinstance(value, Sentence):
        return value.as_json()
    if isinstance(value, list):
        return {"words": value}
    return [json_of(part) for part in value] if isinstance(value, tuple) else value


def of_json(value: Any) -> Any:
    """Return the value that `json_of` wrote as JSON."""
    if isinstance(value, dict) and "words" in value:
        return value["words"]
    if isinstance(value, dict):
        return Sentence(value["form"], **{name: of_json(part) for name, part in value["filled"].items()})
    return tuple(of_json(part) for part in value) if isinstance(value, list) else value
