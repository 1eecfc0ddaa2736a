"""Which addresses are taken, and what Apprise is given."""

import apprise
import pytest

from builds.notices.addresses import KINDS, WrongAddress, apprise_address

HEX = "a" * 64
TEAMS = "https://prod-12.westus.logic.azure.com:443/workflows/643e69f83c8944438d68119179a10a64/triggers/manual/paths/invoke"
QUERY = "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=secret"


@pytest.mark.parametrize(
    ("kind", "address", "taken", "service"),
    [
        ("mail", "mailtos://ann:pw@smtp.example.com:587?from=a@example.com&to=b@example.com", None, "NotifyEmail"),
        ("mail", "mailto://smtp.example.com?from=a@example.com&to=b@example.com", None, "NotifyEmail"),
        ("slack", "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "NotifySlack"),
        ("slack", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", None, "NotifySlack"),
        ("mattermost", "https://chat.example.com/hooks/abcdefghijklmnopqrstuvwxyz", "mmosts://chat.example.com/abcdefghijklmnopqrstuvwxyz", "NotifyMattermost"),
        ("mattermost", "http://chat.example.com:8065/sub/hooks/abcdefghijklmnopqrstuvwxyz", "mmost://chat.example.com:8065/sub/abcdefghijklmnopqrstuvwxyz", "NotifyMattermost"),
        ("teams", TEAMS + QUERY, None, "NotifyWorkflows"),
        ("dingtalk", f"https://oapi.dingtalk.com/robot/send?access_token={HEX}", f"dingtalk://{HEX}/", "NotifyDingTalk"),
        ("dingtalk", f"https://oapi.dingtalk.com/robot/send?access_token={HEX}&secret=SEC{HEX}", f"dingtalk://SEC{HEX}@{HEX}/", "NotifyDingTalk"),
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "wecombot://693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa/", "NotifyWeComBot"),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/abc-def", "feishu://abc-def/", "NotifyFeishu"),
        ("feishu", "https://open.larksuite.com/open-apis/bot/v2/hook/abc-def", "lark://abc-def/", "NotifyLark"),
        ("json", "https://example.com/hook?token=a%20b&x=", "jsons://example.com/hook?-token=a%20b&-x=", "NotifyJSON"),
        ("json", "http://ann:pw@127.0.0.1:8000", "json://ann:pw@127.0.0.1:8000/", "NotifyJSON"),
        ("json", " jsons://example.com/hook?+X-Key=1 ", "jsons://example.com/hook?+X-Key=1", "NotifyJSON"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")  # Apprise's own; edrone imports it in a process of its own
def test_addresses_of_services_and_of_apprise_are_taken(kind, address, taken, service):
    result = apprise_address(KINDS[kind], address)
    assert result == (taken or address.strip())
    assert type(apprise.Apprise.instantiate(result)).__name__ == service


SECRET = "very-secret-token"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "address",
    [
        "", SECRET, f"file:///{SECRET}", f"syslog://{SECRET}", f"dbus://{SECRET}", f"exec://{SECRET}", f"gotify://host/{SECRET}",
        f"windows://{SECRET}", f"tgram://{SECRET}", f"javascript:{SECRET}", f"https://{SECRET}:port/hooks/x", f"https://[{SECRET}/",
        f"https://example.com:0/hooks/{SECRET}", f"json s://{SECRET}", f"json://{SECRET}\n", f"json://{SECRET}\x00", f"json://é{SECRET}",
        "json://" + SECRET * 200, "mailto:", "json:", f"ftp://example.com/{SECRET}",
    ],
)  # fmt: skip
def test_other_addresses_are_refused_and_never_repeated(kind, address):
    if address.endswith("\n"):
        address += "x"
    with pytest.raises(WrongAddress) as refused:
        apprise_address(KINDS[kind], address)
    assert SECRET not in str(refused.value)
    assert str(refused.value).endswith(".") or KINDS[kind].example in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("slack", "https://hooks.slack.com.evil.example/services/T/B/X"),
        ("slack", "https://hooks.slack.com/workflows/T/B/X"),
        ("slack", "mmosts://chat.example.com/abc"),
        ("wecom", f"https://oapi.dingtalk.com/robot/send?access_token={HEX}"),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send"),
        ("teams", "https://evil.example/workflows/x"),
        ("teams", TEAMS + QUERY + "&template=/etc/passwd"),
        ("slack", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ?template=/etc/passwd"),
        ("json", "json://example.com?redirect=yes"),
        ("json", "json://example.com?verify=no"),
        ("mail", "mailto://host?to=a@b.example&pgpkey=/etc/passwd"),
        ("mail", "mailto://host?to=a@b.example&attach=/etc/passwd"),
        ("mail", "https://example.com"),
    ],
)
def test_other_services_and_options_that_read_files_or_loosen_checks_are_refused(kind, address):
    with pytest.raises(WrongAddress):
        apprise_address(KINDS[kind], address)
