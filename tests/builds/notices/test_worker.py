"""`manage.py sendnotices` with only what the chart gives it: no secret of Drone's requests, none of signing in."""

import subprocess
import sys
from pathlib import Path

import pytest

from demo.standin.drone import TOKEN, standing_in
from demo.standin.yaml_source import YamlSource
from tests import drones
from tests.builds.access.drone_people import drone_user
from tests.builds.notices.receivers import Receiver
from tests.builds.notices.rows import Rows
from tests.server import ROOT, clean_environment, manage, wait_until

NOTICE = """
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from builds.notices.models import Channel, Notice, Subscription, Topic
from builds.notices.sealing import seal

ann = User.objects.create_user("ann@github")
SocialAccount.objects.create(user=ann, provider="github", uid="1", extra_data={"login": "ann"})
team = Channel.objects.create(name="team", kind="json", sealed=seal("ADDRESS"), language="en", site="https://edrone.example.com")
Subscription.objects.create(user=ann, channel=team, pattern="*", topics=Topic.values)
Notice.objects.create(channel=team, topic="failed", about="build 1", slug="shop/cart", number=7, title="Failed", body="push")
"""


@pytest.mark.slow
def test_an_administrator_of_drone_is_told_by_a_worker_that_knows_no_secret_but_those_that_it_needs(
    tmp_path: Path, receiver: Receiver
) -> None:
    rows = Rows(drones.recorded_sqlite(tmp_path / "drone.sqlite"))
    drone_user(rows.execute, 7, "ann", admin=True)
    with standing_in(rows.path, YamlSource("http://127.0.0.1:1/edrone", "secret")) as (drone, _):
        environment = {
            "SECRET_KEY": "k" * 40, "DATABASE_URL": f"sqlite:///{tmp_path}/edrone.sqlite", "EDRONE_STATE": str(tmp_path / "var"),
            "DRONE_DATABASE_URL": f"sqlite:///{rows.path}", "EDRONE_GRANTS_FROM_DRONE": "true", "EDRONE_DRONE_FORGE": "github",
            "DRONE_SERVER": drone.url, "DRONE_TOKEN": TOKEN,
        }  # fmt: skip
        assert manage("migrate", "--skip-checks", **environment).returncode == 0
        done = manage("shell", "-c", NOTICE.replace("ADDRESS", receiver.url.replace("http", "json")), **environment)
        assert done.returncode == 0, done.stderr
        command = [sys.executable, "manage.py", "sendnotices"]
        with subprocess.Popen(command, cwd=ROOT, env=clean_environment(**environment)) as worker:
            try:
                wait_until(lambda: receiver.got or worker.poll() is not None)
            finally:
                worker.terminate()
    assert [body["repository"] for body in receiver.notices] == ["shop/cart"]
