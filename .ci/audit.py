"""`make audit`: known vulnerabilities of the locked packages (pip-audit), dangerous calls in the code (bandit).

Ends with 1 where something was found. Where the service of known vulnerabilities cannot be asked, or does not know a
package, that is said, loudly, as what it is: not looked up. With STRICT=1 that ends with 1 as well.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

BIN = Path(sys.executable).parent
# Without demo/standin: it plays a Drone for demonstrations and tests, and nobody else reaches it.
CODE = (
    "builds",
    "configs",
    "demo/sample_data",
    "drone_api",
    "edrone_site",
    "pipelines",
    "texts",
    "web",
    "manage.py",
)
LOCKED = ("requirements.txt", "requirements-dev.txt")
PATIENCE = 600  # seconds


@dataclass
class Looked:
    """What came of looking up the packages of a file."""

    known: int = 0  # packages that were looked up
    vulnerable: list[str] = field(default_factory=list)  # a line each
    skipped: list[str] = field(default_factory=list)  # names of packages that the service does not know
    failed: str = ""  # why nothing could be looked up; empty where it could


def main() -> int:
    """Run both, say what was found, and give the exit code."""
    bandit = [BIN / "bandit", "--quiet", "--configfile", "pyproject.toml", "-ll", "-ii", "--recursive"]
    code = subprocess.run([*bandit, *CODE], check=False).returncode  # noqa: S603 - our own
    say(f"bandit: {'nothing' if code == 0 else 'see above'}, of medium severity and confidence or more, in {', '.join(CODE)}.")
    for name in LOCKED:
        looked = report(*pip_audit(name))
        for line in looked.vulnerable:
            say(f"pip-audit: {name}: VULNERABLE: {line}")
        say(f"pip-audit: {name}: {summary(looked)}")
        if looked.vulnerable or ((looked.failed or looked.skipped) and os.environ.get("STRICT")):
            code = 1
    return 1 if code else 0


def pip_audit(name: str) -> tuple[str, str]:
    """Ask the service about the packages of a file, none of which is installed; give standard output and error."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json", "--requirement", name]
    try:
        done = subprocess.run(  # noqa: S603 - our own
            [BIN / "pip-audit", *options], capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer within {PATIENCE} seconds"
    return done.stdout, done.stderr


def report(printed: str, errors: str) -> Looked:
    """Read what pip-audit printed."""
    try:
        dependencies = json.loads(printed)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Looked(failed=(errors.strip().splitlines() or ["it printed nothing"])[-1])
    looked = Looked()
    for each in dependencies:
        if "skip_reason" in each:
            looked.skipped.append(each["name"])
            continue
        looked.known += 1
        for found in each["vulns"]:
            mended = ", ".join(found["fix_versions"]) or "none yet"
            looked.vulnerable.append(f"{each['name']} {each['version']}: {found['id']}; mended in: {mended}")
    return looked


def summary(looked: Looked) -> str:
    """Say in one line what is known now, and what is not."""
    if looked.failed:
        return f"NOT LOOKED UP: the service of known vulnerabilities could not be asked: {looked.failed}"
    found = f"{len(looked.vulnerable)} known vulnerabilities in the {looked.known} packages that were looked up"
    if not looked.skipped:
        return f"{found}."
    names = ", ".join(looked.skipped)
    return (
        f"{found}. NOT LOOKED UP, since the service (pypi.org) had no answer about them: {len(looked.skipped)} packages: {names}."
    )


def say(line: str) -> None:
    """Print a line at once, so that it stands where it belongs between those of other programs."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
