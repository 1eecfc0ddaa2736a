"""Errors where no answer came from the Drone server, as sentences for the person who asked."""

import ssl

from requests.exceptions import ConnectionError as Broken
from requests.exceptions import ConnectTimeout, ReadTimeout, RequestException, SSLError
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ReadTimeoutError

from drone_api.calls import Call
from drone_api.deadline import Untrusting
from drone_api.errors import AnswerTooLarge, DroneError
from texts.sentence import Sentence

MULTIPLE_CHOICES, BAD_REQUEST, TIME_OUT, SERVER_ERROR = 300, 400, 408, 500
MAY_BE_DONE = Sentence("; the request may have taken effect: check the newest builds before you try again")


def may_be_done(status: int) -> bool:
    """Return whether Drone may have carried out a request that was answered with this status, but not by Drone.

    A proxy that redirects or refuses has not passed it on. A server error may come from Drone, or from a proxy that gave up.
    """
    return not MULTIPLE_CHOICES <= status < SERVER_ERROR or status == TIME_OUT


def failure(error: Exception, call: Call, server: str) -> DroneError:
    """Return the sentence for an exception of the libraries. The exception's own text is left out: it may contain parameters."""
    if isinstance(error, SSLError) and not broke_encrypted(error):
        return DroneError(
            Sentence(
                "edrone does not trust the certificate of %(server)s. Set DRONE_CA_FILE to a file with "
                "the certificates to trust.",
                server=server,
            ),
            502,
            permanent=True,
        )
    if isinstance(error, ReadTimeout | ReadTimeoutError | TimeoutError):
        return too_slow(call)
    if isinstance(error, ConnectTimeout) or was_refused(error):
        return unreached(error, server)
    if isinstance(error, UnicodeError):
        return DroneError(Sentence("The request to Drone is not Unicode text."), 400, permanent=True)
    if isinstance(error, RequestException | HTTPError | OSError):
        return broken(call)
    return DroneError(Sentence("The server at DRONE_SERVER did not send a valid HTTP answer."), 502, uncertain=call.writes)


def unreached(error: Exception, server: str) -> DroneError:
    if isinstance(cause(error), Untrusting):
        return DroneError(Sentence("The certificates of DRONE_CA_FILE cannot be read; nothing was done."), 502, permanent=True)
    return DroneError(Sentence("Drone cannot be reached at %(server)s; nothing was done. Try again later.", server=server), 503)


def was_refused(error: Exception) -> bool:
    """Return whether there was no connection at all, so that nothing was sent."""
    return isinstance(error, Broken) and isinstance(cause(error), NewConnectionError)


def broke_encrypted(error: SSLError) -> bool:
    """Return whether an encrypted connection broke later. Problems with certificates appear before anything is sent."""
    problem = cause(error)
    inner = problem.args[0] if problem and problem.args else None
    return isinstance(inner, ssl.SSLError) and not isinstance(inner, ssl.SSLCertVerificationError)


def cause(error: Exception) -> Exception | None:
    """Return the error of urllib3 that requests has wrapped."""
    inner = error.args[0] if error.args else None
    return inner.reason if isinstance(inner, MaxRetryError) else None


def too_slow(call: Call) -> DroneError:
    """The answer was not complete in time."""
    if not call.writes:
        return DroneError(
            Sentence("Drone did not answer within %(seconds)s seconds. Try again later.", seconds=round(call.wait)), 504
        )
    return DroneError(
        Sentence("Drone did not answer within %(seconds)s seconds%(remark)s.", seconds=round(call.wait), remark=MAY_BE_DONE),
        504,
        uncertain=True,
    )


def too_large(call: Call, status: int) -> AnswerTooLarge:
    uncertain = call.writes and may_be_done(status)
    return AnswerTooLarge(
        Sentence(
            "Drone's answer has more than %(limit)s bytes, too many for edrone to read%(remark)s.",
            limit=call.limit,
            remark=MAY_BE_DONE if uncertain else "",
        ),
        502,
        uncertain=uncertain,
    )


def broken(call: Call) -> DroneError:
    """The connection ended before the answer did."""
    remark = MAY_BE_DONE if call.writes else ""
    return DroneError(
        Sentence("The connection to Drone broke before its answer was complete%(remark)s.", remark=remark),
        502,
        uncertain=call.writes,
    )
