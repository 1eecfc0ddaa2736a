"""What a confirmation says: what is started or changed, what is there now, with which inputs, and through which grant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from builds.access.rules import granting
from builds.drone_db.masking import masked
from builds.drone_db.models import Build, Repo
from builds.drone_db.production import is_production
from builds.starting import operations
from builds.starting.attempts import TargetInputs, target_of, target_started, targets
from builds.starting.behind import BRANCH, pushes
from builds.starting.commands import BuildCommand
from builds.starting.models import STARTING, Verb
from builds.starting.people import Person, people
from builds.starting.required_grant import LEVEL_NAMES, required_grant
from builds.starting.target_states import TargetState, given, target_state
from texts.sentence import translated

NAMED = 5  # parameters that one warning names


@dataclass(frozen=True)
class Deed:
    what: Build | None  # whose commit is built, or what it is done to; None: no build of the branch is known
    branch: str  # of a new build
    person: Person | None  # of `what`
    target: str  # that is deployed to; empty: none
    there: TargetState | None  # what is at the target now; None: never deployed to, as far as was looked
    newer: int | None  # commits that `what` is ahead of what is there; negative: behind; None: not known
    inputs: dict[str, str]  # parameters that are sent, secret-looking values masked
    carried: dict[str, str]  # parameters that come along from the build, likewise
    user: str
    grant: str  # what allows it, see `grant_of`
    warnings: tuple[str, ...]

    @property
    def production(self) -> bool:
        return is_production(self.target)

    @property
    def older(self) -> int:
        return -self.newer if self.newer is not None and self.newer < 0 else 0


class Parameters(NamedTuple):
    sent: Mapping[str, str]
    kept: Mapping[str, str]  # that Drone copies from the build


def deed_of(user: Any, repo: Repo, command: BuildCommand, build: Build | None, params: Parameters) -> Deed:
    """Say what a command does.

    Args:
        user: who gives it.
        repo: where.
        command: with the defaults of the operation's inputs.
        build: that it is done to; None for a new one.
        params: those that the new build will have.
    """
    what = build or newest_of(repo, command.branch)
    target = target_to(repo, command, build, params)
    there = target_state(repo, target) if target else None
    carried = masked(given(params.kept))
    return Deed(
        what=what,
        branch=command.branch if build is None else "",
        person=people([(repo.slug, what)])[what.id] if what else None,
        target=target,
        there=there,
        newer=ahead(repo, what, there),
        inputs=masked(given(params.sent)),
        carried=carried,
        user=user.get_username(),
        grant=grant_of(user, repo, command, build),
        warnings=tuple(warnings(command, build, target, carried)),
    )


def target_to(repo: Repo, command: BuildCommand, build: Build | None, params: Parameters) -> str:
    """Return where a command deploys to; empty where it deploys nothing. Of an operation, so say the inputs of the new build."""
    if command.verb in {Verb.PROMOTE, Verb.ROLLBACK}:
        return command.target
    if command.verb not in STARTING:
        return ""
    if build and command.only_failed and (target := target_started(build)):
        return target
    if build and not operations.name_of(build):
        return build.deploy_to
    operation = operations.name_of(build) if build else command.operation
    name = TargetInputs([repo]).input_of(repo.id, operation) if operation else ""
    value = {**params.sent, **params.kept}.get(name, "")
    return value if masked({name: value})[name] == value else ""


def newest_of(repo: Repo, branch: str) -> Build | None:
    """Return the newest build of a branch that has its commit from there: the commit that a new build most likely takes."""
    ref = branch if branch.startswith("refs/") else BRANCH + (branch or repo.default_branch)
    return Build.objects.filter(repo_id=repo.id, ref=ref, parent=0).order_by("-number").first()


def ahead(repo: Repo, what: Build | None, there: TargetState | None) -> int | None:
    """Return how many commits of its branch a build is ahead of what is live."""
    if what is None or there is None or there.live is None:
        return None
    if what.after == there.live.build.after:
        return 0
    return pushes([repo], what.ref if what.ref.startswith(BRANCH) else "")[repo.id].between(there.live.build.after, what.after)


def grant_of(user: Any, repo: Repo, command: BuildCommand, build: Build | None) -> str:
    """Say what allows a command: level and pattern of a grant, Drone, or being an administrator."""
    required = required_grant(command, build, operations.level(repo, command, build))
    grant = granting(user, required.level, repo.slug, required.scope)
    if grant is None:
        return _("as an administrator") if user.is_superuser else _("through your permission in Drone")
    level = translated(LEVEL_NAMES[required.level.__class__(grant.level)], _)
    limited = f" ({grant.only})" if grant.only else ""
    named = _("%(level)s on %(pattern)s") % {"level": level, "pattern": grant.pattern} + limited
    return _("through the grant “%(grant)s”") % {"grant": named}


def warnings(command: BuildCommand, build: Build | None, target: str, carried: Mapping[str, str]) -> list[str]:
    """Say what is easily overlooked: parameters of the parent that name another target."""
    if build is None or not carried or command.verb not in {Verb.PROMOTE, Verb.ROLLBACK}:
        return []
    others = {target_of(build.repo, build), build.deploy_to, *targets(build.repo)} - {target, ""}
    wrong = [f"{name}={value}" for name, value in carried.items() if value in others or looks_like_target(name, value, target)]
    if not wrong:
        return []
    values = {"params": ", ".join(wrong[:NAMED]), "number": build.number, "target": target}
    return [_("%(params)s comes along from #%(number)s, although this deploys to %(target)s.") % values]


def looks_like_target(name: str, value: str, target: str) -> bool:
    """Return whether a parameter is called as the input of a target is by custom, and names another one."""
    return name.casefold() in {"target", "environment", "deploy_to"} and value not in {target, ""}
