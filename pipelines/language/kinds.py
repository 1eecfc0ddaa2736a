"""The `kind` of each document of a YAML file, found without building the documents.

Events are read no deeper than pipelines are: libyaml's time grows with the square of the depth.
"""

import yaml

from pipelines.language.events import events

DEEPEST = 100


def kinds(text: str) -> list[str]:
    """Return the kind of each document that is not empty; "" for one that has none, or names it by an alias.

    Raises:
        yaml.YAMLError: the text is not YAML, or deeper or larger than any pipeline.
    """
    result: list[str] = []
    depth, root, children = 0, yaml.Event(), list[str | None]()
    for event in events(text):
        if isinstance(event, yaml.DocumentStartEvent):
            children = []
        elif isinstance(event, yaml.NodeEvent):
            if depth == 0:
                root = event
            elif depth == 1:
                children.append(event.value if isinstance(event, yaml.ScalarEvent) else None)
            depth += isinstance(event, yaml.CollectionStartEvent)
            if depth > DEEPEST:
                raise yaml.YAMLError(f"more than {DEEPEST} collections inside each other")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentEndEvent) and not is_empty(root):
            result.append(kind_of(root, children))
    return result


def is_empty(root: yaml.Event) -> bool:
    """Return whether a document is what stands after a `---` at the end: nothing."""
    return isinstance(root, yaml.ScalarEvent) and not root.value


def kind_of(root: yaml.Event, children: list[str | None]) -> str:
    """Return the kind of a document from its root and the scalars directly under it; of doubled keys Drone takes the last."""
    if not isinstance(root, yaml.MappingStartEvent):
        return ""
    pairs = zip(children[::2], children[1::2], strict=True)
    return next((value for key, value in reversed(list(pairs)) if key == "kind" and value is not None), "")
