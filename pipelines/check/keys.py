"""The keys that Drone and its runners know. Others are passed over without a word, so they are warned of.

After the structures of Drone's YAML library and of its runners; a key that any version knew is known.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Lookup
from itertools import chain

from pipelines.check.documents import shown
from pipelines.check.findings import WARNING, Finding, check
from pipelines.check.patterns import listed, unmatched
from pipelines.check.server import kind_in, type_in
from pipelines.events import EVENTS
from pipelines.language.nodes import Mapping, Node, Place, Scalar, Sequence, is_null, text_of, value_of
from texts.suggestions import nearest

UNKNOWN_KEY = check("unknown-key", WARNING, "a key that neither Drone nor the runner of this type knows, and therefore ignores")
UNKNOWN_TYPE = check("unknown-type", WARNING, "a pipeline type that looks like a misspelt one: no runner would take it")
UNKNOWN_EVENT = check("unknown-event", WARNING, "an event in a condition that no build has")
NO_LIST = check("no-list", WARNING, "`include` or `exclude` of a condition with what is no list: Drone passes over it")

NEAR = 0.75  # likeness from which a word may have been meant


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PIPELINE = words("version kind type name clone concurrency depends_on node platform trigger steps workspace environment")
CONTAINERS = words("services volumes image_pull_secrets")
STEP = words("name commands depends_on detach environment failure shell when")
CONTAINER = STEP | words("command entrypoint image privileged pull settings user volumes working_dir")
DOCKER = CONTAINER | words(
    "build devices dns dns_search extra_hosts mem_limit memswap_limit network_mode ports push resources shm_size"
)
PIPELINES = {
    "docker": PIPELINE | CONTAINERS,
    "kubernetes": PIPELINE
    | CONTAINERS
    | words("resources metadata node_name node_selector service_account_name tolerations dns_config host_aliases"),
    "exec": PIPELINE,
    "ssh": PIPELINE | words("server"),
    "digitalocean": PIPELINE | words("server token"),
    "macstadium": PIPELINE | words("settings"),
    "aws": PIPELINE | CONTAINERS | words("pool account instance"),
    "vm": PIPELINE | CONTAINERS | words("pool account instance server token"),
}
STEPS = {
    "docker": DOCKER,
    "kubernetes": CONTAINER | words("resources resource group ports"),
    "exec": STEP,
    "ssh": STEP,
    "digitalocean": STEP,
    "macstadium": STEP | words("working_dir"),
    "aws": DOCKER | words("port_bindings"),
    "vm": DOCKER | words("port_bindings"),
}
CONDITIONS = words("action branch cron event instance paths ref repo status target matrix")
WITHIN = {
    "clone": words("disable depth retries skip_verify trace"),
    "concurrency": words("limit"),
    "platform": words("os arch variant version"),
    "workspace": words("base path"),
    "trigger": CONDITIONS,
}
VOLUME = words("name temp host claim config_map secret")
IN_VOLUMES = {
    "temp": words("id name medium size_limit labels"),
    "host": words("id name path labels read_only"),
    "claim": words("name read_only"),
}
RAW = words("version kind type name")
RESOURCES = {
    "cron": RAW | words("spec"),
    "secret": RAW | words("data get external_data"),
    "registry": RAW | words("data"),
    "signature": RAW | words("hmac"),
}
IN_RESOURCES = {"spec": words("schedule branch deployment"), "get": words("path name key")}
EXTENDING = words("extends")
MOUNT = words("name path sub_path")
VARIABLE = words("value from_secret")
CONDITION = words("include exclude")


def keys(root: Mapping) -> Iterator[Finding]:
    """Yield the keys of a document that Drone and the runner ignore."""
    kind, name = kind_in(root), type_in(root)
    if kind in RESOURCES:
        yield from within(without_anchors(root, RESOURCES[kind]), RESOURCES[kind], f"documents of kind {kind}", IN_RESOURCES)
    if kind != "pipeline":
        return
    known = PIPELINES.get(name)
    if known is None:
        if near := nearest(name, PIPELINES, NEAR):
            yield UNKNOWN_TYPE.at(
                value_of(root, "type").place,  # type: ignore[union-attr]  # an unknown type is written somewhere
                f'no runner takes the type "{name}"; did you mean "{near}"?',
            )
        return
    yield from within(without_anchors(root, known), known, f"{name} pipelines", WITHIN)
    yield from conditions(value_of(root, "trigger"))
    for volume in items(root, "volumes"):
        yield from within(volume, VOLUME, "volumes", IN_VOLUMES)
    for part in ("steps", "services"):
        for step in items(root, part):
            yield from unknown(step, STEPS[name], f"{part} of {name} pipelines", EXTENDING)
            yield from unknown(value_of(step, "when"), CONDITIONS, "`when`")
            yield from conditions(value_of(step, "when"))
            for mount in items(step, "volumes"):
                yield from unknown(mount, MOUNT, "volumes of a step")
            yield from variables(value_of(step, "environment"))
    if name == "ssh":
        yield from variables(value_of(root, "server"))


def variables(node: Node | None) -> Iterator[Finding]:
    """Yield the unknown keys of variables: a misspelt `from_secret` leaves the variable empty."""
    for _, value in node.pairs if isinstance(node, Mapping) else ():
        yield from unknown(value, VARIABLE, "variables (value or from_secret)")


def without_anchors(root: Mapping, known: frozenset[str]) -> Mapping:
    """Return the map without the keys that exist only to be repeated by aliases."""
    if all(text_of(key) in known for key, _ in root.pairs):
        return root
    repeated = repeated_in(root)
    pairs = [
        (key, value)
        for key, value in root.pairs
        if text_of(key) in known or not (text_of(key).startswith(("x-", ".", "_")) or id(key) in repeated)
    ]
    return Mapping(root.place, pairs, root.flow)


def repeated_in(root: Mapping) -> set[int]:
    """Return the ids of the keys of a document whose values, or parts of them, aliases repeat under other keys."""
    repeated: set[int] = set()
    owners: dict[Place, Node] = {}  # the key under which something is written
    for key, value in sorted(root.pairs, key=lambda pair: pair[0].place):
        for node in below([value]):
            owner = owners.setdefault(node.place, key)
            if owner is not key and owner.place < node.place:
                repeated.add(id(owner))
    return repeated


def below(nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield some nodes and all below them, each once."""
    rest, seen = list(nodes), set[int]()
    while rest:
        node = rest.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            if not isinstance(node, Scalar):
                rest += node.items if isinstance(node, Sequence) else chain.from_iterable(node.pairs)


