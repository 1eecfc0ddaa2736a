"""The client of Drone's HTTP API: commands, and what Drone's database does not hold (docs/drone.md 4).

Every failure leaves this module as DroneError. No request is ever repeated.
"""

import json
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
SIGN = "/api/repos/{}/{}/sign"
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
    namespace: str
    name: str


@dataclass(frozen=True)
class CustomBuild:
    """What a custom build builds; Drone fills in what is empty."""

    branch: str = ""  # or a whole ref; empty: the default branch
    commit: str = ""  # empty: the newest of the branch
    message: str = ""  # empty: the commit's
    action: str = ""  # Drone 2.19 and later


class Client:
    """The client of one Drone server, in the name of one of its administrators. Safe for threads."""

    def __init__(self, transport: Transport, writes: float = WRITES, reads: float = READS) -> None:
        self.transport, self.writes, self.reads = transport, writes, reads
        self.forget()

    def forget(self) -> None:
        """Forget the version and the login: the server may have been upgraded, or its users renamed."""
        self.known_version = ""
        self.known_account: answers.Account | None = None

    def create(self, repo: RepoName, wanted: CustomBuild, params: Params) -> answers.BuildAnswer:
        """Start a custom build.

        Raises:
            DroneError: with status 422 where Drone made no build and gave no reason.
        """
        return self.start_build(path(BUILDS, repo), asdict(wanted), params)

    def restart(self, repo: RepoName, number: int, params: Params, *, debug: bool = False) -> answers.BuildAnswer:
        """Restart a build; its own parameters win over those given here."""
        return self.start_build(path(BUILD, repo, number), {"debug": "true" if debug else ""}, params)

    def promote(self, repo: RepoName, number: int, target: str, params: Params) -> answers.BuildAnswer:
        """Promote a build to a target; parameters given here win over those that it had."""
        return self.start_build(path(PROMOTE, repo, number), {"target": target}, params)

    def rollback(self, repo: RepoName, number: int, target: str, params: Params) -> answers.BuildAnswer:
        """Roll a target back to a build; parameters as for promote."""
        return self.start_build(path(ROLLBACK, repo, number), {"target": target}, params)

    def cancel(self, repo: RepoName, number: int) -> answers.BuildAnswer:
        """Cancel a build and return it with its stages; one that has finished is returned as it is."""
        return build_of(self.write("DELETE", path(BUILD, repo, number)))

    def approve(self, repo: RepoName, number: int, stage: int) -> None:
        """Let a blocked stage run."""
        self.write("POST", path(APPROVE, repo, number, stage), expected=NO_CONTENT)

    def decline(self, repo: RepoName, number: int, stage: int | None = None) -> None:
        """Decline a blocked stage, or the whole build (Drone 2.23 and later)."""
        where = path(DECLINE_ALL, repo, number) if stage is None else path(DECLINE, repo, number, stage)
        self.write("POST", where, expected=NO_CONTENT)

    def log(self, repo: RepoName, number: int, stage: int, step: int, limit: int = LOG) -> bytes:
        """Return the log of a finished step as it was stored: Drone does not check what a runner put there.

        Raises:
            AnswerTooLarge: it has more than `limit` bytes, and no more were read.
        """
        reply = self.read(path(LOGS, repo, number, stage, step), limit)
        if WEB_PAGE.match(reply.body):
            raise garbled(reply, Sentence("it is a web page"))
        return reply.body

    def sign(self, repo: RepoName, text: str, wait: float) -> str:
        """Return the signature of a YAML, with the repository's key, within so many seconds. It changes nothing at Drone."""
        content = json.dumps({"data": text}).encode()
        call = Call("POST", path(SIGN, repo), (), wait, ANSWER, content, changes=False)
        return parsed(answers.signature, self.send(call, OK))

    def version(self) -> str:
        """Return the server's version, asked once. 2.28.2 calls itself 2.28.1, and some others are one behind as well."""
        self.known_version = version = self.known_version or parsed(answers.version, self.read(VERSION))
        return version

    def account(self) -> answers.Account:
        """Return the user whose token this client has, asked once."""
        self.known_account = account = self.known_account or parsed(answers.account, self.read(USER))
        return account

    def login(self) -> str:
        return self.account().login

    def start_build(self, where: str, own: Mapping[str, str], params: Params) -> answers.BuildAnswer:
        """Make a call that starts a build; `own` are the query parameters of the call itself."""
        for name in params:
            if not name or name in READ_BY_DRONE or name in own:
                raise DroneError(
                    Sentence("A parameter cannot be named “%(name)s”: Drone uses this name itself.", name=name),
                    400,
                    permanent=True,
                )
        query = [(name, value) for name, value in own.items() if value]
        return build_of(self.write("POST", where, [*query, *params.items()]))

    def write(self, method: str, where: str, query: Query = (), expected: int = OK) -> Reply:
        return self.send(Call(method, where, query, self.writes, ANSWER), expected)

    def read(self, where: str, limit: int = ANSWER) -> Reply:
        return self.send(Call("GET", where, (), self.reads, limit), OK)

    def send(self, call: Call, expected: int) -> Reply:
        reply = self.transport.ask(call)
        if reply.status != expected:
            raise refused(reply, self.transport.server)
        return reply


def build_of(reply: Reply) -> answers.BuildAnswer:
    """Read the build that Drone answered."""
    build = parsed(answers.build, reply)
    if build is None:
        raise no_build()
    return build


def parsed(parse: Callable[[bytes], Value], reply: Reply) -> Value:
    try:
        return parse(reply.body)
    except answers.WrongForm as error:
        problem = error.args[0]
    raise garbled(reply, problem)


def path(form: str, repo: RepoName, *numbers: int) -> str:
    """Return a path in which names are quoted, so that none leads elsewhere."""
    if any(part in {"", ".", ".."} or NEVER_IN_A_NAME.search(part) for part in repo):
        raise DroneError(Sentence("There is no such repository."), 404, permanent=True)
    return form.format(*(quote(part, safe="") for part in repo), *map(int, numbers))
