"""Values that only the runner reads, with the kind that it needs: it refuses the pipeline where one does not fit.

After the structures of Drone's runners (`engine/resource/pipeline.go` of each); what Drone's server reads too is in `shape`.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Lookup

from pipelines.check.decoder import ListOf, Shape, Single, Struct, is_whole, stored
from pipelines.check.findings import ERROR, Finding, check
from pipelines.check.keys import items
from pipelines.check.server import type_in
from pipelines.check.shape import BYTES, LIMIT, NAMED_TEXTS, NUMBER, PLATFORM, TEXT, TEXTS, VARIABLE, YES_OR_NO
from pipelines.language.nodes import Mapping, Node, Scalar, kind_of, value_of

VALUE = check(
    "runner-value",
    ERROR,
    "a value that only the runner reads, and cannot: a secret in a whole pipeline's `environment`, a word for a size",
)

Keys = Lookup[str, Shape]
# What every runner reads of every document of a file before it looks for its own.
ANY_DOCUMENT: Keys = {"depends_on": TEXTS, "node": NAMED_TEXTS, "concurrency": LIMIT, "platform": PLATFORM}
TRACE: Keys = {"trace": YES_OR_NO}
CLONE: Keys = {"retries": NUMBER, **TRACE}
DOCKER_STEP: Keys = dict.fromkeys(("mem_limit", "memswap_limit", "shm_size"), BYTES)
COMPUTE = Struct(cpu=NUMBER, memory=BYTES)
RESOURCES = Struct(limits=COMPUTE, requests=COMPUTE)
KUBERNETES_STEP: Keys = {"user": NUMBER, "group": NUMBER, "resources": RESOURCES}
INT32 = Single("a number of 32 bits", lambda node: is_whole(node) and -(2**31) <= stored(node) < 2**31)
SOURCE = Struct(name=TEXT, default_mode=INT32, optional=YES_OR_NO)
DEPS: Keys = {"deps": TEXTS}  # read, and used for nothing: the stage's dependencies are the server's
KUBERNETES: Keys = {
    **DEPS,
    "environment": NAMED_TEXTS,
    "resources": RESOURCES,
    "metadata": Struct(namespace=TEXT, annotations=NAMED_TEXTS, labels=NAMED_TEXTS),
    "node_name": TEXT,
    "node_selector": NAMED_TEXTS,
    "service_account_name": TEXT,
    "tolerations": ListOf(Struct(effect=TEXT, key=TEXT, operator=TEXT, value=TEXT, tolerationseconds=NUMBER)),
    "dns_config": Struct(nameservers=TEXTS, searches=TEXTS, options=ListOf(Struct(name=TEXT, value=TEXT))),
    "host_aliases": ListOf(Struct(ip=TEXT, hostnames=TEXTS)),
}
ROOT: Lookup[str, Keys] = {
    "docker": {"environment": NAMED_TEXTS},
    "kubernetes": KUBERNETES,
    "exec": DEPS,
    "ssh": {**DEPS, "server": Struct(**dict.fromkeys(("host", "user", "password", "ssh_key"), VARIABLE))},
    "digitalocean": {**DEPS, "token": VARIABLE, "server": Struct(**dict.fromkeys(("image", "region", "size", "user"), TEXT))},
    "macstadium": {**DEPS, "environment": NAMED_TEXTS, "settings": Struct(image=TEXT, cpu=NUMBER)},
}
# In the items of a list, and in the map `clone`.
WITHIN: Lookup[str, Lookup[str, Keys]] = {
    "docker": {"clone": CLONE, "steps": DOCKER_STEP, "services": DOCKER_STEP},
    "kubernetes": {
        "clone": CLONE,
        "steps": KUBERNETES_STEP,
        "services": KUBERNETES_STEP,
        "volumes": {"claim": Struct(name=TEXT, read_only=YES_OR_NO), "config_map": SOURCE, "secret": SOURCE},
    },
    **{kind: {"clone": TRACE} for kind in ("exec", "ssh", "digitalocean", "macstadium")},
}


def values(root: Mapping) -> Iterator[Finding]:
    """Yield the values of a pipeline that its runner cannot read."""
    kind = type_in(root)
    yield from unfit(root, kind)
    if kind == "kubernetes":
        yield from limits(root)


def beside_pipelines(root: Mapping) -> Iterator[Finding]:
    """Yield the values of another document that the runners of the pipelines in its file cannot read."""
    yield from unreadable(root, ANY_DOCUMENT)


def unfit(root: Mapping, kind: str) -> Iterator[Finding]:
    """Yield the values that do not fit into the structures of the runner of a type."""
    yield from unreadable(root, ROOT.get(kind, {}))
    for part, known in WITHIN.get(kind, {}).items():
        section = value_of(root, part)
        for mapping in [section] if isinstance(section, Mapping) else items(root, part):
            yield from unreadable(mapping, known)


def unreadable(mapping: Mapping, known: Keys) -> Iterator[Finding]:
    for key, value in mapping.pairs if known else ():
        shape = known.get(key.value) if isinstance(key, Scalar) else None
        for node, needed in shape.wrong(value) if shape else ():
            yield VALUE.at(node.place, f"the runner needs {needed} here, and is given {kind_of(node)}; it refuses the pipeline.")


def limits(root: Mapping) -> Iterator[Finding]:
    """Yield limits of a whole kubernetes pipeline, which may only request."""
    for key in ("cpu", "memory"):
        value = at(root, "resources", "limits", key)
        if isinstance(value, Scalar) and stored(value):
            yield VALUE.at(value.place, f"the runner refuses a limit of {key} for a whole pipeline; write it to the steps.")


def at(node: Node | None, *keys: str) -> Node | None:
    """Return what stands under keys that are within one another."""
    for key in keys:
        node = value_of(node, key) if isinstance(node, Mapping) else None
    return node
