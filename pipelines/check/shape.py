"""Which kind of value each key of a document needs: what Drone's server cannot put into its own structures, it refuses.

After the structures of Drone's YAML library.
"""

from collections.abc import Iterator

from pipelines.check.decoder import (
    CONDITION,
    PARAMETER,
    TRUTH,
    ListOf,
    MapOf,
    Single,
    Struct,
    either,
    is_number,
    is_read,
    is_size,
    is_whole,
)
from pipelines.check.documents import LONGEST_QUOTE
from pipelines.check.findings import ERROR, Finding, check
from pipelines.language.merge_keys import CONDITION_KEYS
from pipelines.language.nodes import Mapping, Node, Scalar, Sequence, identity, kind_of, text_of

WRONG_VALUE = check("wrong-value", ERROR, "a value of a kind that Drone cannot read there: text for a list, a word for a number")

TEXT = Single("text")
YES_OR_NO = Single("true or false", lambda node: is_read(node) and node.value in TRUTH)
NUMBER = Single("a number", is_whole)
BYTES = Single("a size like 512MiB", is_size)
TEXTS, NAMED_TEXTS = ListOf(TEXT), MapOf(TEXT)
VARIABLE = either(TEXT, Struct(value=TEXT, from_secret=TEXT))
LIMIT = Struct(limit=NUMBER)
PLATFORM = Struct(os=TEXT, arch=TEXT, variant=TEXT, version=TEXT)
CONDITIONS = Struct(matrix=NAMED_TEXTS, **dict.fromkeys(CONDITION_KEYS, CONDITION))
COMPUTE = Struct(cpu=Single("a number", is_number), memory=BYTES)
MOUNTS = ListOf(Struct(name=TEXT, path=TEXT))
STEP = Struct(
    build=either(TEXT, Struct(args=NAMED_TEXTS, cache_from=TEXTS, context=TEXT, dockerfile=TEXT, image=TEXT, labels=NAMED_TEXTS)),
    command=TEXTS, commands=TEXTS, detach=YES_OR_NO, depends_on=TEXTS, devices=MOUNTS, dns=TEXTS, dns_search=TEXTS,
    entrypoint=TEXTS, environment=MapOf(VARIABLE), extra_hosts=TEXTS, failure=TEXT, image=TEXT, network_mode=TEXT, name=TEXT,
    ports=ListOf(either(NUMBER, Struct(port=NUMBER, host=NUMBER, protocol=TEXT))), privileged=YES_OR_NO, pull=TEXT,
    push=either(TEXT, Struct(image=TEXT)), resources=Struct(limits=COMPUTE, requests=COMPUTE), settings=MapOf(PARAMETER),
    shell=TEXT, user=TEXT, volumes=MOUNTS, when=CONDITIONS, working_dir=TEXT,
)  # fmt: skip
RAW = {"version": TEXT, "kind": TEXT, "type": TEXT}
PIPELINE = Struct(
    **RAW, name=TEXT, clone=Struct(disable=YES_OR_NO, depth=NUMBER, skip_verify=YES_OR_NO), concurrency=LIMIT,
    depends_on=TEXTS, node=NAMED_TEXTS, platform=PLATFORM, image_pull_secrets=TEXTS,
    services=ListOf(STEP), steps=ListOf(STEP), trigger=CONDITIONS,
    volumes=ListOf(Struct(name=TEXT, temp=Struct(medium=TEXT, size_limit=BYTES), host=Struct(path=TEXT))),
    workspace=Struct(base=TEXT, path=TEXT),
)  # fmt: skip
OTHERS = {
    "cron": Struct(**RAW, name=TEXT, spec=Struct(schedule=TEXT, branch=TEXT, deployment=Struct(target=TEXT))),
    "secret": Struct(**RAW, name=TEXT, data=TEXT, get=Struct(path=TEXT, name=TEXT, key=TEXT)),
    "registry": Struct(**RAW, data=NAMED_TEXTS),
    "signature": Struct(**RAW, hmac=TEXT),
}


def wrong_values(kind: str, root: Node) -> Iterator[Finding]:
    """Yield the values of a document that Drone's server cannot read."""
    for node, needed in OTHERS.get(kind, PIPELINE).wrong(root):
        what = f'"{node.value}"' if isinstance(node, Scalar) and len(node.value) <= LONGEST_QUOTE else kind_of(node)
        yield WRONG_VALUE.at(node.place, f"{what} stands where Drone's server needs {needed}; it would refuse the whole file.")


def texts_of(node: Node | None) -> list[tuple[Node, str]]:
    """Return the items of a list of texts, each with its node."""
    return [(item, text_of(item)) for item in node.items] if isinstance(node, Sequence) else []


def is_true(node: Node | None) -> bool:
    """Return whether Drone's decoder reads a value as true."""
    return (
        isinstance(node, Scalar)
        and is_read(node)
        and node.value in TRUTH
        and node.value[0] in "yYtToO"
        and node.value[1:2] not in {"f", "F"}
    )


def key_place(mapping: Mapping, name: str) -> Node:
    """Return a key to point at; the map itself if it lacks the key."""
    return next((key for key, _ in mapping.pairs if identity(key) == name), mapping)
