"""GET /readyz?exclude=…"""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client


def test_an_excluded_database_is_not_looked_at(client: Client):  # without django_db, which would refuse
    answer = client.get("/readyz?exclude=database")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "tree": "ok", "database": "excluded"})


@pytest.mark.django_db
def test_the_tree_still_counts(client: Client, settings: Any, tmp_path: Path):
    settings.EDRONE_PROJECTS = tmp_path / "none"
    assert client.get("/readyz?exclude=database").status_code == 503
    assert client.get("/readyz?exclude=tree").status_code == 200


def test_an_unknown_part_is_named(client: Client):
    answer = client.get("/readyz?exclude=disk")
    assert answer.status_code == 400
    assert "exclude=disk" in answer.json()["message"]
