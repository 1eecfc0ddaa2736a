"""What is to be shared, written into the tree, or as a patch."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from difflib import unified_diff
from pathlib import Path

from pipelines.importing.sharing import Sharing, TreeChanged
from texts.differences import ended, lines_of

ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def write(sharing: Sharing, root: Path) -> None:
    """Write the files: the new ones first, so that nothing ever extends what is not there yet; each whole or not at all.

    Raises:
        TreeChanged: a file is not as it was read.
        OSError: with the file that could not be written; a second run goes on.
    """
    for path, text in sharing.after.items():
        before = sharing.before.get(path)
        if before is not None and (root / path).read_bytes() != before.encode():
            raise TreeChanged(f"projects/{path} was changed meanwhile; run the command again.")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        put(root / path, text, is_new=before is None)


def put(path: Path, text: str, *, is_new: bool) -> None:
    mode = 0o644 if is_new else path.stat().st_mode & 0o7777
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".share-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            os.fchmod(file.fileno(), mode)
        if is_new:
            os.link(temporary, path)  # fails where something is there by now
        else:
            os.replace(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def patch(sharing: Sharing, folder: str) -> Iterator[str]:
    """Yield the lines of a patch, each with its end, as `git apply` and `patch -p1` take it.

    Args:
        sharing: what is to be written.
        folder: of the tree, from where the patch is applied; empty for the tree itself.
    """
    for path, text in sharing.after.items():
        shown = f"{folder}/{path}" if folder else path
        before = sharing.before.get(path)
        yield f"diff --git {named(f'a/{shown}')} {named(f'b/{shown}')}\n"
        if before is None:
            yield "new file mode 100644\n"
        yield from changes(shown, before, text)


def changes(path: str, before: str | None, text: str) -> Iterator[str]:
    """Return the changed lines of one file; `before` is None where there is none."""
    tab = "\t" if " " in path else ""  # without which `patch` takes a blank for the end of the name
    names = ("/dev/null" if before is None else named(f"a/{path}") + tab, named(f"b/{path}") + tab)
    return map(ended, unified_diff(lines_of(before or ""), lines_of(text), *names))


def named(path: str) -> str:
    """Write a path as git does, which quotes what is odd."""
    if any(character in ESCAPES for character in path):
        return '"' + "".join(ESCAPES.get(character, character) for character in path) + '"'
    return path
