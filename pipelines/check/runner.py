"""What Drone's server lets pass and the runner then refuses, so that the stage fails (docs/drone.md 3.4)."""

from collections.abc import Iterator

from pipelines.check.decoder import Shape
from pipelines.check.findings import ERROR, WARNING, Finding, check
from pipelines.check.keys import PIPELINES, items
from pipelines.check.server import kind_in, type_in
from pipelines.check.shape import BYTES, NAMED_TEXTS, NUMBER, YES_OR_NO, is_true, key_place, text_of, texts_of
from pipelines.language.nodes import Mapping, Node, Place, Scalar, Sequence, is_null, kind_of, value_of

NO_STEPS = check("no-steps", ERROR, "a pipeline without steps")
NULL_STEP = check("null-step", ERROR, "an item of `steps` or `services` with nothing in it")
UNNAMED_STEP = check("unnamed-step", ERROR, "a step without a name")
LONG_STEP = check("long-step-name", ERROR, "a step name of more than 100 characters")
TWICE = check("duplicate-step", ERROR, "two steps of one name; in docker pipelines services and `clone` count too")
NO_IMAGE = check("step-without-image", ERROR, "a step or service of a docker or kubernetes pipeline without an image")
IDLE = check("idle-step", ERROR, "a step with neither image nor commands nor settings")
STEP_DEPENDENCY = check("unknown-step", ERROR, "`depends_on` of a docker step names no step or service that stands before it")
MAYBE_DEPENDENCY = check("unknown-step-name", WARNING, "`depends_on` of a step of another type names no step of the pipeline")
NO_SERVER = check("no-server", ERROR, "an ssh pipeline without `host`, `user`, or `password` or `ssh_key` of its `server`")

VALUE = check(
    "runner-value",
    ERROR,
    "a value that only the runner reads, and cannot: a secret in a whole pipeline's `environment`, a word for a size",
)

SIZES = ("mem_limit", "memswap_limit", "shm_size")  # of a docker step; Drone's server does not look at them
NEED_IMAGES = frozenset({"docker", "kubernetes"})
LONGEST_NAME = 100  # bytes


def steps(root: Mapping) -> Iterator[Finding]:
    """Yield what is wrong with the steps of a pipeline."""
    name = type_in(root)
    if kind_in(root) != "pipeline" or name not in PIPELINES:
        return
    listed = value_of(root, "steps")
    if not isinstance(listed, Sequence) or not listed.items:
        yield NO_STEPS.at(key_place(root, "steps").place, "the pipeline has no steps; the runner fails it, or does nothing.")
    for part in ("services", "steps"):
        listed = value_of(root, part)
        for item in listed.items if isinstance(listed, Sequence) else ():
            if is_null(item):
                yield NULL_STEP.at(item.place, f"an item of {part} is empty; remove it.")
    for part in ("services", "steps"):
        for step in items(root, part):
            yield from step_alone(step, part, name)
    yield from doubled(root, name)
    yield from waits(root, name)
    if name in NEED_IMAGES:
        yield from values(root, name)
    if name == "ssh":
        yield from server_of_ssh(root)


def step_alone(step: Mapping, part: str, kind: str) -> Iterator[Finding]:
    """Yield what is wrong with a step or service by itself."""
    name = text_of(value_of(step, "name"))
    if part == "steps" and not name:
        yield UNNAMED_STEP.at(step.place, "the step has no name; the runner refuses the pipeline.")
    if kind in NEED_IMAGES and len(name.encode()) > LONGEST_NAME:
        yield LONG_STEP.at(
            key_place(step, "name").place, f"the name of the step has more than {LONGEST_NAME} bytes; the runner refuses it."
        )
    if not any(is_filled(value_of(step, key)) for key in ("image", "commands", "settings", "build")):
        yield IDLE.at(step.place, f'"{name}" has neither image nor commands nor settings: it does nothing.')
    elif kind in NEED_IMAGES and not is_filled(value_of(step, "image")):
        yield NO_IMAGE.at(step.place, f'"{name}" has no image; the runner of {kind} pipelines refuses it.')


