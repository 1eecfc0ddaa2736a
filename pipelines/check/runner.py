"""What Drone's server lets pass and the runner then refuses, so that the stage fails (docs/drone.md 3.4)."""

from collections.abc import Iterator

from pipelines.check.documents import shown
from pipelines.check.envsubst import substituted
from pipelines.check.escapes import read_as_drone
from pipelines.check.findings import ERROR, WARNING, Finding, check
from pipelines.check.keys import PIPELINES, items
from pipelines.check.runner_values import at, values
from pipelines.check.server import BY_EXACT_NAME, kind_in, type_in
from pipelines.check.shape import is_true, key_place, texts_of
from pipelines.language.errors import ComposeError
from pipelines.language.nodes import Mapping, Node, Place, Scalar, Sequence, is_null, text_of, value_of

NO_STEPS = check("no-steps", WARNING, "a pipeline without steps: its runner clones, and does nothing else")
NULL_STEP = check("null-step", ERROR, "an item of `steps` with nothing in it; of `services` where the runner reads them")
UNNAMED_STEP = check("unnamed-step", ERROR, "a step without a name")
LONG_STEP = check("long-step-name", ERROR, "a step name of more than 100 characters")
TWICE = check("duplicate-step", ERROR, "two steps of one name; in docker and kubernetes pipelines services and `clone` count too")
NO_IMAGE = check("step-without-image", ERROR, "a step or service of a docker or kubernetes pipeline without an image")
IDLE = check("idle-step", WARNING, "a step that needs no image, with neither commands nor settings: it does nothing")
STEP_DEPENDENCY = check(
    "unknown-step", ERROR, "`depends_on` of a docker or kubernetes step names no step or service that stands before it"
)
MAYBE_DEPENDENCY = check("unknown-step-name", WARNING, "`depends_on` of a step of another type names no step of the pipeline")
NO_SERVER = check("no-server", ERROR, "an ssh pipeline without `host`, `user`, or `password` or `ssh_key` of its `server`")

# Severities follow the runners: they clone, and pass, where there is nothing to do.
EXEC_IMAGE = check("exec-image", ERROR, "a step of an exec pipeline with an image, which its runner refuses")
DETACHED = check("detached-step", ERROR, "`detach: true` in a step of an ssh or digitalocean pipeline")
NO_TOKEN = check("no-token", ERROR, "a digitalocean pipeline without a `token`")
UNNAMED_STAGE = check(
    "unnamed-stage", ERROR, "an exec, ssh or digitalocean pipeline without a name: its runner looks for it in vain"
)
SUBSTITUTED_STAGE = check(
    "substituted-name",
    ERROR,
    r"`${`, `$$`, `\\` or `\/` in a pipeline's name: its runner substitutes first, and then finds no such name",
)

CRASH = check(
    "runner-crash",
    WARNING,
    "a variable without a value in a step of an ssh or digitalocean pipeline, or an empty item of `devices` of a docker step: "
    "the runner may crash by it",
)

NEED_IMAGES = frozenset({"docker", "kubernetes"})
WITH_SERVICES = NEED_IMAGES | {"aws", "vm"}
LONGEST_NAME = 100  # bytes
SUBSTITUTED = ("${", "$$", r"\\", r"\/")  # what no runner leaves as it is written


def steps(root: Mapping) -> Iterator[Finding]:
    """Yield what is wrong with the steps of a pipeline."""
    kind = type_in(root)
    if kind_in(root) != "pipeline" or kind not in PIPELINES:
        return
    listed = value_of(root, "steps")
    if not isinstance(listed, Sequence) or not listed.items:
        yield NO_STEPS.at(key_place(root, "steps").place, "the pipeline has no steps: its runner clones, and does nothing else.")
    parts = ("services", "steps") if kind in WITH_SERVICES else ("steps",)
    for part in parts:
        listed = value_of(root, part)
        for item in listed.items if isinstance(listed, Sequence) else ():
            if is_null(item):
                yield NULL_STEP.at(item.place, f"an item of {part} is empty; remove it.")
    for part in parts:
        for step in items(root, part):
            yield from step_alone(step, part, kind)
            yield from crashes(step, kind)
    yield from doubled(root, kind)
    yield from waits(root, kind)
    yield from values(root)
    yield from of_its_type(root, kind)


def step_alone(step: Mapping, part: str, kind: str) -> Iterator[Finding]:
    """Yield what is wrong with a step or service by itself."""
    name = text_of(value_of(step, "name"))
    if part == "steps" and not name:
        yield UNNAMED_STEP.at(step.place, "the step has no name; the runner refuses the pipeline.")
    if kind in NEED_IMAGES and len(name.encode()) > LONGEST_NAME:
        yield LONG_STEP.at(
            key_place(step, "name").place, f"the name of the step has more than {LONGEST_NAME} bytes; the runner refuses it."
        )
    if kind in NEED_IMAGES:
        if not is_filled(value_of(step, "image")):
            yield NO_IMAGE.at(step.place, f'"{name}" has no image; the runner of {kind} pipelines refuses it.')
    elif not any(is_filled(value_of(step, key)) for key in ("image", "commands", "settings", "build")):
        yield IDLE.at(step.place, f'"{name}" has neither commands nor settings: it does nothing.')
    if kind == "exec" and is_filled(value_of(step, "image")):
        yield EXEC_IMAGE.at(
            key_place(step, "image").place, f'"{name}" has an image; the runner of exec pipelines refuses it. Is it type: docker?'
        )
    if kind in {"ssh", "digitalocean"} and is_true(value_of(step, "detach")):
        yield DETACHED.at(key_place(step, "detach").place, f"the runner of {kind} pipelines refuses steps that are detached.")


