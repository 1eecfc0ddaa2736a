"""How far a long command is: one line that changes, on a terminal only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import OutputWrapper


@contextmanager
def progress_on(stream: OutputWrapper) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that shows how many files are done, of how many; the line is erased at the end."""
    on_terminal = stream.isatty()

    def show(done: int, count: int) -> None:
        if on_terminal:
            stream.write(f"\r{done:,} of {count:,} files", ending="")
            stream.flush()

    try:
        yield show
    finally:
        if on_terminal:
            stream.write("\r\x1b[K", ending="")
