"""Rows of Drone's tables as Drone's API shows them: the same keys, left out where Drone leaves them out (docs/drone.md 4.5).

Plain functions: a page of builds is a hundred such objects, and a serializer would take longer than the database.
"""

from collections.abc import Iterable
from typing import Any

from builds.access.models import Level
from builds.access.rules import level_of
from builds.drone_db.masking import masked
from builds.drone_db.models import Build, Repo, Stage, Step

Shape = dict[str, Any]


def user_shape(user: Any) -> Shape:
    """A user of edrone, in the form of Drone's; who has no password is a machine."""
    created = int(user.date_joined.timestamp())
    return {
        "id": user.pk,
        "login": user.get_username(),
        "email": user.email,
        "machine": not user.has_usable_password(),
        "admin": user.is_superuser,
        "active": user.is_active,
        "avatar": "",
        "syncing": False,
        "synced": 0,
        "created": created,
        "updated": created,
        "last_login": int(user.last_login.timestamp()) if user.last_login else 0,
    }


def repo_shape(repo: Repo, build: Build | None = None, permissions: Shape | None = None) -> Shape:
    return {
        "id": repo.id,
        "uid": repo.uid,
        "user_id": repo.user_id,
        "namespace": repo.namespace,
        "name": repo.name,
        "slug": repo.slug,
        "scm": repo.scm,
        "git_http_url": repo.git_http_url,
        "git_ssh_url": repo.git_ssh_url,
        "link": repo.link,
        "default_branch": repo.default_branch,
        "private": repo.private,
        "visibility": repo.visibility,
        "active": repo.active,
        "config_path": repo.config_path,
        "trusted": repo.trusted,
        "protected": repo.protected,
        "ignore_forks": repo.ignore_forks,
        "ignore_pull_requests": repo.ignore_pull_requests,
        "auto_cancel_pull_requests": repo.auto_cancel_pull_requests,
        "auto_cancel_pushes": repo.auto_cancel_pushes,
        "auto_cancel_running": repo.auto_cancel_running,
        "timeout": repo.timeout,
        **present(throttle=repo.throttle),
        "counter": repo.counter,
        "synced": repo.synced,
        "created": repo.created,
        "updated": repo.updated,
        "version": repo.version,
        **present(build=build_shape(build) if build else None, permissions=permissions),
        "archived": False,
    }


def permissions_shape(user: Any, slug: str) -> Shape:
    """What a user may do, in Drone's words: who may run may write, who may deploy is an administrator of the repository."""
    level = level_of(user, slug) or 0
    return {"read": level >= Level.VIEW, "write": level >= Level.RUN, "admin": level >= Level.DEPLOY}


def build_shape(build: Build, stages: Iterable[Shape] = ()) -> Shape:
    """A build; values of parameters that look secret are masked."""
    return {
        "id": build.id,
        "repo_id": build.repo_id,
        "trigger": build.trigger,
        "number": build.number,
        **present(parent=build.parent),
        "status": build.status,
        **present(error=build.error),
        "event": build.event,
        "action": build.action,
        "link": build.link,
        "timestamp": build.timestamp,
        **present(title=build.title),
        "message": build.message,
        "before": build.before,
        "after": build.after,
        "ref": build.ref,
        "source_repo": build.source_repo,
        "source": build.source,
        "target": build.target,
        "author_login": build.author_login,
        "author_name": build.author_name,
        "author_email": build.author_email,
        "author_avatar": build.author_avatar,
        "sender": build.sender,
        **present(
            params=masked(build.params),
            cron=build.cron,
            deploy_to=build.deploy_to,
            deploy_id=build.deploy_id,
            debug=build.debug,
        ),
        "started": build.started,
        "finished": build.finished,
        "created": build.created,
        "updated": build.updated,
        "version": build.version,
        **present(stages=list(stages)),
    }


def stage_shape(stage: Stage, steps: Iterable[Shape] = ()) -> Shape:
    return {
        "id": stage.id,
        "repo_id": stage.repo_id,
        "build_id": stage.build_id,
        "number": stage.number,
        "name": stage.name,
        **present(kind=stage.kind, type=stage.type),
        "status": stage.status,
        **present(error=stage.error),
        "errignore": stage.errignore,
        "exit_code": stage.exit_code,
        **present(machine=stage.machine),
        "os": stage.os,
        "arch": stage.arch,
        **present(variant=stage.variant, kernel=stage.kernel, limit=stage.limit, throttle=stage.throttle),
        "started": stage.started,
        "stopped": stage.stopped,
        "created": stage.created,
        "updated": stage.updated,
        "version": stage.version,
        "on_success": stage.on_success,
        "on_failure": stage.on_failure,
        **present(depends_on=stage.depends_on, labels=stage.labels, steps=list(steps)),
    }


def step_shape(step: Step) -> Shape:
    """A step; Drone calls the id of its stage `step_id`."""
    return {
        "id": step.id,
        "step_id": step.stage_id,
        "number": step.number,
        "name": step.name,
        "status": step.status,
        **present(error=step.error, errignore=step.errignore),
        "exit_code": step.exit_code,
        **present(started=step.started, stopped=step.stopped),
        "version": step.version,
        **present(depends_on=step.depends_on, image=step.image, detached=step.detached, schema=step.schema),
    }


def present(**values: Any) -> Shape:
    """Keep what is not empty, zero or false."""
    return {name: value for name, value in values.items() if value}
