"""What runners of docker and kubernetes pipelines refuse in a repository that is not trusted (docs/drone.md 3.4)."""

from collections.abc import Callable, Iterator

from pipelines.check.decoder import stored
from pipelines.check.findings import WARNING, Finding, check
from pipelines.check.keys import items
from pipelines.check.runner import NEED_IMAGES, is_filled
from pipelines.check.runner_values import at
from pipelines.check.server import kind_in, type_in
from pipelines.check.shape import is_true, key_place
from pipelines.language.nodes import Mapping, Node, Scalar, is_null, text_of, value_of

TRUST = check(
    "needs-trust",
    WARNING,
    "`privileged`, host volumes and the like, which only a trusted repository may have; told of each that Drone "
    "does not trust, and once a tree where that is not known",
)

# Keys of a step, and whether a value of theirs asks for something; but for `privileged` only the docker runner knows them.
ASKS: dict[str, Callable[[Node], bool]] = {
    "privileged": is_true,
    **dict.fromkeys(("devices", "dns", "dns_search", "extra_hosts", "network_mode"), is_filled),
    "shm_size": lambda size: isinstance(size, Scalar) and stored(size) > 0,
}


def needs_trust(root: Mapping) -> Iterator[Finding]:
    """Yield what needs a trusted repository."""
    kind = type_in(root)
    if kind_in(root) != "pipeline" or kind not in NEED_IMAGES:
        return
    for volume in items(root, "volumes"):
        host = value_of(volume, "host")
        if host and not is_null(host):
            yield needed(volume, "host", "a host volume")
        if text_of(at(volume, "temp", "medium")) == "memory":
            yield needed(volume, "temp", "a volume in memory")
    for step in (*items(root, "services"), *items(root, "steps")):
        for key, value in step.pairs:
            name = key.value if isinstance(key, Scalar) else ""
            if name in ASKS and (kind == "docker" or name == "privileged") and ASKS[name](value):
                yield needed(step, name, name)


def needed(mapping: Mapping, key: str, what: str) -> Finding:
    return TRUST.at(
        key_place(mapping, key).place, f"{what} needs a repository that is trusted in Drone; elsewhere the runner fails it."
    )