def values(root: Mapping, kind: str) -> Iterator[Finding]:
    """Yield values that only the runner reads, and cannot."""
    yield from unreadable(value_of(root, "environment"), NAMED_TEXTS)
    if isinstance(clone := value_of(root, "clone"), Mapping):
        yield from unreadable(value_of(clone, "retries"), NUMBER)
        yield from unreadable(value_of(clone, "trace"), YES_OR_NO)
    for step in (*items(root, "services"), *items(root, "steps")) if kind == "docker" else ():
        for key in SIZES:
            yield from unreadable(value_of(step, key), BYTES)


def unreadable(value: Node | None, shape: Shape) -> Iterator[Finding]:
    """Yield the nodes that do not fit the shape that the runner needs."""
    for node, needed in shape.wrong(value) if value else ():
        yield VALUE.at(node.place, f"the runner needs {needed} here, and is given {kind_of(node)}; it refuses the pipeline.")


def is_filled(value: Node | None) -> bool:
    if isinstance(value, Scalar):
        return bool(text_of(value))
    return value is not None and bool(value.items if isinstance(value, Sequence) else value.pairs)


def has(step: Mapping, key: str) -> bool:
    """Return whether a key of a step has a value that is not null."""
    value = value_of(step, key)
    return value is not None and not is_null(value)


def clones_itself(root: Mapping) -> bool:
    """Return whether the pipeline has Drone's own clone step."""
    clone = value_of(root, "clone")
    return not (isinstance(clone, Mapping) and is_true(value_of(clone, "disable")))


def doubled(root: Mapping, kind: str) -> Iterator[Finding]:
    """Yield steps whose name another step has."""
    names: dict[str, Place] = {}
    if kind == "docker" and clones_itself(root):
        names["clone"] = root.place
    for part in ("services", "steps") if kind == "docker" else ("steps",):
        for step in items(root, part):
            name = text_of(value_of(step, "name"))
            if name in names and (name or part == "services"):
                where = "Drone's own step that clones" if names[name] is root.place else str(names[name])
                yield TWICE.at(
                    key_place(step, "name").place, f'"{name}" is already the name of a step ({where}); rename one of them.'
                )
            names.setdefault(name, step.place)


def waits(root: Mapping, kind: str) -> Iterator[Finding]:
    """Yield what is wrong with the steps that steps wait for."""
    listed = [(part, step) for part in ("services", "steps") for step in items(root, part)]
    clones = {"clone"} if kind != "docker" or clones_itself(root) else set()
    everywhere = {text_of(value_of(step, "name")) for _, step in listed} | clones
    before = set(clones)
    for _, step in listed:
        name = text_of(value_of(step, "name"))
        before.add(name)
        for node, dependency in texts_of(value_of(step, "depends_on")):
            if kind != "docker":
                if dependency not in everywhere:
                    yield MAYBE_DEPENDENCY.at(node.place, f'depends_on "{dependency}": the pipeline has no step of that name.')
            elif dependency == name:
                yield STEP_DEPENDENCY.at(node.place, f'"{name}" depends on itself; the runner refuses the pipeline.')
            elif dependency not in before:
                where = "stands only after this one; move it up" if dependency in everywhere else "is not in the pipeline"
                yield STEP_DEPENDENCY.at(node.place, f'depends_on "{dependency}": a step of that name {where}.')


def server_of_ssh(root: Mapping) -> Iterator[Finding]:
    """Yield what is missing in the server of an ssh pipeline."""
    section = value_of(root, "server")
    for key in ("host", "user"):
        if not (isinstance(section, Mapping) and has(section, key)):
            yield NO_SERVER.at(key_place(root, "server").place, f"the runner of ssh pipelines needs server.{key}.")
    if isinstance(section, Mapping) and not (has(section, "password") or has(section, "ssh_key")):
        yield NO_SERVER.at(key_place(root, "server").place, "the runner of ssh pipelines needs a password or ssh_key.")
