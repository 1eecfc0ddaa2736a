"""The process that sends: `python -m builds.notices.sender` reads messages as lines of JSON.

It writes a line for each recipient who took a message, and one more when it is done with it.

It alone imports Apprise, with its code for dozens of services. It has neither edrone's settings nor its databases, and whoever
started it ends it where a service does not answer in time.
"""

import json
import logging
import random
import sys
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import apprise
import requests

MOST_READ = 64 * 1024  # bytes of an answer
READ_AT_ONCE = 8 * 1024
CONNECT, READ = 5.0, 10.0  # seconds
ERRORS = {  # in order: the first that fits
    requests.exceptions.ProxyError: "the proxy cannot be reached, or refuses",
    requests.exceptions.SSLError: "its certificate is not accepted",
    requests.exceptions.Timeout: "it did not answer in time",
    requests.exceptions.ConnectionError: "it cannot be reached",
}
REFUSE_WITH_200 = ("dingtalk:", "wecombot:", "feishu:", "lark:")  # and a code in their answer
last = {"problem": "", "address": ""}  # of the message that is under way


def send_bounded(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
    """Send a request, follow nothing, and read a bounded answer."""
    last["problem"] = ""
    try:
        response = send(session, request, **options | {"stream": True, "allow_redirects": False})
        with response:
            content = b""
            for piece in response.iter_content(READ_AT_ONCE):
                content += piece
                if len(content) > MOST_READ:
                    break
    except requests.RequestException as error:
        last["problem"] = next((words for kind, words in ERRORS.items() if isinstance(error, kind)), "its answer is broken")
        raise
    response._content = content[:MOST_READ]  # noqa: SLF001 - as requests itself keeps it
    if response.is_redirect or 300 <= response.status_code < 400:  # noqa: PLR2004
        last["problem"] = f"it answered with {response.status_code}, a redirect, which is not followed"
    elif not response.ok:
        last["problem"] = f"it answered with {response.status_code}"
    elif last["address"].startswith(REFUSE_WITH_200) and (code := code_of(response._content)):  # noqa: SLF001
        last["problem"] = f"it refused the notice with code {code}"
    return response


send = requests.Session.send


def code_of(content: bytes) -> int:
    """Return the code of an answer; 0 where it is none, or all is well."""
    try:
        answer = json.loads(content)
    except ValueError:
        return 0
    code = (answer.get("errcode") or answer.get("code") or 0) if isinstance(answer, dict) else 0
    return code if type(code) is int else 0


def told(message: dict[str, Any], note: Callable[[str], None]) -> str:
    """Send one message to the recipients of its channel that are not in its `reached`.

    Args:
        message: as `delivery.message_of` gives it.
        note: is called with the digest of each recipient that took it, at once: this process may be ended at any time.

    Returns:
        Why some recipient did not get it; empty where all have it.
    """
    asset = apprise.AppriseAsset(app_id="edrone", app_desc="edrone", app_url="", async_mode=False, http_redirects=False)
    asset.image_url_mask = asset.image_url_logo = ""  # of a server that is nobody's here
    service: Any = apprise.Apprise.instantiate(message["address"], asset=asset, suppress_exceptions=True)
    if service is None:
        return "its address cannot be used"
    # Whatever the address says:
    service.redirects, service.socket_connect_timeout, service.socket_read_timeout = False, CONNECT, READ
    service.request_rate_per_sec, service.retry, service.wait = 0, 0, 0
    service.notify_format = apprise.NotifyFormat.TEXT
    if message["address"].startswith("json"):
        service.payload_extras |= message["fields"]
    last.update(problem="", address=message["address"])
    if message["address"].startswith("mailto"):
        separate(service)
    reached = set(message["reached"])

    def mark_delivered(recipient: Any, **_: Any) -> None:
        if isinstance(recipient, str | tuple):  # else it stands for the message as a whole
            reached.add(digest(recipient))
            note(digest(recipient))

    # Apprise asks the one for each recipient before it sends, and calls the other once that recipient took the message.
    service.is_delivered, service.mark_delivered = lambda recipient, **_: digest(recipient) in reached, mark_delivered
    sent = service.notify(title=message["title"], body=message["body"], notify_type=message["type"], body_format="text")
    if last["problem"]:
        return last["problem"]
    if sent:
        return ""
    return "it took the notice for some of its recipients only" if reached else "it cannot be reached, or refuses"


def separate(mail: Any) -> None:
    """Give each recipient a mail of their own: a copy that is refused would count as a refusal of all, and come again to all.

    They are shuffled: one at whom the server breaks the connection must not keep the same others from it every time.
    """
    mail.targets += [(mail.names.get(address, False), address) for address in mail.cc | mail.bcc]
    mail.cc, mail.bcc = set(), set()
    random.shuffle(mail.targets)


def digest(recipient: Any) -> str:
    return sha256(repr(recipient).encode()).hexdigest()


def write(**answer: str) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    logging.disable()  # Apprise writes addresses
    requests.Session.send = send_bounded  # type: ignore[assignment,method-assign]
    for line in sys.stdin:
        try:
            problem = told(json.loads(line), lambda recipient: write(reached=recipient))
        except Exception as error:  # noqa: BLE001 - whatever a service's code does, the next message is sent
            problem = f"sending it failed ({type(error).__name__})"
        write(problem=problem)


if __name__ == "__main__":
    main()
