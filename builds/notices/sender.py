"""The process that sends: `python -m builds.notices.sender` reads messages as lines of JSON, and answers each with a line.

It alone imports Apprise, with its code for dozens of services. It has neither edrone's settings nor its databases, and whoever
started it ends it where a service does not answer in time.
"""

import json
import logging
import sys
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


def told(message: dict[str, Any]) -> str:
    """Send one message; return why it could not be sent, empty where it was."""
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
    sent = service.notify(title=message["title"], body=message["body"], notify_type=message["type"], body_format="text")
    if last["problem"]:
        return last["problem"]
    return "" if sent else "it cannot be reached, or refuses"


def main() -> None:
    logging.disable()  # Apprise writes addresses
    requests.Session.send = send_bounded  # type: ignore[assignment,method-assign]
    for line in sys.stdin:
        try:
            problem = told(json.loads(line))
        except Exception as error:  # noqa: BLE001 - whatever a service's code does, the next message is sent
            problem = f"sending failed ({type(error).__name__})"
        sys.stdout.write(json.dumps({"problem": problem}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