def items(root: Mapping, key: str) -> list[Mapping]:
    """Return the maps in a list."""
    sequence = value_of(root, key)
    return [item for item in sequence.items if isinstance(item, Mapping)] if isinstance(sequence, Sequence) else []


def within(root: Mapping, known: frozenset[str], where: str, parts: Lookup[str, frozenset[str]]) -> Iterator[Finding]:
    """Yield the unknown keys of a map and of known maps in it."""
    yield from unknown(root, known, where, EXTENDING)
    for part, inside in parts.items():
        yield from unknown(value_of(root, part), inside, f"`{part}`")


def unknown(node: Node | None, known: frozenset[str], where: str, edrones: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Yield the unknown keys of a map; `edrones` are those that edrone itself reads there."""
    for key, _ in node.pairs if isinstance(node, Mapping) else ():
        if not isinstance(key, Scalar) or key.value in known:
            continue
        near = nearest(key.value, known | edrones, NEAR)
        hint = f'; did you mean "{near}"?' if near else "."
        yield UNKNOWN_KEY.at(key.place, f'{where} have no key "{key.value}", so it would be ignored{hint}')


def conditions(node: Node | None) -> Iterator[Finding]:
    """Yield what is wrong in a `trigger` or `when`."""
    for key, value in node.pairs if isinstance(node, Mapping) else ():
        name = text_of(key)
        if name in CONDITIONS - {"matrix"}:
            yield from unknown(value, CONDITION, f"conditions like `{name}`")
            yield from no_lists(value)
            yield from unmatched(name, value)
        if name == "event":
            yield from events(value)


def no_lists(condition: Node) -> Iterator[Finding]:
    """Yield what a condition includes or excludes in vain."""
    for key, value in condition.pairs if isinstance(condition, Mapping) else ():
        name = text_of(key)
        if name in CONDITION and not isinstance(value, Sequence) and not is_null(value):
            effect = "includes everything" if name == "include" else "excludes nothing"
            pattern = shown(text_of(value)) or "…"
            yield NO_LIST.at(
                value.place,
                f"`{name}: {pattern}` is no list, so Drone passes over it and {effect}; write {name}: [{pattern}].",
            )


def events(node: Node) -> Iterator[Finding]:
    """Yield unknown names of events."""
    for item in listed(node):
        text = text_of(item)
        if text and text not in EVENTS and not set(text) & set("*?[{") and not text.startswith("!"):
            near = nearest(text, EVENTS, NEAR)
            hint = f'did you mean "{near}"?' if near else f"there are {', '.join(EVENTS)}."
            yield UNKNOWN_EVENT.at(item.place, f'no build has the event "{text}"; {hint}')
