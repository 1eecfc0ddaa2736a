"""Trees of any size: three files a project, about 1.4 KB each, as a company has them."""

from pathlib import Path

STEP = """- name: step-{number}
  image: docker.example/library/golang:1.22
  environment:
    PROJECT: {project}
    BRANCH: {branch}
  commands:
  - go vet ./...
  - go test -count=1 ./part{number}/...
  - echo "part {number} of {project} is done"
"""
HEAD = "kind: pipeline\ntype: docker\nname: {project}-{branch}\n\nplatform:\n  os: linux\n  arch: amd64\n\nsteps:\n"


def make_tree(root: Path, projects: int) -> Path:
    """Write a tree; its first project is edrone, the others project00001 and so on."""
    for number in range(projects):
        project = "edrone" if number == 0 else f"project{number:05d}"
        folder = root / project
        folder.mkdir(parents=True)
        for branch in ("default", "master", "develop"):
            (folder / f"{branch}.yaml").write_text(pipeline(project, branch))
    (root / "default.yaml").write_text(pipeline("any", "default"))
    return root


def pipeline(project: str, branch: str) -> str:
    """Write a pipeline of six steps."""
    steps = (STEP.format(number=number, project=project, branch=branch) for number in range(1, 7))
    return HEAD.format(project=project, branch=branch) + "".join(steps)
