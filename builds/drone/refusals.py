"""What Drone refuses, in words for the person who asked: what it means, and what to do (drone-facts.md sections 4, 9.2)."""

from builds.drone import forms
from builds.drone.calls import Reply
from builds.drone.errors import DroneError
from builds.drone.failures import BAD_REQUEST, MAY_BE_DONE, MULTIPLE_CHOICES, SERVER_ERROR, TIME_OUT, may_be_done

LONGEST = 500  # characters of Drone's own words
UNAUTHORIZED, FORBIDDEN, CONFLICT = 401, 403, 409
NOT_MADE = (
    "Drone made no build, and does not say why. It does so where the commit's message has [ci skip] or the like, where the "
    "pull request or the fork is ignored by the repository's settings, where the owner of the repository is not active in "
    "Drone, where a validation extension says so, or where no pipeline's trigger matches this build."
)
NOT_FOUND = (
    "Drone does not find the repository, build, branch or commit; or its forge did not answer; or the user of DRONE_TOKEN may "
    "not see the repository"
)


def no_build() -> DroneError:
    """Drone answered `null`."""
    return DroneError(NOT_MADE, 422)


def garbled(reply: Reply, problem: str) -> DroneError:
    """An answer is not of the form that Drone's have."""
    uncertain = reply.call.writes and may_be_done(reply.status)
    remark = f"; {MAY_BE_DONE}" if uncertain else ""
    return DroneError(
        f"What answers at DRONE_SERVER is not Drone, or not one that edrone knows: the answer to {reply.call.path} cannot be "
        f"read: {problem}{remark}.",
        502,
        uncertain=uncertain,
    )


def refused(reply: Reply, server: str) -> DroneError:
    """Translate a status other than the one that was expected."""
    words = said(reply)
    if reply.status == UNAUTHORIZED:
        return DroneError("DRONE_TOKEN is not accepted: set it to the token of a Drone administrator.", 502, permanent=True)
    if reply.status == FORBIDDEN:
        refusal = f"DRONE_TOKEN must be that of a Drone administrator: its user may not do this{quoted(words)}."
        return DroneError(refusal, 502, permanent=True)
    return (told(reply.status, words) if words else None) or untold(reply, server)


def told(status: int, words: str) -> DroneError | None:
    """Translate what Drone says itself; None where a status is not one of its own."""
    match status:
        case 404:
            return DroneError(f"{NOT_FOUND}{quoted(words)}.", 404, permanent=True)
        case 400 | 409 | 422:
            return DroneError(f"Drone refuses{quoted(words)}.", status, permanent=status != CONFLICT)
        case 501:
            return DroneError(
                "This Drone server is built without what was asked for (the open source build has neither promotions nor "
                "rollbacks).",
                501,
                permanent=True,
            )
        case 500:
            return DroneError(f"Drone failed{quoted(words)}.", 502)
    return None


def untold(reply: Reply, server: str) -> DroneError:
    """Translate what proxies say, and Drone where it does not say why."""
    status, writes = reply.status, reply.call.writes
    remark = f"; {MAY_BE_DONE}" if writes else ""
    match status:
        case 429:
            return DroneError("Drone, or a proxy before it, is overloaded. Try again later.", 503)
        case 503:  # proxies say so as well where Drone hung up on them
            return DroneError(f"Drone, or a proxy before it, is overloaded or not there{remark}.", 503, uncertain=writes)
        case 502 | 504:
            return DroneError(f"A proxy before Drone got no answer from it ({status}){remark}.", status, uncertain=writes)
    if status >= SERVER_ERROR or status == TIME_OUT:
        failed = f"Drone, or a proxy before it, failed with status {status}, and does not say why"
        return DroneError(f"{failed}{remark}.", 502, uncertain=writes)
    if MULTIPLE_CHOICES <= status < BAD_REQUEST:
        where = f" to {reply.location}" if reply.location else ""
        advice = "which edrone does not follow: set DRONE_SERVER to the final address"
        return DroneError(f"{server} redirects{where}, {advice}.", 502, permanent=True)
    return garbled(reply, f"its status is {status}")


def said(reply: Reply) -> str:
    """Give Drone's own words, on one line."""
    words = " ".join(forms.message(reply.body).split())
    printable = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in words)
    return printable if len(printable) <= LONGEST else f"{printable[: LONGEST - 1]}…"


def quoted(words: str) -> str:
    """Add Drone's own words to a sentence."""
    return f" («{words}»)" if words else ""
