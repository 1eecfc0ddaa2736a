"""Run git without a shell, prompts or input, and for a limited time."""

import os
import re
import signal
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from pipelines.errors import ConfigError

LIMIT = 600.0  # seconds for one command; a fetch takes the longest
# How git signs in is for the caller to decide. Other variables of git, such as those that a hook sets, name another repository.
PASSED_ON = ("GIT_CONFIG_", "GIT_SSH", "GIT_SSL_CAINFO")
NEVER_ASK = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "LC_ALL": "C"}
ADDRESS = re.compile(r"\w[\w+.-]*://[^\s']+")


class GitError(ConfigError):
    """Git failed; the message is one line and shows no credentials."""


class GitMissing(GitError):
    """Git is not installed, or cannot be run."""


def git(folder: Path, *arguments: str, problem: str = "", **variables: str) -> str:
    """Run git in a folder and return its output, stripped.

    Args:
        folder: to run in.
        arguments: of git; what people name must stand after --end-of-options.
        problem: a sentence that precedes what git says in the error.
        variables: of the environment, beside those that are passed on.

    Raises:
        GitError: with the first line that git wrote, or the limit that it exceeded.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith(PASSED_ON)}
    try:
        with subprocess.Popen(  # noqa: S603 - no shell, see `arguments`
            ["git", "-C", str(folder), *arguments],  # noqa: S607 - the git of the path
            env=environment | NEVER_ASK | variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, errors="surrogateescape", start_new_session=True,
        ) as process:  # fmt: skip
            try:
                output, errors = process.communicate(timeout=LIMIT)
            except BaseException:
                # The whole session, since git's helpers hold the pipes open; it has no terminal, so Ctrl-C reaches only us.
                os.killpg(process.pid, signal.SIGKILL)
                raise
    except subprocess.TimeoutExpired:
        reason = f"took longer than {LIMIT:g} s"
    except OSError as error:
        raise GitMissing(f"git cannot be run: {error.strerror}") from None
    else:
        if not process.returncode:
            return output.strip()
        line = errors.strip().removeprefix("fatal: ").split("\n")[0]
        reason = ADDRESS.sub(lambda address: without_credentials(address[0]), line)
    raise GitError(f"{problem} (git: {reason})" if problem and reason else problem or reason)


def without_credentials(address: str) -> str:
    """Return an address without what stands before its host or in its query, which may be a token."""
    return re.sub(r"\A(\w[\w+.-]*://)?.*@", r"\1", re.split(r"[?#]", address)[0], flags=re.DOTALL)


def write_files(repository: Path, inside: str, commit: str, folder: Path, problem: str) -> None:
    """Write the files of a commit, and of those of its submodules that are cloned, into an empty folder.

    Args:
        repository: a work tree or a bare repository; its index and files stay as they are.
        inside: the folder of the commit whose files are written; empty for all.
        commit: its full name.
        folder: to write to.
        problem: a sentence for the error.

    Raises:
        GitError: a file, or a commit of a submodule, is not there or cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="edrone-") as temporary:
        # With an index of its own, git writes the files as a checkout would, and the repository's index stays as it is.
        run = partial(git, repository, problem=problem, GIT_INDEX_FILE=os.path.join(temporary, "index"))
        run("read-tree", f"{commit}:{inside}")
        run(f"--work-tree={folder}", "checkout-index", "--all")
        for entry in run("ls-files", "--stage", "-z").split("\0"):
            mode_and_name, _, path = entry.partition("\t")
            submodule = repository / inside / path
            if mode_and_name.startswith("160000 ") and (submodule / ".git").exists():
                commit_of_it = mode_and_name.split(" ")[1]
                missing = f"{problem.removesuffix('.')}: its submodule {path} is at {commit_of_it}, which is not here; fetch it."
                write_files(submodule, "", commit_of_it, folder / path, missing)
