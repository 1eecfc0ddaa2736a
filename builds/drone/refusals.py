"""What Drone refuses, in words for the person who asked: what it means, and what to do (drone-facts.md sections 4, 9.2)."""

from builds.drone import forms
from builds.drone.calls import Reply
from builds.drone.errors import DroneError
from builds.drone.failures import MAY_BE_DONE

MULTIPLE_CHOICES, BAD_REQUEST, CONFLICT = 300, 400, 409
LONGEST = 500  # characters of Drone's own words
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
    uncertain = reply.call.writes and reply.status < MULTIPLE_CHOICES
    remark = f"; {MAY_BE_DONE}" if uncertain else ""
    return DroneError(
        f"What answers at DRONE_SERVER is not Drone, or not one that edrone knows: the answer to {reply.call.path} cannot be "
        f"read: {problem}{remark}.",
        502,
        uncertain=uncertain,
    )


def refused(reply: Reply, server: str) -> DroneError:  # noqa: PLR0911 - one return a case
    """Translate a status other than the one that was expected."""
    status, writes, words = reply.status, reply.call.writes, said(reply)
    match status:
        case 401:
            return DroneError("DRONE_TOKEN is not accepted: set it to the token of a Drone administrator.", 502, permanent=True)
        case 403:
            return DroneError(
                f"DRONE_TOKEN must be that of a Drone administrator: its user may not do this{quoted(words)}.",
                502,
                permanent=True,
            )
        case 404 if words:
            return DroneError(f"{NOT_FOUND}{quoted(words)}.", 404, permanent=True)
        case 400 | 409 | 422 if words:
            return DroneError(f"Drone refuses{quoted(words)}.", status, permanent=status != CONFLICT)
        case 501:
            return DroneError(
                "This Drone server is built without what was asked for (the open source build has neither promotions nor "
                "rollbacks).",
                501,
                permanent=True,
            )
        case 500 if words:
            return DroneError(f"Drone failed{quoted(words)}.", 502)
        case 429 | 503:
            return DroneError("Drone, or a proxy before it, is overloaded. Try again later.", 503)
        case 502 | 504:
            remark = f"; {MAY_BE_DONE}" if writes else ""
            return DroneError(f"A proxy before Drone got no answer from it ({status}){remark}.", status, uncertain=writes)
    if MULTIPLE_CHOICES <= status < BAD_REQUEST:
        return DroneError(
            f"{server} redirects to {reply.location}, which edrone does not follow: set DRONE_SERVER to the final address.",
            502,
            permanent=True,
        )
    return garbled(reply, f"its status is {status}")


def said(reply: Reply) -> str:
    """Give Drone's own words, on one line."""
    words = " ".join(forms.message(reply.body).split())
    printable = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in words)
    return printable if len(printable) <= LONGEST else f"{printable[: LONGEST - 1]}…"


def quoted(words: str) -> str:
    """Add Drone's own words to a sentence."""
    return f" («{words}»)" if words else ""
