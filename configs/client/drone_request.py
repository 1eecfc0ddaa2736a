"""A configuration request as Drone makes it (docs/drone.md 1.2, 1.3, 1.8), for asking edrone by hand."""

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from httpsig.sign import HeaderSigner

from configs.endpoint.signature import CONFIGURATION
from pipelines.build_request import BuildRequest

SIGNED = ("accept", "accept-encoding", "content-type", "date", "digest")  # in Drone's order
EMPTY_BUILD = {
    "id": 0, "repo_id": 0, "trigger": "", "number": 0, "status": "", "event": "", "action": "", "link": "", "timestamp": 0,
    "message": "", "before": "", "after": "", "ref": "", "source_repo": "", "source": "", "target": "", "author_login": "",
    "author_name": "", "author_email": "", "author_avatar": "", "sender": "", "debug": False, "started": 0, "finished": 0,
    "created": 0, "updated": 0, "version": 0,
}  # fmt: skip
EMPTY_REPO = {
    "id": 0, "uid": "", "user_id": 0, "namespace": "", "name": "", "slug": "", "scm": "", "git_http_url": "", "git_ssh_url": "",
    "link": "", "default_branch": "", "private": False, "visibility": "", "active": True, "config_path": ".drone.yml",
    "trusted": False, "protected": False, "ignore_forks": False, "ignore_pull_requests": False,
    "auto_cancel_pull_requests": False, "auto_cancel_pushes": False, "auto_cancel_running": False, "throttle": 0, "timeout": 60,
    "counter": 0, "synced": 0, "created": 0, "updated": 0, "version": 0, "build": EMPTY_BUILD,
}  # fmt: skip


def request_for(slug: str, branch: str, event: str, tag: str) -> BuildRequest:
    """Return a build request as Drone would send it: for a branch (for a pull request the base branch), or for a tag."""
    namespace, _, name = slug.rpartition("/")
    if not namespace or not name:
        raise ValueError(f"{slug!r} is not a repository: write namespace/name.")
    if tag:
        return BuildRequest(namespace, name, event or "tag", f"refs/tags/{tag}", tag)
    ref = "refs/pull/1/head" if event == "pull_request" else f"refs/heads/{branch}"
    return BuildRequest(namespace, name, event or "push", ref, branch)


def body(request: BuildRequest, created: int, text: str | None = None) -> bytes:
    """Return the body of a request for a configuration, or for the conversion of a text.

    `created` is in Unix seconds, 0 where a person asks and there is no build.
    """
    optional = {"deploy_to": request.deploy_to, "parent": request.parent, "params": dict(request.params)}
    build = EMPTY_BUILD | {
        "trigger": request.trigger,
        "status": "pending",
        "event": request.event,
        "ref": request.ref,
        "source": request.target,
        "target": request.target,
        "number": request.number,
        "id": request.build_id or request.number,
        "repo_id": request.repo_id,
        "action": request.action,
        "after": request.after,
        "author_login": request.author,
        "sender": request.sender,
        "source_repo": request.source_repo,
        "created": created,
        "updated": created,
    } | {name: value for name, value in optional.items() if value}  # fmt: skip
    repo = EMPTY_REPO | {"id": request.repo_id, "namespace": request.namespace, "name": request.name, "slug": request.slug}
    repo |= {"config_path": request.config_path, "protected": request.protected}
    config = {} if text is None else {"config": {"data": text, "kind": ""}}
    content = {"build": build, **config, "repo": repo, "token": {"access": "", "refresh": ""}}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def signed_headers(
    content: bytes, secret: str, now: datetime, signed: Sequence[str] = SIGNED, accept: str = CONFIGURATION.accept
) -> dict[str, str]:
    """Return the headers of a request with its signature; `signed` names what the signature covers."""
    headers = {
        "accept": accept,
        "accept-encoding": "identity",
        "content-type": "application/json",
        "date": format_datetime(now, usegmt=True),
        "digest": "SHA-256=" + base64.b64encode(hashlib.sha256(content).digest()).decode(),
    }
    signer = HeaderSigner("hmac-key", secret.encode(), "hmac-sha256", list(signed), sign_header="signature")
    return dict(signer.sign(headers))
