"""Resolved configurations as rows, and back."""

import hashlib
from collections.abc import Sequence

import msgspec

from configs.records.identity import digest
from configs.records.models import ConfigFile, ConfigText
from pipelines.language.nodes import Place
from pipelines.language.origins import Origin
from pipelines.resolve.resolve import Resolved


def packed(resolved: Resolved) -> tuple[ConfigFile, ConfigText | None]:
    """Return the rows for a resolved configuration; equal ones get equal rows."""
    text, hash_ = None, None
    if resolved.yaml is not None:
        content = resolved.yaml.encode()
        hash_ = hashlib.sha256(content).hexdigest()
        text = ConfigText(hash=hash_, content=content)
    origins = pack(resolved.origins)
    mark = digest([hash_, resolved.path, resolved.sources, origins.decode()], b"")
    sources = list(resolved.sources)
    return ConfigFile(digest=mark, path=resolved.path, sources=sources, origins=origins, text_id=hash_), text


def unpacked(file: ConfigFile) -> Resolved:
    return Resolved(file.text.yaml if file.text else None, file.path, tuple(file.sources), unpack(bytes(file.origins)))


def pack(origins: Sequence[Origin]) -> bytes:
    """Write origins shortly: the paths once each, then six numbers for each origin, as JSON."""
    if not origins:
        return b""
    paths: dict[str, int] = {}
    numbers = [
        (line, column, int(group), paths.setdefault(place.path, len(paths)), place.line, place.column)
        for line, column, group, place in origins
    ]
    return msgspec.json.encode([list(paths), numbers])


def unpack(content: bytes) -> tuple[Origin, ...]:
    if not content:
        return ()
    paths, numbers = msgspec.json.decode(content)
    return tuple(
        Origin(line, column, bool(group), Place(paths[path], at_line, at_column))
        for line, column, group, path, at_line, at_column in numbers
    )
