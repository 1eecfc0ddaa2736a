"""The one door to everything that edrone asks Drone to do: allowed? well formed? recorded, asked, recorded, answered."""

from dataclasses import dataclass, replace
from typing import Any

from builds.drone_client import connected, slot
from builds.drone_db.masking import masked
from builds.drone_db.models import Build, Repo
from builds.starting import audit, operations, parameters
from builds.starting.commands import Caller, Wish
from builds.starting.errors import NoSuchBuild, Refused
from builds.starting.login import refuse_unnamed
from builds.starting.models import AuditRecord, Outcome, Verb
from builds.starting.needs import demand, need_of
from builds.starting.versions import refuse_old
from drone_api import client as drone
from drone_api.answers import BuildAnswer
from drone_api.client import Client
from drone_api.errors import DroneError
from texts.sentence import Sentence

OK, NO_CONTENT = 200, 204
STARTING = {Verb.CREATE, Verb.RESTART, Verb.PROMOTE, Verb.ROLLBACK}


@dataclass(frozen=True)
class Done:
    """What came of a wish."""

    status: int  # HTTP status, as Drone's
    build: dict[str, Any] | None  # as Drone answered it, with secret-looking parameters masked; None for approve and decline
    replayed: bool = False  # the answer to an earlier request with the same Idempotency-Key


def carry_out(caller: Caller, wish: Wish, repo: Repo) -> Done:
    """Do what somebody wants, once.

    Args:
        caller: who wants it.
        wish: what is wanted.
        repo: a repository that the caller may see.

    Raises:
        BuildsError: Forbidden, with what is missing; Refused, for what cannot be passed on; NoSuchBuild; the errors of a key
            that is in use; DroneError, where Drone refuses, fails, or says nothing.
    """
    if earlier := audit.first(caller, wish, repo.slug):
        return again(earlier)
    build = build_of(wish, repo)
    allowed(caller, wish, repo, build)
    whole = checked(wish, repo)
    sent = parameters_of(caller, whole, repo, build)
    kept = audit.begin(caller, wish, repo.slug, build, sent)
    if kept.outcome != Outcome.STARTED:
        return again(kept)
    try:
        with slot():
            client = connected()
            refuse_unnamed(client, wish, build)
            answered = ask(client, replace(whole, params=sent), drone.RepoName(repo.namespace, repo.name))
    except DroneError as error:
        audit.failed(kept, error)
        raise
    done = Done(OK, shown(answered)) if answered else Done(NO_CONTENT, None)
    audit.done(kept, done.status, done.build)
    return done


def build_of(wish: Wish, repo: Repo) -> Build | None:
    """Find the build that a wish is about; None for a new one."""
    if wish.verb == Verb.CREATE:
        return None
    build = Build.objects.filter(repo_id=repo.pk, number=wish.number).first()
    if build is None:
        raise NoSuchBuild(Sentence("Not Found: %(slug)s has no build %(number)s.", slug=repo.slug, number=wish.number))
    return build


def allowed(caller: Caller, wish: Wish, repo: Repo, build: Build | None) -> None:
    """Let through whoever may. What nobody can do is said first: that somebody misspelt it, not that a grant is missing.

    Raises:
        Forbidden: with what is missing.
        Refused: the target is missing.
        ConfigError: there is no such operation, or its file is broken.
    """
    if wish.verb in {Verb.PROMOTE, Verb.ROLLBACK} and not wish.target:
        raise Refused(Sentence("Missing target environment: set one, for example target=production."))
    demand(caller, repo.slug, need_of(wish, build, operations.level(repo, wish, build)))


def checked(wish: Wish, repo: Repo) -> Wish:
    """Refuse what cannot be passed on; fill in the defaults of an operation's inputs."""
    for name in parameters.COLUMNS:
        if parameters.NOT_IN_A_VALUE.search(getattr(wish, name)):
            raise Refused(Sentence("%(name)s contains a NUL character or is not Unicode text.", name=parameters.WORDS[name]))
        if len(getattr(wish, name)) > parameters.COLUMNS[name]:
            most = parameters.COLUMNS[name]
            raise Refused(
                Sentence("%(name)s is too long: Drone stores %(most)s characters.", name=parameters.WORDS[name], most=most)
            )
    parameters.refuse_bad(wish.params)
    return operations.checked(repo, wish) if wish.operation else wish


def parameters_of(caller: Caller, wish: Wish, repo: Repo, build: Build | None) -> dict[str, str]:
    """Give the parameters to send, and look whether Drone can keep what the build will have."""
    if wish.verb not in STARTING:
        return {}
    sent = {**wish.params, parameters.ACTOR: caller.user.get_username()}
    before = dict[str, str](build.params if build else {})
    if build and wish.verb == Verb.RESTART:  # of inputs that are newer than the build, or that Drone lost as it refused it
        sent = {name: value for name, value in operations.defaults(repo, build).items() if name not in before} | sent
    # As Drone puts them together: what a restarted build had wins, and otherwise what is sent (docs/drone.md 2.3).
    whole = {**sent, **before} if wish.verb == Verb.RESTART else {**before, **sent}
    among = {name: value for name, value in (("message", wish.message), ("action", wish.operation)) if value}
    parameters.refuse_too_much(whole | among)
    if build and wish.verb == Verb.RESTART:
        operations.refuse_restart(repo, build, whole)
    return sent


def ask(client: Client, wish: Wish, repo: drone.RepoName) -> BuildAnswer | None:
    """Ask Drone; None where it answers nothing."""
    refuse_old(client, wish)
    match wish.verb:
        case Verb.CREATE:
            wanted = drone.CustomBuild(wish.branch, wish.commit, wish.message, wish.operation)
            return client.create(repo, wanted, wish.params)
        case Verb.RESTART:
            return client.restart(repo, wish.number, wish.params, debug=wish.debug)
        case Verb.CANCEL:
            return client.cancel(repo, wish.number)
        case Verb.PROMOTE:
            return client.promote(repo, wish.number, wish.target, wish.params)
        case Verb.ROLLBACK:
            return client.rollback(repo, wish.number, wish.target, wish.params)
        case Verb.APPROVE:
            client.approve(repo, wish.number, wish.stage or 0)
        case Verb.DECLINE:
            client.decline(repo, wish.number, wish.stage)
    return None


def again(kept: AuditRecord) -> Done:
    """Give the answer of the first request once more."""
    if kept.outcome == Outcome.DONE:
        return Done(kept.status or OK, kept.answer, replayed=True)
    error = DroneError(kept.said, kept.status or 504, uncertain=True)
    error.replayed = True
    raise error


def shown(answered: BuildAnswer) -> dict[str, Any]:
    """Hide the values that look secret."""
    hidden = masked(answered.json["params"]) if answered.json.get("params") else {}
    return answered.json | ({"params": hidden} if hidden else {})
