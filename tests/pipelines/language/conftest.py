from dataclasses import dataclass

import pytest

from pipelines.language.compose import Composed, compose


@dataclass
class Folder:
    """A tree in memory."""

    texts: dict[str, str]

    def text(self, path):
        return self.texts.get(path)

    def paths_near(self, _):
        return list(self.texts)


def composed_from(top: str, **texts: str) -> Composed:
    """Compose a file top.yaml; texts name other files without their ending, __ stands for a slash."""
    files = {f"{name.replace('__', '/')}.yaml": text for name, text in texts.items()}
    return compose("top.yaml", top, Folder({"top.yaml": top, **files}))


@pytest.fixture(scope="session")
def composed():
    return composed_from
