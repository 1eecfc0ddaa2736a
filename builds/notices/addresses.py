"""The kinds of channels, and their addresses in the form that Apprise takes. Pure; the services themselves are Apprise's.

Only what is listed here is ever handed to Apprise, which knows a hundred services more, local programs among them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from texts.sentence import Sentence

LONGEST = 2000  # characters
NOT_PRINTABLE = gettext_noop("An address has at most %(most)s characters, all of them ASCII, and no white space.")
NOT_THIS_KIND = gettext_noop("This is no address of a channel of the kind %(kind)s. Write: %(example)s")
OTHER_OPTIONS = gettext_noop("After its question mark the address may only say %(options)s.")
NO_OPTIONS = gettext_noop("The address may say nothing after a question mark.")
PRINTABLE = re.compile(r"[!-~]+")


class WrongAddress(ValueError):
    """The address is none of this kind. Its sentence never repeats it: addresses are secrets."""


@dataclass(frozen=True)
class ChannelKind:
    name: str
    title: str | Promise
    example: str
    schemes: frozenset[str]  # of Apprise
    native: Callable[[SplitResult], str | None]  # turns the service's own address into Apprise's; None: it is none
    options: frozenset[str] = frozenset()  # what the query may say; Apprise knows more, such as files that it reads
    pause: float = 0  # seconds between two notices, as the service asks for


def words(address: SplitResult) -> list[str]:
    return [part for part in address.path.split("/") if part]


def of_slack(address: SplitResult) -> str | None:
    match address.hostname, words(address):
        case "hooks.slack.com", ["services", *tokens] if len(tokens) == 3:  # noqa: PLR2004 - team, app and secret
            return "slack://" + "/".join(tokens)
    return None


def of_mattermost(address: SplitResult) -> str | None:
    match words(address):
        case [*folders, "hooks", token]:
            scheme = "mmosts" if address.scheme == "https" else "mmost"
            return f"{scheme}://{'/'.join([address.netloc, *folders, token])}"
    return None


def of_teams(address: SplitResult) -> str | None:
    host = address.hostname or ""
    if re.search(r"\.(logic\.azure\.[a-z]+|(power|apps)platform(\.[a-z0-9-]+)+)$", host) and "workflows" in words(address):
        return address.geturl()  # Apprise itself takes it apart
    return None


def of_dingtalk(address: SplitResult) -> str | None:
    query = dict(parse_qsl(address.query))
    if address.hostname != "oapi.dingtalk.com" or not query.get("access_token"):
        return None
    secret = f"{quote(query['secret'], safe='')}@" if query.get("secret") else ""
    return f"dingtalk://{secret}{quote(query['access_token'], safe='')}/"


def of_wecom(address: SplitResult) -> str | None:
    key = dict(parse_qsl(address.query)).get("key")
    return f"wecombot://{quote(key, safe='')}/" if address.hostname == "qyapi.weixin.qq.com" and key else None


def of_feishu(address: SplitResult) -> str | None:
    schemes = {"open.feishu.cn": "feishu", "open.larksuite.com": "lark"}
    match words(address):
        case ["open-apis", "bot", "v2", "hook", token] if address.hostname in schemes:
            return f"{schemes[address.hostname]}://{token}/"
    return None


def of_json(address: SplitResult) -> str:
    scheme = "jsons" if address.scheme == "https" else "json"
    query = urlencode([(f"-{name}", value) for name, value in parse_qsl(address.query, keep_blank_values=True)], quote_via=quote)
    return f"{scheme}://{address.netloc}{address.path or '/'}{'?' if query else ''}{query}"


def of_mail(_address: SplitResult) -> None:
    """Return None: a web address is no mail server's."""


KINDS = {
    kind.name: kind
    for kind in (
        ChannelKind(
            "mail", _("Mail"),
            "mailtos://user:password@smtp.example.com:587?from=edrone@example.com&to=team@example.com",
            frozenset({"mailto", "mailtos"}), of_mail,
            frozenset({"from", "to", "cc", "bcc", "name", "user", "pass", "smtp", "mode"}),
        ),
        ChannelKind("slack", "Slack", "https://hooks.slack.com/services/T…/B…/…", frozenset({"slack"}), of_slack, pause=1),
        ChannelKind(
            "mattermost", "Mattermost", "https://mattermost.example.com/hooks/…",
            frozenset({"mmost", "mmosts"}), of_mattermost, frozenset({"channel", "to", "botname"}), 0.2,
        ),
        ChannelKind(
            "teams", "Microsoft Teams", "https://….logic.azure.com/workflows/…/triggers/manual/paths/invoke?…",
            frozenset({"workflow", "workflows"}), of_teams,
            frozenset({"api-version", "sp", "sv", "sig", "pa", "route"}), 1,
        ),
        ChannelKind(
            "dingtalk", _("DingTalk"), "https://oapi.dingtalk.com/robot/send?access_token=…&secret=SEC…",
            frozenset({"dingtalk"}), of_dingtalk, pause=3,
        ),
        ChannelKind(
            "wecom", _("WeCom"), "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
            frozenset({"wecombot"}), of_wecom, pause=3,
        ),
        ChannelKind(
            "feishu", _("Feishu"), "https://open.feishu.cn/open-apis/bot/v2/hook/…",
            frozenset({"feishu", "lark"}), of_feishu, pause=1,
        ),
        ChannelKind(
            "json", _("JSON webhook"), "https://example.com/edrone",
            frozenset({"json", "jsons"}), of_json, frozenset({"method"}),
        ),
    )
}  # fmt: skip


def apprise_address(kind: ChannelKind, text: str) -> str:
    """Return the address as Apprise takes it.

    Args:
        kind: of the channel.
        text: the service's own address of a webhook, or Apprise's.

    Raises:
        WrongAddress: it is no address of this kind.
    """
    text = text.strip()
    if not PRINTABLE.fullmatch(text) or len(text) > LONGEST:
        raise WrongAddress(Sentence(NOT_PRINTABLE, most=LONGEST))
    try:
        address = urlsplit(text)
        native = address.scheme in {"http", "https"} and address.hostname and address.port != 0
    except ValueError:  # of the port, or of brackets
        native, address = False, urlsplit("")
    own = address.geturl() if address.scheme in kind.schemes and address.netloc else None  # its scheme is in lower case
    result = kind.native(address) if native else own
    if not result:
        raise WrongAddress(Sentence(NOT_THIS_KIND, kind=str(kind.title), example=kind.example))
    if not all(allowed(kind, option) for option in options_of(result)):
        raise WrongAddress(Sentence(OTHER_OPTIONS, options=sorted(kind.options)) if kind.options else Sentence(NO_OPTIONS))
    return result


def options_of(address: str) -> list[str]:
    """Return the names in the query as Apprise's utils/parse.py reads it: `#` does not end it, and `;` separates as `&` does."""
    return [option.partition("=")[0] for option in re.split("[&;]", address.partition("?")[2]) if option]


def allowed(kind: ChannelKind, option: str) -> bool:
    """Return whether the query may say this; a JSON webhook may also be given headers (+) and parameters (-)."""
    return unquote(option).strip().lower() in kind.options or (kind.name == "json" and option[:1] in {"+", "-"})
