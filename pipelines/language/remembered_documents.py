"""The files that were read last, for those who compose thousands of files that extend the same few."""

from collections import OrderedDict

from pipelines.language import limits
from pipelines.language.limits import Budget
from pipelines.language.reader import Document, documents

MOST_NODES = 2 * limits.NODES  # some 6 MB


class RememberedDocuments:
    """Reads as `documents` does. Nodes are never changed, so the same ones can be part of many answers."""

    def __init__(self) -> None:
        self.known: OrderedDict[tuple[str, str], tuple[list[Document], int]] = OrderedDict()  # path, text → and their nodes
        self.nodes = 0

    def read(self, path: str, text: str, budget: Budget) -> list[Document]:
        if remembered := self.known.get((path, text)):
            parsed, nodes = remembered
            if budget.read + nodes <= limits.NODES:
                self.known.move_to_end((path, text))
                budget.read += nodes
                return parsed
            return documents(path, text, budget)  # which says where there are too many
        before = budget.read
        parsed = documents(path, text, budget)
        self.known[path, text] = parsed, budget.read - before
        self.nodes += budget.read - before
        while self.nodes > MOST_NODES:
            self.nodes -= self.known.popitem(last=False)[1][1]
        return parsed
