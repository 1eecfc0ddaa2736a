"""A file that is remembered is to its reader what one that is parsed anew would be."""

import pytest

from pipelines.language import limits, remembered_documents
from pipelines.language.errors import TooManyNodes
from pipelines.language.limits import Budget
from pipelines.language.reader import documents
from pipelines.language.remembered_documents import RememberedDocuments

TEXT = "anchor: &a [1, 2, 3]\nalias: *a\n"


def test_a_remembered_file_costs_the_same_nodes() -> None:
    remembered, anew = RememberedDocuments(), Budget()
    documents("a.yaml", TEXT, anew)
    first, second = Budget(), Budget()
    assert remembered.read("a.yaml", TEXT, first) is remembered.read("a.yaml", TEXT, second)
    assert first.read == second.read == anew.read


def test_a_remembered_file_is_refused_where_a_parsed_one_would_be() -> None:
    remembered, places = RememberedDocuments(), []
    remembered.read("a.yaml", TEXT, Budget())
    for read in (remembered.read, documents):
        budget = Budget()
        budget.read = limits.NODES - 4
        with pytest.raises(TooManyNodes) as raised:
            read("a.yaml", TEXT, budget)
        places.append(raised.value.place)
    assert places[0] == places[1]


def test_another_text_or_path_is_read_anew() -> None:
    remembered = RememberedDocuments()
    parsed = remembered.read("a.yaml", TEXT, Budget())
    assert remembered.read("b.yaml", TEXT, Budget())[0].root.place.path == "b.yaml"
    assert remembered.read("a.yaml", "other: 1\n", Budget()) is not parsed


def test_no_more_is_kept_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered_documents, "MOST_NODES", 20)
    remembered = RememberedDocuments()
    for number in range(50):
        remembered.read(f"{number}.yaml", TEXT, Budget())
    assert 0 < remembered.nodes <= 20
    assert [path for path, _ in remembered.known][-1] == "49.yaml"
