"""What a shared step is called: by what it does. Pure."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pipelines.language.nodes import Mapping, Scalar, text_of, value_of
from pipelines.language.nodes import Sequence as ListNode

WORD = re.compile(r"[^\W_]+")
FILLING = frozenset({"a", "an", "and", "for", "in", "of", "on", "step", "the", "to", "with"})
LONGEST = 60  # characters
MOST_WORDS = 3  # of a command


def shared_path(steps: Sequence[Mapping], shared: Mapping, taken: set[str]) -> str:
    """Return a path for what steps have in common, and add it to the `taken` ones (which are in small letters).

    It is called by the image and by the words that most of the steps have in their names; what that does not tell apart from
    other files, by the command, and last by a number.
    """
    words = words_of(image_name(steps[0]))
    words += [word for word in names_of(steps) if word not in words]
    name = "-".join(words)[:LONGEST].strip("-") or "step"
    more = "-".join([*words, *(word for word in command_of(shared) if word not in words)])[:LONGEST].strip("-")
    path = next(path for path in paths(name, more or name) if not {path, f"{path.removesuffix('.yaml')}.yml"} & taken)
    taken.add(path)
    return path


def paths(name: str, more: str) -> Iterator[str]:
    """Yield paths, the best first."""
    yield f"_shared/{name}.yaml"
    yield f"_shared/{more}.yaml"
    number = 2
    while True:
        yield f"_shared/{more}-{number}.yaml"
        number += 1


def words_of(text: str) -> list[str]:
    """Return the words of a text that say something, each once; numbers alone say nothing."""
    words = (word.lower() for word in WORD.findall(text))
    return list(dict.fromkeys(word for word in words if not word.isdigit() and word not in FILLING))


def image_name(step: Mapping) -> str:
    """Return the last part of an image, without its tag."""
    image = text_of(value_of(step, "image")).partition("@")[0].rpartition("/")[2]
    return re.sub(r"\$\{.*", "", image).partition(":")[0]


def names_of(steps: Sequence[Mapping]) -> list[str]:
    """Return the words that more than half of the steps have in their names."""
    names = [words_of(text_of(value_of(step, "name"))) for step in steps]
    frequency = Counter(word for words in names for word in words)
    return [word for word, count in frequency.items() if count * 2 > len(steps)]


def command_of(shared: Mapping) -> list[str]:
    """Return the first words of the first command."""
    commands = value_of(shared, "commands")
    first = commands.items[0] if isinstance(commands, ListNode) and commands.items else None
    return words_of(first.value)[:MOST_WORDS] if isinstance(first, Scalar) else []
