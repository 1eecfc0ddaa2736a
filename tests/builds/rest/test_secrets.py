"""What looks secret does not leave the API."""

import pytest

from builds.drone_db.masking import MASK
from tests.builds.conftest import EVERYWHERE, REPO

pytestmark = pytest.mark.django_db


def test_secret_looking_parameters_are_masked_everywhere(change, api):
    change("""UPDATE builds SET build_params = '{"DB_PASSWORD":"planted-value","TARGET":"staging"}' WHERE build_repo_id = 1""")
    for path in (
        "/api/builds?per_page=100",
        "/api/repos?latest=true",
        "/api/user/builds",
        f"{REPO}/builds",
        f"{REPO}/builds/1",
        f"{REPO}/builds/latest",
    ):
        answer = api.get(path)
        assert b"planted" not in answer.content
        assert MASK.encode() in answer.content
        assert b'"TARGET":"staging"' in answer.content


def test_nothing_that_was_planted_comes_out(change, api):
    for path in EVERYWHERE:
        content = api.get(path).content
        assert b"planted-" not in content
        assert b"0123456789abcdef0123456789abcdef" not in content
