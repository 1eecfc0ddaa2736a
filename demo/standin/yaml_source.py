"""Asks edrone for the YAML of a build, as Drone does (docs/drone.md 1.2 to 1.8)."""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from configs.client.drone_request import EMPTY_BUILD, EMPTY_REPO, signed_headers
from configs.endpoint.signature import CONVERSION
from demo.standin.database import Row, written
from demo.standin.transport import said

CACHED = 10  # answers, for the whole server
NOT_FOUND = "Not Found"
MINUTE = 60.0  # seconds
COPIED = (
    "id", "repo_id", "trigger", "number", "parent", "status", "event", "action", "link", "title", "message", "before", "after", "ref",
    "source_repo", "source", "target", "author_login", "author_name", "author_email", "author_avatar", "sender", "params", "deploy_to",
    "started", "finished", "created", "updated", "version",
)  # fmt: skip
EMPTY_IS_OMITTED = {"parent", "title", "params", "deploy_to"}


class NotConverted(Exception):
    """The conversion failed; the message is the build's error."""


class NoConfig(Exception):
    """There is no YAML; the message is Drone's."""


@dataclass
class YamlSource:
    """Drone's client of its configuration endpoint, with Drone's cache."""

    endpoint: str  # DRONE_YAML_ENDPOINT
    secret: str  # DRONE_YAML_SECRET
    caching: bool = True  # Drone has no switch for it
    timeout: float = MINUTE
    convert: str = ""  # DRONE_CONVERT_PLUGIN_ENDPOINT; empty: not set
    convert_caching: bool = True  # False: DRONE_CONVERT_PLUGIN_CACHE_SIZE=0
    own_files: dict[str, str] = field(default_factory=dict)  # what the forge has, by repository
    converted: OrderedDict[tuple[Any, ...], str] = field(default_factory=OrderedDict)
    cache: OrderedDict[tuple[Any, ...], str] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def text(self, build: Mapping[str, Any], repo: Row) -> str:
        """Return the YAML of a build.

        Raises:
            NoConfig: the endpoint has none, nor has the forge.
            NotConverted: it could not be converted.
        """
        try:
            text = self.configuration(build, repo)
        except NoConfig as error:
            if str(error) != NOT_FOUND or repo["repo_slug"] not in self.own_files:
                raise
            text = self.own_files[repo["repo_slug"]]
        return self.conversion(build, repo, text) if self.convert else text

    def conversion(self, build: Mapping[str, Any], repo: Row, text: str) -> str:
        """Return what a text is converted to. In the key of Drone's cache is neither the time nor the text."""
        key = (repo["repo_id"], build["event"], build["action"], build["ref"], build["after"], repo["repo_config"])
        with self.lock:
            if self.convert_caching and key in self.converted:
                self.converted.move_to_end(key)
                return self.converted[key]
        content = body(build, repo, text)
        headers = signed_headers(content, self.secret, datetime.now(UTC), accept=CONVERSION.accept)
        try:
            answer = requests.post(self.convert, data=content, headers=headers, timeout=self.timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise NotConverted(said(self.convert, error)) from None
        if answer.status_code >= 300:
            raise NotConverted(answer.text or answer.reason)
        if answer.status_code == 204:
            return text
        try:
            converted = data_of(answer.content)
        except ValueError as error:
            raise NotConverted(str(error)) from None
        if not converted:
            return text
        with self.lock:
            self.converted[key] = converted
            while len(self.converted) > CACHED:
                self.converted.popitem(last=False)
        return converted

    def configuration(self, build: Mapping[str, Any], repo: Row) -> str:
        key = (
            repo["repo_id"],
            build["created"],
            build["event"],
            build["action"],
            build["ref"],
            build["after"],
            repo["repo_config"],
        )
        with self.lock:
            if self.caching and key in self.cache:
                self.cache.move_to_end(key)
                return self.cache[key]
        text = self.ask(body(build, repo))
        with self.lock:
            if build["after"]:
                self.cache[key] = text
            while len(self.cache) > CACHED:
                self.cache.popitem(last=False)
        return text

    def ask(self, content: bytes) -> str:
        """Send the request and read the answer as Drone does."""
        headers = signed_headers(content, self.secret, datetime.now(UTC)) | {"user-agent": "Go-http-client/1.1"}
        try:
            answer = requests.post(self.endpoint, data=content, headers=headers, timeout=self.timeout, allow_redirects=False)
        except requests.RequestException as error:
            raise NoConfig(said(self.endpoint, error)) from None
        if answer.status_code >= 300:
            raise NoConfig(answer.text or answer.reason)
        data = ""
        if answer.status_code != 204:
            try:
                data = data_of(answer.content)
            except ValueError as error:
                raise NoConfig(str(error)) from None
        if not data:  # Drone now reads the repository's own file, three times, with pauses; the stand-in's have none
            raise NoConfig(NOT_FOUND)
        return data


def data_of(content: bytes) -> str:
    """Return the YAML in an answer; empty where there is none.

    Raises:
        ValueError: it cannot be read, with Drone's words.
    """
    try:
        fields = json.loads(content) or {}
        return str(next((value for name, value in fields.items() if name.lower() == "data"), ""))
    except (ValueError, AttributeError):
        raise ValueError("unexpected end of JSON input") from None


def body(build: Mapping[str, Any], repo: Row, text: str | None = None) -> bytes:
    """Write the body of a request; `text`: what is to be converted, or was."""
    values = {key: build[key] for key in COPIED if build.get(key) or key not in EMPTY_IS_OMITTED}
    repository = EMPTY_REPO | {
        "id": repo["repo_id"], "uid": repo["repo_uid"], "user_id": repo["repo_user_id"], "namespace": repo["repo_namespace"],
        "name": repo["repo_name"], "slug": repo["repo_slug"], "git_http_url": repo["repo_clone_url"], "git_ssh_url": repo["repo_ssh_url"],
        "link": repo["repo_html_url"], "default_branch": repo["repo_branch"], "private": bool(repo["repo_private"]),
        "visibility": repo["repo_visibility"], "active": bool(repo["repo_active"]), "trusted": bool(repo["repo_trusted"]),
        "protected": bool(repo["repo_protected"]), "config_path": repo["repo_config"], "timeout": repo["repo_timeout"],
    }  # fmt: skip
    ordered = {key: (EMPTY_BUILD | values)[key] for key in ORDER if key in EMPTY_BUILD or key in values}
    config = {} if text is None else {"config": {"data": text, "kind": ""}}
    return written({"build": ordered, **config, "repo": repository, "token": {"access": "", "refresh": ""}})


ORDER = (
    "id", "repo_id", "trigger", "number", "parent", "status", "event", "action", "link", "timestamp", "title", "message", "before",
    "after", "ref", "source_repo", "source", "target", "author_login", "author_name", "author_email", "author_avatar", "sender", "params",
    "deploy_to", "debug", "started", "finished", "created", "updated", "version",
)  # fmt: skip
