"""Volumes: what the runners of docker and kubernetes pipelines refuse of them, or pass over without a word."""

import posixpath
from collections.abc import Iterator

from pipelines.check.findings import ERROR, WARNING, Finding, check
from pipelines.check.keys import items
from pipelines.check.runner import NEED_IMAGES
from pipelines.check.server import kind_in, type_in
from pipelines.check.shape import key_place
from pipelines.language.nodes import Mapping, Sequence, is_null, text_of, value_of

REFUSED = check(
    "refused-volume",
    ERROR,
    "a volume that is empty, without a name or with one of the runner's own, or mounted below `/run/drone`",
)
UNKNOWN = check("unknown-volume", WARNING, "a step mounts a volume that the pipeline does not have, so nothing is mounted")

OWN = {
    "docker": frozenset({"workspace", "_workspace", "_docker_socket"}),
    "kubernetes": frozenset({"workspace", "_workspace", "_docker_socket", "_status"}),
}
OWN_OF_PIPELINES = {**OWN, "kubernetes": OWN["kubernetes"] | {"_addons"}}  # a step may mount that one


def volumes(root: Mapping) -> Iterator[Finding]:
    """Yield what is wrong with the volumes of a pipeline."""
    kind = type_in(root)
    if kind_in(root) != "pipeline" or kind not in NEED_IMAGES:
        return
    steps = [*items(root, "services"), *items(root, "steps")]
    for mapping in (root, *steps):
        yield from empty_items(mapping)
    known: set[str] = set()
    for volume in items(root, "volumes"):
        name = text_of(value_of(volume, "name"))
        known.add(name)
        if not name:
            yield REFUSED.at(volume.place, "the volume has no name; the runner refuses the pipeline.")
        yield from own_name(volume, name, OWN_OF_PIPELINES[kind])
    for step in steps:
        for mount in items(step, "volumes"):
            name = text_of(value_of(mount, "name"))
            if name in OWN[kind]:
                yield from own_name(mount, name, OWN[kind])
            elif name not in known:
                yield UNKNOWN.at(key_place(mount, "name").place, f'the pipeline has no volume "{name}": nothing is mounted.')
            if posixpath.normpath(text_of(value_of(mount, "path"))).startswith(("/run/drone", "//run/drone")):
                yield REFUSED.at(key_place(mount, "path").place, "the runner lets nothing be mounted below /run/drone.")


def empty_items(mapping: Mapping) -> Iterator[Finding]:
    """Yield items of `volumes` that hold nothing, by which the runner crashes."""
    listed = value_of(mapping, "volumes")
    for item in listed.items if isinstance(listed, Sequence) else ():
        if is_null(item):
            yield REFUSED.at(item.place, "an item of volumes is empty, by which the runner crashes; remove it.")


def own_name(volume: Mapping, name: str, own: frozenset[str]) -> Iterator[Finding]:
    """Refuse a name that the runner reserves."""
    if name in own:
        yield REFUSED.at(key_place(volume, "name").place, f'the runner keeps the name "{name}" for itself; rename the volume.')
