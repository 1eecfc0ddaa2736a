"""A tree that `git checkout` changes in place, many times a second, and what each of its branches may be served then."""

import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

CLIENTS = 3
PERIOD = 0.05  # seconds from one checkout to the next
LINES = {"small": 60, "large": 1200}  # 3 and 60 KB
COMMITS = ("old", "new")


@dataclass
class Checkouts:
    """The repository, and what it says."""

    folder: Path
    texts: dict[str, dict[str, str]]  # branch → commit → the file that serves it

    @property
    def projects(self) -> Path:
        return self.folder / "projects"

    def wrong(self, branch: str, text: str) -> str:
        """Say what is wrong with an answer; empty where it is the whole file of one of the commits."""
        if text in self.texts[branch].values():
            return ""
        return f"{branch}: {len(text)} characters, {sorted(set(text.splitlines()))[:8]}"


def text(name: str, commit: str, size: str = "small") -> str:
    return f"# {name} of the {commit} commit, whole to its last line\n" * LINES[size] + f"kind: pipeline\nname: {name}-{commit}\n"


def files(commit: str) -> dict[str, str]:
    """The tree at a commit. Its paths differ as well: files, endings and whole folders come and go."""
    extending = f"kind: pipeline\nname: {commit}\nsteps:\n- extends: _shared/step.yaml\n"
    found = {
        "default.yaml": text("root", commit),
        "shop/default.yaml": text("default", commit),
        "shop/small.yaml": text("small", commit),
        "shop/large.yaml": text("large", commit, "large"),
        "shop/same.yaml": text("same", "either"),
        "shop/extending.yaml": extending,
        "_shared/step.yaml": f"name: {commit}\nimage: {commit}\n",
        "shop/ending.yaml" if commit == "old" else "shop/ending.yml": text("ending", commit),
        "shop/deep/only.yaml": text("deep", commit, "large"),
    }
    if commit == "new":
        found |= {"shop/comes.yaml": text("comes", commit, "large"), "shop/folder/comes.yaml": text("folder", commit)}
    else:
        found |= {"shop/goes.yaml": text("goes", commit), "_shared/needed.yaml": "name: needed\n"}
        found["shop/needing.yaml"] = "kind: pipeline\nsteps:\n- extends: _shared/needed.yaml\n"
    return found


def served(commit: str) -> dict[str, str]:
    """What each branch is served at a commit."""
    found, default = files(commit), text("default", commit)
    whole = {
        branch: found.get(f"shop/{branch}.yaml") or found.get(f"shop/{branch}.yml") or default
        for branch in ("small", "large", "same", "ending", "comes", "goes", "deep/only", "folder/comes", "none")
    }
    step = f"steps:\n- name: {commit}\n  image: {commit}\n"
    return whole | {
        "extending": f"kind: pipeline\nname: {commit}\n{step}",
        "needing": "kind: pipeline\nsteps:\n- name: needed\n" if commit == "old" else default,
    }


def repository(folder: Path) -> Checkouts:
    """Make a repository with both commits, the new one checked out."""
    git(folder.parent, "init", "--quiet", str(folder))
    for commit in COMMITS:
        for path in [path for path in folder.glob("projects/**/*") if path.is_file()]:
            path.unlink()
        for name, content in files(commit).items():
            file = folder / "projects" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        git(folder, "add", "--all")
        git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", commit)
        git(folder, "tag", commit)
    by_commit = {commit: served(commit) for commit in COMMITS}
    return Checkouts(folder, {branch: {commit: by_commit[commit][branch] for commit in COMMITS} for branch in by_commit["old"]})


@dataclass
class Answers:
    """What clients got meanwhile."""

    right: Counter[str] = field(default_factory=Counter)  # by branch
    wrong: Counter[str] = field(default_factory=Counter)  # by what is wrong


def asked_during_checkouts(made: Checkouts, ask: Callable[[str], str], checkouts: int) -> Answers:
    """Check out one commit after the other, as often as `PERIOD` says, while clients ask for all branches in turn."""
    answers, over = Answers(), threading.Event()

    def client(number: int) -> None:
        branches = list(made.texts)
        while not over.is_set():
            branch = branches[number % len(branches)]
            if wrong := made.wrong(branch, ask(branch)):
                answers.wrong[wrong] += 1
            else:
                answers.right[branch] += 1
            number += 1

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(client, number) for number in range(CLIENTS)]
        try:
            for number in range(checkouts):
                due = time.monotonic() + PERIOD
                git(made.folder, "checkout", "--quiet", COMMITS[number % 2])
                time.sleep(max(0, due - time.monotonic()))
        finally:
            over.set()
        for each in clients:
            each.result()
    return answers


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)
