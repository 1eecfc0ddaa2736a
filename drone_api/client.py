"""Drone's HTTP API, as far as edrone writes through it, and what Drone's database does not hold (docs/drone.md 4).

Every failure leaves this module as DroneError. Nothing is ever asked twice by itself.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from drone_api import answers
from drone_api.calls import Call, Query, Reply
from drone_api.errors import DroneError
from drone_api.refusals import garbled, no_build, refused
from drone_api.transport import Transport
from texts.sentence import Sentence

BUILDS = "/api/repos/{}/{}/builds"
BUILD = BUILDS + "/{}"
PROMOTE, ROLLBACK = BUILD + "/promote", BUILD + "/rollback"
APPROVE, DECLINE, DECLINE_ALL = BUILD + "/approve/{}", BUILD + "/decline/{}", BUILD + "/decline"
LOGS = BUILD + "/logs/{}/{}"
VERSION, USER = "/version", "/api/user"

# Seconds. Drone answers a call that starts a build only after its own, which may take a minute each: the forge, edrone,
# a converter, a validator, webhooks. Hanging up earlier would cancel the build (docs/drone.md 2.2).
WRITES, READS = 200.0, 30.0
ANSWER, LOG = 4 * 1024 * 1024, 32 * 1024 * 1024  # bytes; a runner sends 5 MiB of log at most, if it is not told otherwise
OK, NO_CONTENT = 200, 204
READ_BY_DRONE = frozenset({"access_token", "branch", "commit", "message", "action"})  # beside what a call reads itself

WEB_PAGE = re.compile(rb"\s*<(?:!doctype|html)\b", re.IGNORECASE)  # a proxy's, where Drone's answer should be
NEVER_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

Value = TypeVar("Value")
Params = Mapping[str, str]


class RepoName(NamedTuple):
    """A repository by its name."""

    namespace: str
    name: str


@dataclass(frozen=True)
class CustomBuild:
    """What a custom build builds; Drone chooses what is empty."""

    branch: str = ""  # or a whole ref; empty: the default branch
    commit: str = ""  # empty: the newest of the branch
    message: str = ""  # empty: the commit's
    action: str = ""  # Drone 2.19 and later


class Client:
    """One Drone server, asked in the name of one of its administrators. Safe for threads."""

    def __init__(self, transport: Transport, writes: float = WRITES, reads: float = READS) -> None:
        self.transport, self.writes, self.reads = transport, writes, reads
        self.forget()

    def forget(self) -> None:
        """Ask anew what is asked once: the server may have been upgraded, or its users renamed."""
        self.known_version = self.known_login = ""

    def create(self, repo: RepoName, wanted: CustomBuild, params: Params) -> answers.BuildAnswer:
        """Start a custom build.

        Raises:
            DroneError: 422 where Drone made no build and said nothing.
        """
        return self.started(path(BUILDS, repo), asdict(wanted), params)

    def restart(self, repo: RepoName, number: int, params: Params, *, debug: bool = False) -> answers.BuildAnswer:
        """Start a build anew; parameters that it had win over those given here."""
        return self.started(path(BUILD, repo, number), {"debug": "true" if debug else ""}, params)

    def promote(self, repo: RepoName, number: int, target: str, params: Params) -> answers.BuildAnswer:
        """Promote a build to a target; parameters given here win over those that it had."""
        return self.started(path(PROMOTE, repo, number), {"target": target}, params)

    def rollback(self, repo: RepoName, number: int, target: str, params: Params) -> answers.BuildAnswer:
        """Roll a target back to a build; parameters as for promote."""
        return self.started(path(ROLLBACK, repo, number), {"target": target}, params)

    def cancel(self, repo: RepoName, number: int) -> answers.BuildAnswer:
        """Cancel a build; give it with its stages. One that has finished is given as it is."""
        where = path(BUILD, repo, number)
        return build_of(self.write("DELETE", where))

    def approve(self, repo: RepoName, number: int, stage: int) -> None:
        """Let a blocked stage run."""
        self.write("POST", path(APPROVE, repo, number, stage), expected=NO_CONTENT)

    def decline(self, repo: RepoName, number: int, stage: int | None = None) -> None:
        """Decline a blocked stage, or all of a build (Drone 2.23 and later)."""
        where = path(DECLINE_ALL, repo, number) if stage is None else path(DECLINE, repo, number, stage)
        self.write("POST", where, expected=NO_CONTENT)

    def log(self, repo: RepoName, number: int, stage: int, step: int) -> bytes:
        """Give the log of a finished step as it was stored: whatever a runner or a person put there, Drone hands on."""
        reply = self.read(path(LOGS, repo, number, stage, step), LOG)
        if WEB_PAGE.match(reply.body):
            raise garbled(reply, Sentence("it is a web page"))
        return reply.body

    def version(self) -> str:
        """Give the server's version. It is asked once; 2.28.2 says 2.28.1, and some others are one behind as well."""
        version = self.known_version or parsed(answers.version, self.read(VERSION))
        self.known_version = version
        return version

    def login(self) -> str:
        """Give the login of the user whose token this client has. It is asked once."""
        login = self.known_login or parsed(answers.login, self.read(USER))
        self.known_login = login
        return login

    def started(self, where: str, asked: Mapping[str, str], params: Params) -> answers.BuildAnswer:
        """Make a call that starts a build."""
        for name in params:
            if not name or name in READ_BY_DRONE or name in asked:
                taken = Sentence("A parameter cannot be named “%(name)s”: Drone uses this name itself.", name=name)
                raise DroneError(taken, 400, permanent=True)
        query = [(name, value) for name, value in asked.items() if value]
        return build_of(self.write("POST", where, [*query, *params.items()]))

    def write(self, method: str, where: str, query: Query = (), expected: int = OK) -> Reply:
        """Make a call that changes something."""
        return self.accepted(self.transport.ask(Call(method, where, query, self.writes, ANSWER)), expected)

    def read(self, where: str, limit: int = ANSWER) -> Reply:
        return self.accepted(self.transport.ask(Call("GET", where, (), self.reads, limit)), OK)

    def accepted(self, reply: Reply, expected: int) -> Reply:
        if reply.status != expected:
            raise refused(reply, self.transport.server)
        return reply


def build_of(reply: Reply) -> answers.BuildAnswer:
    """Read the build that Drone answered."""
    found = parsed(answers.build, reply)
    if found is None:
        raise no_build()
    return found


def parsed(parse: Callable[[bytes], Value], reply: Reply) -> Value:
    try:
        return parse(reply.body)
    except answers.WrongForm as error:
        problem = error.args[0]
    raise garbled(reply, problem)


def path(form: str, repo: RepoName, *numbers: int) -> str:
    """Write a path, so that no name can lead elsewhere."""
    if any(part in {"", ".", ".."} or NEVER_IN_A_NAME.search(part) for part in repo):
        raise DroneError(Sentence("There is no such repository."), 404, permanent=True)
    return form.format(*(quote(part, safe="") for part in repo), *map(int, numbers))
