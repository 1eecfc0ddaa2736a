"""A tree that `git checkout` changes in place twenty times a second, for a minute, under a real server."""

from datetime import UTC, datetime
from pathlib import Path

import requests

from configs.client.drone_request import body, request_for, signed_headers
from tests import checkouts
from tests.checkouts import asked_during_checkouts
from tests.e2e.running import SECRET, serving

CHECKOUTS = 1200
FEWEST = 200  # answers to each branch; a busy machine gives some thousands


def test_every_answer_is_a_whole_file_of_one_commit_and_of_the_right_branch(tmp_path: Path):
    made = checkouts.repository(tmp_path / "repository")
    with serving(tmp_path / "state", EDRONE_PROJECTS=str(made.projects)) as server:

        def ask(branch: str) -> str:
            content = body(request_for("ismewen/shop", branch, "", ""), created=0)  # of which nothing is recorded
            headers = signed_headers(content, SECRET, datetime.now(UTC))
            answer = requests.post(f"{server.url}/edrone", content, headers=headers, timeout=60)
            return str(answer.json()["Data"]) if answer.ok else answer.text

        answers = asked_during_checkouts(made, ask, CHECKOUTS)
    assert not answers.wrong
    assert min(answers.right[branch] for branch in made.texts) >= FEWEST
