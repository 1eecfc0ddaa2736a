"""What the chat services get: the address of each is a server on this machine, all else is Apprise's own."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.utils import translation

from builds.notices import sender
from builds.notices.addresses import KINDS, apprise_address
from builds.notices.problems import CODE, FORMS, in_words
from tests.builds.notices.receivers import Receiver, answer

pytestmark = pytest.mark.filterwarnings("ignore")  # Apprise's own; edrone imports it in a process of its own
HEX = "a" * 64
HOSTILE = '@all <!here> <at user_id="all"></at> [x](http://evil.example)'
SERVICES = {
    "slack": ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "hooks.slack.com"),
    "teams": (
        "https://prod-12.westus.logic.azure.com:443/workflows/643e69f83c8944438d68119179a10a64/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=secret",
        "prod-12.westus.logic.azure.com",
    ),
    "dingtalk": (f"https://oapi.dingtalk.com/robot/send?access_token={HEX}&secret=SEC{HEX}", "oapi.dingtalk.com"),
    "wecom": ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "qyapi.weixin.qq.com"),
    "feishu": ("https://open.feishu.cn/open-apis/bot/v2/hook/abc-def", "open.feishu.cn"),
}  # fmt: skip


@pytest.fixture
def here(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lead what goes to a service to the receiver; note the hosts that were meant."""
    hosts = list[str]()
    real = requests.Session.send

    def redirect(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        assert request.url
        host = urlsplit(request.url)
        hosts.append(str(host.hostname))
        request.url = host._replace(scheme="http", netloc=receiver.url.removeprefix("http://")).geturl()
        return real(session, request, **options)

    monkeypatch.setattr(sender, "send", redirect)
    monkeypatch.setattr(requests.Session, "send", sender.send_bounded)
    return hosts


def send(kind: str, body: str = "push\nhttps://edrone.example.com/x") -> str:
    address = apprise_address(KINDS[kind], SERVICES[kind][0])
    return sender.told(
        {"address": address, "title": "Failed: shop/cart #7", "body": body, "type": "failure", "fields": {}, "reached": []}, print
    )


@pytest.mark.parametrize("kind", SERVICES)
def test_each_service_gets_title_and_text_at_its_own_host(kind, here, receiver):
    assert send(kind) == ""
    [(_path, body)] = receiver.got
    assert here == [SERVICES[kind][1]]
    assert "Failed: shop/cart #7" in str(body)
    assert "https://edrone.example.com/x" in str(body)


@pytest.mark.parametrize("kind", ["dingtalk", "wecom", "feishu"])
def test_a_refusal_that_comes_with_200_is_one(kind, here, receiver):
    code = "code" if kind == "feishu" else "errcode"
    receiver.answer = answer(200, f'{{"{code}": 310000, "errmsg": "keywords not in content"}}'.encode())
    assert send(kind) == "it refused the notice with code 310000"
    receiver.answer = answer(200, f'{{"{code}": -1, "errmsg": "system busy"}}'.encode())
    assert (problem := send(kind)) == "it refused the notice with code -1"
    with translation.override("zh-hans"):
        assert in_words(problem).isascii() is False
    receiver.answer = answer(200, f'{{"{code}": 0}}'.encode())
    assert send(kind) == ""


@pytest.mark.parametrize("kind", SERVICES)
def test_nobody_is_mentioned_by_what_a_service_is_given(kind, here, receiver):
    send(kind)
    [(_path, body)] = receiver.got
    assert not any(word in str(body).casefold() for word in ("isatall': true", "mentioned_list': ['@all", "<!channel", "<at"))


def test_a_failure_inside_apprise_is_named_and_can_be_translated(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", ["{}\n"])
    monkeypatch.setattr("logging.disable", lambda: None)
    monkeypatch.setattr(requests.Session, "send", sender.send)  # which main replaces
    sender.main()
    problem = json.loads(capsys.readouterr().out)["problem"]
    assert problem == "sending it failed (KeyError)"
    assert CODE.sub("%(code)s", problem) in FORMS
    assert in_words(problem) == problem
