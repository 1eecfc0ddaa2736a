"""A stand-in for a Gogs server: repositories without history, the account that Drone logs in with, and webhooks.

Only what Drone asks of Gogs. Its one file is a repository's own `.drone.yml`, the same in every commit, where it has one.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from demo.standin.http import LocalServer, Request, Response, serving

USER = {"id": 1, "login": "octocat", "username": "octocat", "full_name": "", "email": "octocat@example.com", "avatar_url": ""}
TIME = "2026-11-25T10:00:00Z"


class Forge:
    """Repositories of one account that may do everything, and the webhooks that Drone set up."""

    def __init__(self, *slugs: str) -> None:
        self.slugs = slugs
        self.hooks: dict[str, dict[str, str]] = {}  # slug → {url, secret}
        self.own_files: dict[str, str] = {}  # slug → .drone.yml
        self.commits = 0

    def answer(self, request: Request) -> Response:
        path = request.path.removeprefix("/api/v1")
        if path == "/user":
            return shown(USER)
        if path == f"/users/{USER['login']}/tokens":
            token = {"name": "default", "sha1": "token-of-the-forge"}
            return shown(token if request.method == "POST" else [token])
        if path == "/user/repos":
            return shown([self.repository(slug) for slug in self.slugs])
        if (match := re.fullmatch(r"/repos/([^/]+/[^/]+)/raw/[^/]+/\.drone\.yml", path)) and match[1] in self.own_files:
            return Response(200, self.own_files[match[1]].encode(), "text/plain")
        if match := re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path):
            return self.of_repository(request, match[1], match[2] or "")
        return Response(404)

    def of_repository(self, request: Request, slug: str, path: str) -> Response:
        if slug not in self.slugs:
            return Response(404)
        kind, _, name = path.removeprefix("/").partition("/")
        match kind:
            case "":
                return shown(self.repository(slug))
            case "hooks" if request.method == "POST":
                self.hooks[slug] = json.loads(request.body)["config"]
                return shown({"id": 1, "active": True, "events": [], "config": self.hooks[slug]})
            case "branches":
                return shown({"name": name, "commit": self.commit(name, id_of(name))})
            case "commits":
                return shown({"sha": name, "commit": self.commit("looked up", name), "author": USER, "committer": USER})
        return shown([]) if kind == "hooks" else Response(404)

    def repository(self, slug: str) -> dict[str, Any]:
        owner, name = slug.split("/")
        may = {"admin": True, "push": True, "pull": True}
        return {
            "id": 1 + self.slugs.index(slug), "owner": USER | {"login": owner, "username": owner}, "name": name,
            "full_name": slug, "private": False, "fork": False, "html_url": f"http://forge/{slug}",
            "ssh_url": f"git@forge:{slug}.git", "clone_url": f"http://forge/{slug}.git", "default_branch": "master",
            "created_at": TIME, "updated_at": TIME, "permissions": may,
        }  # fmt: skip

    def commit(self, message: str, sha: str) -> dict[str, Any]:
        author = {"name": "The Octocat", "email": "octocat@example.com", "username": "octocat"}
        return {"id": sha, "message": message, "url": "", "author": author, "committer": author, "timestamp": TIME}

    def push(self, slug: str, branch: str, message: str = "a commit") -> requests.Response:
        """Send the webhook of a new commit; Drone's answer is the build."""
        self.commits += 1
        sha = id_of(f"{slug} {self.commits}")
        commits = [self.commit(message, sha)]
        event = {"ref": f"refs/heads/{branch}", "before": "0" * 40, "after": sha, "compare_url": "", "commits": commits}
        return self.call(slug, "push", event)

    def tag(self, slug: str, name: str) -> requests.Response:
        return self.call(slug, "create", {"ref": name, "ref_type": "tag", "sha": id_of(name), "default_branch": "master"})

    def pull(self, slug: str, number: int, head: str, base: str, fork: str = "") -> requests.Response:
        """Send the webhook of a new pull request, from the repository itself or from a fork."""
        repository = self.repository(slug)
        source = repository | {"full_name": fork or slug}
        pull = {
            "id": number, "number": number, "user": USER, "title": f"take {head}", "body": "", "state": "open",
            "head_branch": head, "head_repo": source, "base_branch": base, "base_repo": repository, "html_url": "",
        }  # fmt: skip
        return self.call(slug, "pull_request", {"action": "opened", "number": number, "pull_request": pull})

    def call(self, slug: str, event: str, content: dict[str, Any]) -> requests.Response:
        hook = self.hooks[slug]
        body = json.dumps(content | {"repository": self.repository(slug), "pusher": USER, "sender": USER}).encode()
        signature = hmac.new(hook["secret"].encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Gogs-Event": event, "X-Gogs-Signature": signature}
        return requests.post(hook["url"], body, headers=headers, timeout=60)


def id_of(text: str) -> str:
    """Return the id of a commit: 40 hexadecimal digits, the same for the same text."""
    return hashlib.sha1(text.encode()).hexdigest()


def shown(content: Any) -> Response:
    return Response(200, json.dumps(content).encode())


@contextmanager
def forge(*slugs: str) -> Iterator[tuple[Forge, LocalServer]]:
    made = Forge(*slugs)
    with serving(made.answer) as server:
        yield made, server
