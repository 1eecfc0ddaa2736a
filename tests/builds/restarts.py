"""Builds that failed in part, and their restarts, with a stand-in of Drone that asks edrone's own addresses."""

import json
from typing import Any

from builds.drone_db.models import Build
from demo.standin.http import Request, Response
from demo.standin.yaml_source import NOT_FOUND, NoConfig, YamlSource
from tests.builds.api import Api, body
from tests.builds.conftest import REPO, Standin
from tests.conftest import Drone
from tests.server import wait_until

ENDED = {"success", "failure", "error", "skipped"}
PIPELINES = {"build": [], "lint": [], "test": ["build"], "deploy": ["test", "lint"]}
TREE = "---\n".join(f"kind: pipeline\nname: {name}\ndepends_on: {needs}\nsteps: []\n" for name, needs in PIPELINES.items())


class AsksEdrone(YamlSource):
    """Asks the endpoint of this process."""

    def ask(self, content: bytes) -> str:
        answer = Drone().post(content)
        if answer.status_code != 200:
            raise NoConfig(answer.content.decode() or NOT_FOUND)
        return str(json.loads(answer.content)["Data"])


def built(api: dict[str, Api], drone: Standin, *, status: str = "failure", **stages: str) -> int:
    """Start a build, and let its pipelines end; return its number."""
    number = int(body(api["runner"].post(f"{REPO}/builds?branch=master"))["number"])
    end(drone, number, status, **stages)
    return number


def end(drone: Standin, number: int, status: str, **stages: str) -> None:
    """Wait until the stand-in's runner is done with a build, and say how it ended."""
    build = Build.objects.get(repo__slug="ismewen/edrone", number=number)
    database = drone.drone.database
    wait_until(lambda: Build.objects.get(pk=build.pk).status in ENDED)  # which the runner writes last
    database.update("build", build.pk, status=status, finished=build.created + 9)
    for row in database.stages(build.pk):
        database.update("stage", row["stage_id"], status=stages.get(row["stage_name"], "success"))


def stages(number: int) -> list[str]:
    build = Build.objects.get(repo__slug="ismewen/edrone", number=number)
    return sorted(stage.name for stage in build.stages_in_order)


def restart(api: Api, number: int, query: str = "only=failed") -> Any:
    return api.post(f"{REPO}/builds/{number}?{query}")


def relayed(request: Request) -> Response:
    """Let edrone, in this process, answer what the stand-in asks."""
    answer = Drone().send(request.body, request.headers, request.path)
    return Response(answer.status_code, answer.content, answer.get("Content-Type", "text/plain"))
