"""What docs/operations.md shows is so."""

import re
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from pipelines.operations.head import read_operation
from pipelines.operations.head_removal import cut
from pipelines.operations.operation import FOLDER, TYPES
from pipelines.operations.parameter_names import BEGINNINGS, OF_THE_SHELL, READ_BY_DRONE
from tests.server import ROOT

TEXT = (ROOT / "docs" / "operations.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)


def test_the_example_is_the_one_of_the_sample_tree():
    (example,) = [block for block in BLOCKS if block.startswith("kind: operation")]
    sample = (ROOT / "projects" / "edrone" / FOLDER / "deploy.yaml").read_text()
    assert read_operation("deploy", "x", cut(example).head) == read_operation("deploy", "x", cut(sample).head)


def test_the_cron_job_is_one_that_kubernetes_takes():
    (job,) = [yaml.safe_load(block) for block in BLOCKS if block.startswith("apiVersion")]
    kubernetes_validate.validate(job, "1.31", strict=True)
    assert job["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0


@pytest.mark.parametrize("name", [*sorted(READ_BY_DRONE | OF_THE_SHELL), *BEGINNINGS, *TYPES, "EDRONE_MANUAL_BUILDS_BY"])
def test_each_word_that_matters_is_named(name: Any):
    assert f"`{name}" in TEXT
