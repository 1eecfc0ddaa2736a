"""What is reached from where, in one step or many."""

from collections.abc import Callable, Iterable


def reached(names: Iterable[str], beyond: Callable[[str], Iterable[str]]) -> set[str]:
    """Return these names, and all that is reached from them; `beyond` gives what one leads to itself."""
    done: set[str] = set()
    waiting = list(names)
    while waiting:
        if (name := waiting.pop()) not in done:
            done.add(name)
            waiting += beyond(name)
    return done
