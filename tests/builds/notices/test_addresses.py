"""Which addresses are taken, and what Apprise is given."""

import apprise
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("json", "JSONS://Example.com/Hook?Method=PUT", "jsons://Example.com/Hook?Method=PUT", "NotifyJSON"),
        ("mail", "Mailtos://ann:pw@smtp.example.com?from=a@example.com&to=b@example.com", "mailtos://ann:pw@smtp.example.com?from=a@example.com&to=b@example.com", "NotifyEmail"),
        ("json", "jsons://example.com/hook?method=PUT&&", None, "NotifyJSON"),
        ("dingtalk", f"DingTalk://{HEX}/", f"dingtalk://{HEX}/", "NotifyDingTalk"),
        ("slack", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", None, "NotifySlack"),
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
        ("json", "jsons://example.com/hook#?verify=no"),
        ("json", "jsons://example.com/hook?method=PUT;verify=no"),
        ("json", "jsons://example.com/hook?%20verify=no"),
        ("json", "jsons://example.com/hook?%20+verify=no"),
        ("json", "jsons://example.com/hook?verify+=no"),
        ("json", "jsons://example.com/hook?+X-Key=1?;Verify=no"),
        ("feishu", "feishu://abc-def/#?verify=no"),
        ("mail", "mailtos://u:p@smtp.example.com?from=a@b.example&to=c@d.example;verify=no"),
        ("teams", TEAMS + QUERY + ";template=/etc/passwd"),
        ("teams", TEAMS + "?sig=x#&template=/etc/passwd"),
    ],
)
def test_other_services_and_options_that_read_files_or_loosen_checks_are_refused(kind, address):
    with pytest.raises(WrongAddress):
        apprise_address(KINDS[kind], address)


ADDRESSES = {
    "mail": "mailtos://u:p@smtp.example.com", "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", "teams": TEAMS,
    "mattermost": "mmosts://chat.example.com/token", "feishu": "feishu://abc-def/", "json": "jsons://example.com/hook",
}  # fmt: skip
SEPARATORS, BLANKS = ["?", "&", ";", "#", "#?", "/?"], ["", "+", "-", "%20", "%2B", "%2D", "%0A", "%00", "%C2%A0"]
OPTIONS = ["to", "sig", "method", "verify", "VERIFY", "%76erify", "template", "x"]
PARTS = st.tuples(*map(st.sampled_from, (SEPARATORS, BLANKS, OPTIONS, BLANKS))).map("".join)


@given(st.sampled_from(sorted(ADDRESSES)), st.lists(PARTS, max_size=4).map("=no".join))
@pytest.mark.filterwarnings("ignore")
def test_apprise_finds_no_option_in_an_address_that_is_taken_but_those_of_its_kind(name, rest):
    kind = KINDS[name]
    try:
        taken = apprise_address(kind, ADDRESSES[name] + rest)
    except WrongAddress:
        return
    found = apprise.plugins.url_to_dict(taken)  # None: Apprise cannot use it
    options = filter(None, found["qsd"] if found else [])
    assert {option for option in options if not (name == "json" and option[0] in "+-")} <= kind.options
