"""What Drone refuses, in words for the person who asked: what it means, and what to do (docs/drone.md 4, 2.1)."""

from drone_api import answers
from drone_api.calls import Reply
from drone_api.errors import DroneError
from drone_api.failures import BAD_REQUEST, MAY_BE_DONE, MULTIPLE_CHOICES, SERVER_ERROR, TIME_OUT, may_be_done
from texts.sentence import Sentence

LONGEST = 500  # characters of Drone's own words
UNAUTHORIZED, FORBIDDEN, CONFLICT = 401, 403, 409
NOT_MADE = Sentence(
    "Drone made no build, and does not say why. It does so where the commit's message has [ci skip] or the like, where the "
    "pull request or the fork is ignored by the repository's settings, where the owner of the repository is not active in "
    "Drone, where a validation extension says so, or where no pipeline's trigger matches this build."
)


def no_build() -> DroneError:
    """Drone answered `null`."""
    return DroneError(NOT_MADE, 422)


def garbled(reply: Reply, problem: str) -> DroneError:
    """An answer is not of the form that Drone's have."""
    uncertain = reply.call.writes and may_be_done(reply.status)
    return DroneError(
        Sentence(
            "What answers at DRONE_SERVER is not Drone, or not one that edrone knows: the answer to %(path)s cannot be read: "
            "%(problem)s%(remark)s.",
            path=reply.call.path,
            problem=problem,
            remark=MAY_BE_DONE if uncertain else "",
        ),
        502,
        uncertain=uncertain,
    )


def refused(reply: Reply, server: str) -> DroneError:
    """Translate a status other than the one that was expected."""
    words = said(reply)
    if reply.status == UNAUTHORIZED:
        unknown = Sentence("DRONE_TOKEN is not accepted: set it to the token of a Drone administrator.")
        return DroneError(unknown, 502, permanent=True)
    if reply.status == FORBIDDEN:
        refusal = Sentence(
            "DRONE_TOKEN must be that of a Drone administrator: its user may not do this%(words)s.", words=quoted(words)
        )
        return DroneError(refusal, 502, permanent=True)
    return (told(reply.status, words) if words else None) or untold(reply, server)


def told(status: int, words: str) -> DroneError | None:
    """Translate what Drone says itself; None where a status is not one of its own."""
    match status:
        case 404:
            missing = Sentence(
                "Drone does not find the repository, build, branch or commit; or its forge did not answer; or the user of "
                "DRONE_TOKEN may not see the repository%(words)s.",
                words=quoted(words),
            )
            return DroneError(missing, 404, permanent=True)
        case 400 | 409 | 422:
            return DroneError(Sentence("Drone refuses%(words)s.", words=quoted(words)), status, permanent=status != CONFLICT)
        case 501:
            return DroneError(
                Sentence(
                    "This Drone server is built without what was asked for (the open source build has neither promotions nor "
                    "rollbacks)."
                ),
                501,
                permanent=True,
            )
        case 500:
            return DroneError(Sentence("Drone failed%(words)s.", words=quoted(words)), 502)
    return None


def untold(reply: Reply, server: str) -> DroneError:
    """Translate what proxies say, and Drone where it does not say why."""
    status, writes = reply.status, reply.call.writes
    values = {"status": status, "remark": MAY_BE_DONE if writes else ""}
    match status:
        case 429:
            return DroneError(Sentence("Drone, or a proxy before it, is overloaded. Try again later."), 503)
        case 503:  # proxies say so as well where Drone hung up on them
            away = Sentence("Drone, or a proxy before it, is overloaded or not there%(remark)s.", **values)
            return DroneError(away, 503, uncertain=writes)
        case 502 | 504:
            mute = Sentence("A proxy before Drone got no answer from it (%(status)s)%(remark)s.", **values)
            return DroneError(mute, status, uncertain=writes)
    if status >= SERVER_ERROR or status == TIME_OUT:
        failed = Sentence("Drone, or a proxy before it, failed with status %(status)s, and does not say why%(remark)s.", **values)
        return DroneError(failed, 502, uncertain=writes)
    if MULTIPLE_CHOICES <= status < BAD_REQUEST:
        where = Sentence(" to %(address)s", address=reply.location) if reply.location else ""
        elsewhere = Sentence(
            "%(server)s redirects%(where)s, which edrone does not follow: set DRONE_SERVER to the final address.",
            server=server,
            where=where,
        )
        return DroneError(elsewhere, 502, permanent=True)
    return garbled(reply, Sentence("its status is %(status)s", status=status))


def said(reply: Reply) -> str:
    """Give Drone's own words, on one line."""
    words = " ".join(answers.message(reply.body).split())
    printable = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in words)
    return printable if len(printable) <= LONGEST else f"{printable[: LONGEST - 1]}…"


def quoted(words: str) -> str:
    """Add Drone's own words to a sentence."""
    return Sentence(" («%(words)s»)", words=words) if words else ""
