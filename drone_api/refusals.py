"""Errors where Drone refuses, as sentences for the person who asked: what it means, and what to do (docs/drone.md 2.1, 4)."""

from drone_api import answers
from drone_api.calls import Reply
from drone_api.errors import DroneError, InternalError, NotMade
from drone_api.failures import BAD_REQUEST, MAY_BE_DONE, MULTIPLE_CHOICES, SERVER_ERROR, TIME_OUT, may_be_done
from texts.characters import one_line, printable, shortened
from texts.sentence import Sentence

LONGEST = 500  # characters of Drone's own words
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT = 401, 403, 404, 409
OF_EDRONE = b"Not found. edrone's pages are below"  # web/error_pages.py: its answer to /version
NOT_MADE = Sentence(
    "Drone made no build and gave no reason. Possible reasons: no pipeline's trigger matches this build; "
    "the commit message contains [ci skip] or the like; the repository's settings ignore pull requests or "
    "forks; the owner of the repository is not active in Drone; a validation extension skipped the build."
)


def no_build() -> NotMade:
    return NotMade(NOT_MADE, 422)


def garbled(reply: Reply, problem: str) -> DroneError:
    """Return the error for an answer that is not like Drone's."""
    uncertain = reply.call.writes and may_be_done(reply.status)
    return DroneError(
        Sentence(
            "The server at DRONE_SERVER is not Drone, or edrone does not know this version. edrone cannot "
            "read the answer to %(path)s: %(problem)s%(remark)s.",
            path=reply.call.path,
            problem=problem,
            remark=MAY_BE_DONE if uncertain else "",
        ),
        502,
        uncertain=uncertain,
    )


def refused(reply: Reply, server: str) -> DroneError:
    """Return the error for a status other than the expected one."""
    words = words_of_drone(reply)
    if reply.status == NOT_FOUND and reply.body.startswith(OF_EDRONE):
        return DroneError(
            Sentence(
                "%(server)s is edrone, not Drone. Set DRONE_SERVER to the address of the Drone server, and DRONE_TOKEN to the "
                "token of an administrator there.",
                server=server,
            ),
            502,
            permanent=True,
        )
    if reply.status == UNAUTHORIZED:
        return DroneError(
            Sentence("DRONE_TOKEN is not accepted: set it to the token of a Drone administrator."), 502, permanent=True
        )
    if reply.status == FORBIDDEN:
        return DroneError(
            Sentence(
                "The user of DRONE_TOKEN may not do this%(words)s. Set DRONE_TOKEN to the token of a Drone administrator.",
                words=quoted(words),
            ),
            502,
            permanent=True,
        )
    return (explained(reply.status, words) if words else None) or unexplained(reply, server)


def explained(status: int, words: str) -> DroneError | None:
    """Return the error for a status that Drone explains; None where the status is not one of Drone's."""
    match status:
        case 404:
            return DroneError(
                Sentence(
                    "Drone cannot find the repository, build, branch or commit, its forge did not answer, or "
                    "the user of DRONE_TOKEN cannot see the repository%(words)s.",
                    words=quoted(words),
                ),
                404,
                permanent=True,
            )
        case 400 | 409 | 422:
            return DroneError(
                Sentence("Drone rejected the request%(words)s.", words=quoted(words)), status, permanent=status != CONFLICT
            )
        case 501:
            return DroneError(
                Sentence(
                    "This Drone server does not have this feature (the open source build has no promotions and no rollbacks)."
                ),
                501,
                permanent=True,
            )
        case 500:
            return InternalError(Sentence("Drone reported an internal error%(words)s.", words=quoted(words)), 502)
    return None


def unexplained(reply: Reply, server: str) -> DroneError:
    """Return the error for a status that comes from a proxy, or from Drone without an explanation."""
    status, writes = reply.status, reply.call.writes
    values = {"status": status, "remark": MAY_BE_DONE if writes else ""}
    match status:
        case 429:
            return DroneError(Sentence("Drone or a proxy in front of it is overloaded. Try again later."), 503)
        case 503:  # proxies say so as well where Drone hung up on them
            return DroneError(
                Sentence("Drone or a proxy in front of it is overloaded or unavailable%(remark)s.", **values),
                503,
                uncertain=writes,
            )
        case 502 | 504:
            mute = Sentence("A proxy in front of Drone got no answer from Drone (%(status)s)%(remark)s.", **values)
            return DroneError(mute, status, uncertain=writes)
    if status >= SERVER_ERROR or status == TIME_OUT:
        return DroneError(
            Sentence("Drone or a proxy in front of it failed with status %(status)s and gave no reason%(remark)s.", **values),
            502,
            uncertain=writes,
        )
    if MULTIPLE_CHOICES <= status < BAD_REQUEST:
        where = Sentence(" to %(address)s", address=reply.location) if reply.location else ""
        return DroneError(
            Sentence(
                "%(server)s redirects%(where)s, and edrone does not follow redirects. Set DRONE_SERVER to the final address.",
                server=server,
                where=where,
            ),
            502,
            permanent=True,
        )
    return garbled(reply, Sentence("its status is %(status)s", status=status))


def words_of_drone(reply: Reply) -> str:
    """Return Drone's own message on one line."""
    return shortened(printable(one_line(answers.message(reply.body))), LONGEST)


def quoted(words: str) -> str:
    """Add Drone's own words to a sentence."""
    return Sentence(" («%(words)s»)", words=words) if words else ""
