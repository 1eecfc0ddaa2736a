"""What Drone's server refuses when a build is triggered (docs/drone.md 3.1 and 3.2)."""

from collections.abc import Iterator
from collections.abc import Sequence as Many

from pipelines.check.findings import ERROR, WARNING, Finding, check
from pipelines.check.shape import key_place, texts_of
from pipelines.language.nodes import Mapping, Node, Place, text_of, value_of

BEFORE = check(
    "text-before-separator", ERROR, "only comments or blank lines before the first `---`: a document without a kind to Drone"
)
EMPTY = check("empty-document", ERROR, "a document with nothing but comments, as after a `---` at the end of a file")
MISSING_KIND = check("missing-kind", ERROR, "a document without `kind:`")
NOT_A_MAP = check("not-a-map", ERROR, "a document that is a list or a single value")
DUPLICATE = check("duplicate-pipeline", ERROR, "two pipelines of one name in a file; two without a name count too")
UNKNOWN = check("unknown-dependency", ERROR, "`depends_on` names no pipeline that stands before in the file")
ITSELF = check("self-dependency", ERROR, "a pipeline that depends on itself")
OS = check("unsupported-os", ERROR, "`platform.os` of a docker pipeline is neither linux nor windows")
ARCH = check("unsupported-arch", ERROR, "`platform.arch` of a docker pipeline is none that Drone knows")
LONG_NAME = check("long-name", ERROR, "a pipeline name of more than 100 characters, which Drone's database does not hold")
UNNAMED = check("unnamed-pipeline", WARNING, "a pipeline without a name: Drone calls it `default`, and forgets its `depends_on`")
UNKNOWN_KIND = check("unknown-kind", WARNING, "a kind that no runner takes: its stage waits for ever")
NO_PIPELINE = check("no-pipeline", WARNING, "a file without any pipeline: Drone makes no build, and says nothing")

OSES = ("linux", "windows")
ARCHES = ("amd64", "arm64", "arm", "ppc64le", "s390x")
RESOURCES = frozenset({"cron", "secret", "registry", "signature"})  # kinds that are no pipeline
LONGEST_NAME = 100  # characters
BY_EXACT_NAME = frozenset({"exec", "ssh", "digitalocean"})  # types whose runner finds no pipeline that has no name


def kind_in(root: Node) -> str:
    """Return the kind of a document; empty if it has none."""
    return text_of(value_of(root, "kind")) if isinstance(root, Mapping) else ""


def type_in(root: Mapping) -> str:
    """Return the type of a pipeline; without one it is docker."""
    return text_of(value_of(root, "type")) or "docker"


def without_kind(root: Node) -> Iterator[Finding]:
    """Yield a document that Drone's parser refuses."""
    if not isinstance(root, Mapping):
        yield NOT_A_MAP.at(root.place, "a document must be a map with `kind:`; Drone refuses the whole file.")
    elif not kind_in(root):
        near = next((key for key, _ in root.pairs if text_of(key).lower() == "kind"), None)
        hint = f"; `{text_of(near)}` is not `kind`" if near and text_of(near) != "kind" else ""
        yield MISSING_KIND.at(root.place, f"the document has no kind{hint}: Drone refuses the whole file; add `kind: pipeline`.")


def lint(path: str, roots: Many[Node], *, complete: bool = True) -> Iterator[Finding]:
    """Yield what Drone's linter refuses in the pipelines of a file.

    Args:
        path: of the file.
        roots: its documents.
        complete: all documents could be read; otherwise a dependency that seems missing may be in one of the others.
    """
    names: dict[str, Place] = {}
    pipelines = [root for root in roots if isinstance(root, Mapping) and kind_in(root) and kind_in(root) not in RESOURCES]
    everywhere = {text_of(value_of(root, "name")) for root in pipelines}
    for root in pipelines:
        name, place = text_of(value_of(root, "name")), key_place(root, "name").place
        if name in names:
            which = f'"{name}"' if name else "no name"
            yield DUPLICATE.at(place, f"another pipeline of the file has {which} too ({names[name]}); Drone refuses the file.")
        names.setdefault(name, place)
        if not name and not (kind_in(root) == "pipeline" and type_in(root) in BY_EXACT_NAME):
            twin = ", as another one of the file, and the runner runs the first of them for both" * ("default" in everywhere)
            what = f"Drone calls it default{twin}, and its depends_on is lost"
            yield UNNAMED.at(place, f"the pipeline has no name: {what}; name it.")
        if len(name) > LONGEST_NAME:
            yield LONG_NAME.at(place, f"the name has {len(name)} characters; Drone's database holds {LONGEST_NAME}.")
        for finding in dependencies(root, name, names, everywhere):
            if complete or finding.id == ITSELF.id:
                yield finding
        if kind_in(root) == "pipeline" and type_in(root) == "docker":
            yield from platform(root)
        elif kind_in(root) not in {"pipeline", "template"}:
            yield UNKNOWN_KIND.at(
                key_place(root, "kind").place, f'no runner takes the kind "{kind_in(root)}": its stage would wait for ever.'
            )
    if complete and not pipelines and all(kind_in(root) for root in roots):
        yield NO_PIPELINE.at(Place(path, 1, 1), "the file has no pipeline: Drone makes no build of it, and says nothing.")


def dependencies(root: Mapping, name: str, before: dict[str, Place], everywhere: set[str]) -> Iterator[Finding]:
    """Yield what is wrong with the pipelines that a pipeline waits for."""
    for node, dependency in texts_of(value_of(root, "depends_on")):
        if dependency not in before:
            where = "stands only after this pipeline; move it up" if dependency in everywhere else "is not in the file"
            yield UNKNOWN.at(node.place, f'depends_on "{dependency}": a pipeline of that name {where}; Drone refuses the file.')
        elif dependency == name:
            yield ITSELF.at(node.place, f'"{name}" depends on itself; Drone refuses the file.')


def platform(root: Mapping) -> Iterator[Finding]:
    section = value_of(root, "platform")
    for rule, key, known in ((OS, "os", OSES), (ARCH, "arch", ARCHES)):
        value = value_of(section, key) if isinstance(section, Mapping) else None
        if value and (text := text_of(value)) and text not in known:
            yield rule.at(value.place, f'Drone has no docker pipelines for {key} "{text}"; it knows {", ".join(known)}.')