def crashes(step: Mapping, kind: str) -> Iterator[Finding]:
    """Yield null that the linter of the runner lets pass, and its compiler takes for a value."""
    variables, devices = value_of(step, "environment"), value_of(step, "devices")
    if kind in {"ssh", "digitalocean"} and isinstance(variables, Mapping):
        for name, value in variables.pairs:
            if is_null(value):
                yield CRASH.at(name.place, f"\"{text_of(name)}\" has no value, by which the runner may crash; write ''.")
    if kind == "docker" and isinstance(devices, Sequence):
        for item in devices.items:
            if is_null(item):
                yield CRASH.at(item.place, "an item of devices is empty, by which the runner may crash; remove it.")


def is_filled(value: Node | None) -> bool:
    if isinstance(value, Scalar):
        return bool(text_of(value))
    return value is not None and bool(value.items if isinstance(value, Sequence) else value.pairs)


def clones_itself(root: Mapping) -> bool:
    """Return whether the pipeline has Drone's own clone step."""
    clone = value_of(root, "clone")
    return not (isinstance(clone, Mapping) and is_true(value_of(clone, "disable")))


def doubled(root: Mapping, kind: str) -> Iterator[Finding]:
    """Yield steps whose name another step has."""
    names: dict[str, Place] = {}
    if kind in NEED_IMAGES and clones_itself(root):
        names["clone"] = root.place
    for part in ("services", "steps") if kind in NEED_IMAGES else ("steps",):
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
    clones = {"clone"} if clones_itself(root) or kind not in NEED_IMAGES else set()
    everywhere = {text_of(value_of(step, "name")) for _, step in listed} | clones
    before = set(clones)
    for _, step in listed:
        name = text_of(value_of(step, "name"))
        before.add(name)
        for node, dependency in texts_of(value_of(step, "depends_on")):
            if kind not in NEED_IMAGES:
                if dependency not in everywhere:
                    yield MAYBE_DEPENDENCY.at(node.place, f'depends_on "{dependency}": the pipeline has no step of that name.')
            elif dependency == name:
                yield STEP_DEPENDENCY.at(node.place, f'"{name}" depends on itself; the runner refuses the pipeline.')
            elif dependency not in before:
                where = "stands only after this one; move it up" if dependency in everywhere else "is not in the pipeline"
                yield STEP_DEPENDENCY.at(node.place, f'depends_on "{dependency}": a step of that name {where}.')


def of_its_type(root: Mapping, kind: str) -> Iterator[Finding]:
    """Yield what is missing in a pipeline of its type."""
    named, place = value_of(root, "name"), key_place(root, "name").place
    name = text_of(named)
    if isinstance(named, Scalar) and is_substituted(named):
        yield SUBSTITUTED_STAGE.at(
            place, f'Drone calls the pipeline "{shown(name)}", and the runner finds none of that name once it has substituted.'
        )
    if kind in BY_EXACT_NAME and not name:
        yield UNNAMED_STAGE.at(
            place, f'Drone calls the pipeline default, and the runner of {kind} pipelines finds none of that name; add "name:".'
        )
    if kind == "ssh":
        yield from server_of_ssh(root)
    if kind == "digitalocean" and not is_given(value_of(root, "token")):
        yield NO_TOKEN.at(key_place(root, "token").place, "the runner of digitalocean pipelines needs a token.")


def is_substituted(scalar: Scalar) -> bool:
    r"""Return whether a runner reads another value than Drone, which does not substitute; `"\x24{A}"` is a `${A}` to both."""
    if not any(mark in scalar.token for mark in SUBSTITUTED):
        return False
    try:
        # As the value of a key, because a token's lines begin where the map begins that holds it.
        document, _ = read_as_drone(scalar.place.path, f"name: {substituted(scalar.token)[0]}\n")
    except ComposeError:
        return False  # the runner does not come to look for it: `substitution`
    read = value_of(document.root, "name") if document and isinstance(document.root, Mapping) else None
    return text_of(read) != text_of(scalar)


def server_of_ssh(root: Mapping) -> Iterator[Finding]:
    """Yield what is missing in the server of an ssh pipeline."""
    section, place = value_of(root, "server"), key_place(root, "server").place
    given = [key for key in ("host", "user", "password", "ssh_key") if is_given(at(section, key))]
    for key in ("host", "user"):
        if key not in given:
            yield NO_SERVER.at(place, f"the runner of ssh pipelines needs server.{key}.")
    if not {"password", "ssh_key"} & set(given):
        yield NO_SERVER.at(place, "the runner of ssh pipelines needs a password or ssh_key in server.")


def is_given(value: Node | None) -> bool:
    """Return whether a value that may be a secret is there: a text, or a map that names the secret or holds the value."""
    if isinstance(value, Mapping):
        return any(text_of(value_of(value, key)) for key in ("value", "from_secret"))
    return bool(text_of(value))
