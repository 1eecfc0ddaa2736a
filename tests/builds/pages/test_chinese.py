"""A reader of Chinese reads no English: every page that a link leads to, every form, refusal and error."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from itertools import cycle
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from builds.access.models import Grant, Level
from builds.access.token_models import make_token
from builds.drone_db.vocabulary import Event, Status
from builds.starting import audit as keeping
from builds.starting.models import AuditRecord, Outcome, Verb
from configs.client import drone_request
from configs.records.models import LastError
from drone_api.errors import DroneError
from tests.builds.pages.test_starting import TREE
from tests.conftest import Drone, push
from texts.sentence import Sentence

BUILD, REPO = "/admin/builds/build/ismewen/edrone/2/", "/admin/builds/repo/ismewen/edrone/"
RUN = f"{REPO}-/run/"
# Names, and words of YAML, Drone's API and the web that stay as they are in Chinese texts.
NAMES = {
    "edrone", "Drone", "API", "HTTP", "YAML", "JSON", "SHA", "UTC", "SMTP", "URL", "NUL", "ID", "English", "PBKDF", "SQLite", "cookie",
    "runner", "cron", "custom", "refs", "heads", "tags", "yaml", "yml", "projects", "namespace", "name", "repo", "NAME", "value", "true",
    "false", "GitHub", "null", "Unicode", "Idempotency", "Key", "skip", "target", "production", "sha", "pbkdf", "kind", "repository",
    "DRONE_SERVER", "DRONE_TOKEN", "DRONE_DATABASE_URL", "DRONE_CA_FILE", "EDRONE_ACTOR", "CTRL", "Ctrl", "Command", "ref", "hook", "Cookie", "True", "False", "LDAP", "Control", "Mac", "README", "no_ci", "Webhook", "trigger", "manage", "grant", "CSV",
    "Slack", "Mattermost", "Microsoft", "Teams", "Asia", "Shanghai",
}  # fmt: skip
# What the test itself wrote, and what Drone's recorded database calls its repositories, people and places.
DATA = {
    "ismewen", "edrone", "octocat", "hello", "world", "shop", "cart", "master", "develop", "admin", "viewer", "main", "check", "ship",
    "broken", "default", "staging", "TARGET", "TIMES", "LOUD", "NOTE", "feature", "release", "moon", "operations", "chek", "PATH", "nothing", "DRONE_", "DRONE_X", "EDRONE_", "bad", "moserror", "mbad", "head", "oserror", "pull", "topic", "amd", "docker", "linux", "test", "deployer", "standin", "unit",
}  # fmt: skip
WORD = re.compile(r"[A-Za-z_]{3,}")
DIAGNOSIS = re.compile(r"projects/\S+:\d+:\d+: .*")  # of a file of the tree, as `checkprojects`, Drone and the log say it
DRONES_WORDS = re.compile(r"\uff08“[^”]*”\uff09")
SEEN = {"title", "aria-label", "placeholder", "alt"}


class Seen(HTMLParser):
    """The texts of a page that people see or hear; not code, logs and times, which are data or written by the browser."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in {"time", "html"}:
            self.texts += [value or "" for name, value in attrs if name in SEEN]
        if tag == "input" and given.get("type") in {"submit", "button", "reset"}:
            self.texts.append(given.get("value") or "")
        if tag in {"script", "style", "code", "pre", "time"}:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.texts.append(data)


def english(page: str) -> set[str]:
    """Give the English words of a page."""
    parser = Seen()
    parser.feed(re.sub(r"<div class=\"line\".*?</div>", "", page, flags=re.DOTALL))  # of a log
    text = DRONES_WORDS.sub("", DIAGNOSIS.sub("", "\n".join(parser.texts)))
    return set(WORD.findall(re.sub(r"edrone_[\w-]+|[0-9a-f]{7,}|https?://\S+|[\w/]+\.ya?ml", "", text))) - NAMES - DATA


def read(answer: Any) -> str:
    """Check one answer, and give its page."""
    page = str(answer.content.decode())
    assert answer.headers["Content-Type"].startswith("text/html"), page
    assert '<html lang="zh-hans"' in page
    assert english(page) == set(), (answer.status_code, sorted(english(page)), answer.request["PATH_INFO"])
    return page


@pytest.fixture
def site(records: None, standin: Any, tree: Any) -> Any:
    """A Drone with builds of every status and event, whose own texts are Chinese; edrone with some of everything."""
    tree(TREE | {"edrone/_operations/check.yaml": TREE["edrone/_operations/check.yaml"]
         .replace("Check it <b>", "检查").replace("Looks whether it runs.", "看它是否运行。").replace("Where", "位置")})  # fmt: skip
    rewrite(standin.drone.database)
    drone = Drone()
    for number in (1, 2):
        drone.post(drone_request.body(push(repo_id=1, number=number, build_id=number), created=number))
    drone.post(drone_request.body(push(repo_id=1, after="9" * 40), created=3))
    LastError.objects.create(
        slug="ismewen/edrone", event="push", ref="refs/heads/master", message="projects/default.yaml:1:1: is empty.",
        time=timezone.now(), version="0",
    )  # fmt: skip
    some = User.objects.create_user("ismewen")
    Grant.objects.create(user=some, pattern="ismewen/*", level=Level.DEPLOY, only="staging")
    Grant.objects.create(group=Group.objects.create(name="组"), pattern="*", level=Level.RUN)
    make_token(some, "夜间")
    refused = DroneError(Sentence("Drone rejected the request%(words)s.", words=Sentence(" («%(words)s»)", words="不")), 400)
    for verb, outcome in zip(Verb, cycle(Outcome), strict=False):
        made = AuditRecord.objects.create(
            username="ismewen", means=next(MEANS), verb=verb, slug="ismewen/edrone", number=2, outcome=outcome,
            build=2, build_status="success",
        )  # fmt: skip
        if outcome == Outcome.REFUSED:
            keeping.save_failure(made, refused)
    return standin


MEANS = cycle(["administration", "token 夜间 (edrone_abcd…)"])


def rewrite(database: Any) -> None:
    """Write Chinese over what people wrote, and every status and event there is over those of the builds."""
    database.rows(
        "UPDATE builds SET build_title = '修', build_message = '修复', build_params = '{\"X\": \"一\"}', build_error = ''"
    )
    database.rows("UPDATE builds SET build_author_name = '王', build_trigger = '@hook', build_action = '', build_cron = '夜'")
    database.rows("UPDATE stages SET stage_name = '一', stage_error = '', stage_machine = '', stage_type = '', stage_os = ''")
    database.rows("UPDATE steps SET step_name = '步', step_error = '', step_image = ''")
    database.rows("UPDATE cron SET cron_name = '夜'")
    statuses, events = cycle(Status.values), cycle(Event.values)
    for row in database.rows("SELECT build_id FROM builds"):
        database.rows(
            "UPDATE builds SET build_status = ?, build_event = ? WHERE build_id = ?",
            next(statuses),
            next(events),
            row["build_id"],
        )
    database.rows("UPDATE builds SET build_status = 'failure' WHERE build_repo_id = 1 AND build_number = 2")


def reader(name: str, **fields: Any) -> Client:
    """Log somebody in whose language is Chinese."""
    user = User.objects.create_user(name, is_staff=True, email="", **fields)
    if not user.is_superuser:
        Grant.objects.create(user=user, pattern="ismewen/edrone", level=Level.VIEW)
        user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client(headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    client.force_login(user)
    return client


def crawl(client: Client, *more: str) -> Iterator[tuple[str, str]]:
    """Follow every link within the administration; of lists each filter alone, and of pages of one form two."""
    left, seen, shapes = ["/admin/", *more], set[str](), dict[str, int]()
    while left:
        path = left.pop()
        shape = re.sub(r"\d+", "0", re.sub("=.*", "", path))
        if path in seen or "&" in path or shapes.get(shape, 0) >= 2 or re.search(r"logout|jsi18n|/file/|[.]csv|after/", path):
            continue
        seen.add(path)
        shapes[shape] = shapes.get(shape, 0) + 1
        answer = client.get(path)
        while answer.status_code == 302:
            answer = client.get(answer["Location"])
        assert answer.status_code == 200, path
        page = read(answer)
        yield path, page
        here = path.partition("?")[0]
        links = map(unescape, re.findall(r'href="([^"#]+)', page))
        left += [here + link if link.startswith("?") else link for link in links if link.startswith(("/admin/", "?"))]


def unlinked(*, superuser: bool) -> list[str]:
    """Give the pages to which no link leads: readers without a password, lists of a single page, buttons, and forms' own links."""
    found = ["/admin/password_change/", "/admin/password_change/done/", "/admin/builds/", "/admin/configs/"]
    if superuser:
        user, group = User.objects.get(username="ismewen").pk, Group.objects.get().pk
        found += [f"/admin/auth/user/{user}/{page}/" for page in ("password", "delete", "history", "change")]
        found += [f"/admin/auth/group/{group}/{page}/" for page in ("delete", "history", "change")]
        found += ["/admin/auth/", "/admin/auth/user/?all=", "/admin/builds/apitoken/?q=x", "/admin/builds/auditrecord/?id__lt=3"]
        found += ["/admin/auth/group/add/?_popup=1", "/admin/builds/auditrecord/1/history/"]
        found += [
            f"/admin/builds/build/ismewen/edrone/2/-/do/{verb}/" for verb in ("rollback", "cancel", "approve/1", "decline/1")
        ]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("superuser", [True, False])
def test_every_page_that_a_link_leads_to_is_chinese(superuser, site):
    client = reader("admin" if superuser else "viewer", is_superuser=superuser)
    found = {
        re.sub(r"/\d+/change/", "/…/change/", path.partition("?")[0])
        for path, _page in crawl(client, *unlinked(superuser=superuser), BUILD)
    }
    wanted = {
        "/admin/", BUILD, f"{BUILD}-/configuration/", f"{BUILD}-/record/", REPO, "/admin/auth/user/", "/admin/builds/grant/",
        "/admin/builds/auditrecord/", "/admin/configs/servedconfig/", "/admin/configs/lasterror/", "/admin/password_change/",
        "/admin/configs/servedconfig/…/change/", "/admin/configs/lasterror/…/change/",
    }  # fmt: skip
    more = {RUN, f"{BUILD}-/do/restart/", f"{BUILD}-/do/promote/", "/admin/builds/grant/add/", "/admin/builds/apitoken/add/"}
    assert wanted | (more if superuser else set()) <= found
    if not superuser:
        assert not [path for path in found if "/do/" in path or "/run/" in path]


def test_changing_somebodys_password_is_chinese(site):
    user = User.objects.get(username="ismewen")
    user.set_password("a-long-password-of-the-tests")
    user.save()
    page = read(reader("admin", is_superuser=True).get(f"/admin/auth/user/{user.pk}/password/"))
    assert "该用户现在的密码会失效" in page


def test_what_cannot_be_done_and_what_there_is_reads_like_chinese(site):
    client = reader("admin", is_superuser=True)
    assert '取消<span class="visually-hidden">\uff1a构建已结束</span>' in read(client.get(BUILD))
    record = read(client.get(f"/admin/builds/auditrecord/{AuditRecord.objects.order_by('-pk')[0].pk}/change/"))
    assert [record.count(f"<label>{label}</label>") for label in ("动作", "操作")] == [1, 1]
    form = read(client.get("/admin/auth/group/add/"))
    assert ">用户组</a>" in form
    assert "添加\uff1aAPI 令牌" in form
    assert re.search("[a-z]+、[a-z]+", read(client.get(f"{RUN}?operation=chek")))


@pytest.mark.parametrize("verb", ["restart", "promote", "rollback", "cancel", "approve/1", "decline", "decline/1"])
def test_a_refusal_for_want_of_a_grant_is_chinese(verb, site):
    answer = reader("viewer").post(f"{BUILD}-/do/{verb}/", {"target": "production"})
    assert answer.status_code == 403
    assert "授权" in read(answer)


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: value for name, value in found if name not in {"csrfmiddlewaretoken", "next"}}


@pytest.mark.parametrize("fault", ["null", "401", "403", "404", "500", "502", "503", "504", "429", "drop", "garbage", None])
def test_what_drone_answers_is_chinese(fault, site):
    client = reader("admin", is_superuser=True)
    asked = read(client.post(f"{BUILD}-/do/promote/", {"target": "production", "params": "A=1"}))
    if fault:
        site.fail(fault)
    answer = client.post(f"{BUILD}-/do/promote/", hidden(asked))
    assert answer.status_code == 302 if fault is None else answer.status_code >= 400
    read(client.get(answer["Location"]) if fault is None else answer)
    read(client.get("/admin/builds/auditrecord/"))
    read(client.get(f"/admin/builds/auditrecord/{AuditRecord.objects.order_by('-pk')[0].pk}/change/"))
    read(client.get(f"{BUILD}-/record/"))


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (f"{RUN}?operation=check", {}),
        (f"{RUN}?operation=check", {"branch": "develop", "input-TIMES": "x", "input-TARGET": "moon"}),
        (f"{RUN}?operation=", {"branch": "", "params": "nothing"}),
        (f"{RUN}?operation=", {"branch": "develop", "params": "TIMES=1\nTIMES=2"}),
        (f"{RUN}?operation=", {"branch": "develop", "params": "PATH=1"}),
        (f"{RUN}?operation=", {"branch": "develop", "params": "DRONE_X=1"}),
        (f"{RUN}?operation=", {"branch": "develop", "params": "1=1"}),
        (f"{RUN}?operation=", {"branch": "develop", "params": "NOTE=" + "1" * 5000}),
        (f"{RUN}?operation=chek", {}),
        (f"{BUILD}-/do/promote/", {"target": "", "params": "x"}),
        (f"{BUILD}-/do/cancel/", {"confirmed": "yes", "key": "k"}),
        ("/admin/builds/grant/add/", {"pattern": "x y", "level": "9", "only": ""}),
        ("/admin/builds/grant/add/", {"user": "1", "pattern": "ismewen/*", "level": "1", "only": "a"}),
        ("/admin/builds/grant/add/", {"user": "1", "pattern": "ismewen/*", "level": "3", "only": "staging"}),
        ("/admin/builds/apitoken/add/", {"name": "", "days": "0"}),
        ("/admin/builds/apitoken/add/", {"name": "夜", "days": "3"}),
        ("/admin/auth/user/add/", {"username": "a b", "password1": "1", "password2": "2", "usable_password": "true"}),
        ("/admin/auth/user/add/", {"username": "ismewen", "password1": "12", "password2": "12", "usable_password": "true"}),
        ("/admin/auth/group/add/", {"name": ""}),
        ("/admin/password_change/", {"old_password": "x", "new_password1": "1", "new_password2": "1"}),
        ("/admin/builds/grant/", {"action": "delete_selected", "_selected_action": "1"}),
        ("/admin/builds/grant/", {"action": "delete_selected"}),
        ("/admin/builds/grant/1/delete/", {"post": "yes"}),
    ],
)  # fmt: skip
def test_what_a_form_says_is_chinese(path, fields, site):
    path = path.replace("/1/", f"/{Grant.objects.first().pk}/")  # type: ignore[union-attr]  # there is one
    fields = {
        name: str(User.objects.get(username="ismewen").pk) if name == "user" else
        str(Grant.objects.all()[0].pk) if name == "_selected_action" else value for name, value in fields.items()
    }  # fmt: skip
    client = reader("admin", is_superuser=True)
    answer = client.post(path, fields)
    read(client.get(answer["Location"]) if answer.status_code == 302 else answer)


def test_a_confirmation_sent_twice_for_different_things_or_while_the_first_runs_says_so_in_chinese(site):
    client = reader("admin", is_superuser=True)
    asked = hidden(read(client.post(f"{BUILD}-/do/restart/")))
    client.post(f"{BUILD}-/do/restart/", asked)
    assert client.post(f"{BUILD}-/do/restart/", asked | {"debug": "on"}).status_code == 422
    read(client.post(f"{BUILD}-/do/restart/", asked | {"debug": "on"}))
    AuditRecord.objects.update(outcome=Outcome.STARTED)
    for status, age in ((409, 0), (504, 1)):
        AuditRecord.objects.update(time=timezone.now() - timedelta(days=age))
        answer = client.post(f"{BUILD}-/do/restart/", asked)
        assert answer.status_code == status
        read(answer)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/admin/nowhere/", 404),
        ("/admin/builds/build/no/such/1/", 404),
        ("/admin/configs/servedconfig/add/", 403),
        ("/admin/configs/servedconfig/?id__lt=%00", 400),
    ],
)
def test_errors_of_the_site_are_chinese(path, status, site):
    answer = reader("admin", is_superuser=True).get(path)
    assert answer.status_code == status
    read(answer)


def test_a_failure_a_form_without_its_token_and_drones_database_away_are_chinese(site, monkeypatch):
    client = reader("admin", is_superuser=True)
    strict = Client(enforce_csrf_checks=True, headers={"Accept-Language": "zh-hans"})
    assert strict.post("/admin/login/", {}).status_code == 403
    read(strict.post("/admin/login/", {}))

    def fail(*_: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr("builds.browsing.builds_list.find", fail)
    client.raise_request_exception = False
    answer = client.get("/admin/builds/build/")
    assert answer.status_code == 500
    read(answer)


def test_logging_in_and_out_is_chinese(site):
    client = Client(headers={"Accept-Language": "zh-hans"})
    read(client.get("/admin/login/"))
    for attempt in range(11):
        page = read(client.post("/admin/login/", {"username": "ismewen", "password": "x"}))
        assert ("次数过多" in page) == (attempt == 10)
    plain = Client(headers={"Accept-Language": "zh-hans"})
    plain.force_login(User.objects.create_user("plain"))
    assert "plain" in plain.get("/admin/login/").content.decode()
    DATA.add("plain")
    read(plain.get("/admin/login/"))
    read(reader("admin", is_superuser=True).post("/admin/logout/"))


def test_programs_are_answered_in_english_whatever_their_language(site):
    token = make_token(User.objects.get(username="ismewen"), "x")
    headers = {"Authorization": f"Bearer {token.text}", "Accept-Language": "zh-hans"}
    for path in ("/api/repos/ismewen/edrone/builds/2/promote?target=moon", "/api/repos/no/such", "/api/user?x=1", "/api/nowhere"):
        for answer in (Client().get(path, headers=headers), Client().post(path, headers=headers)):
            assert answer.content.isascii() or "“" in answer.content.decode(), answer.content.decode()
            assert not re.search("[\u4e00-\u9fff]", answer.content.decode())


def test_what_is_kept_is_english_whoever_asked(site):
    client = reader("admin", is_superuser=True)
    asked = hidden(read(client.post(f"{BUILD}-/do/restart/")))
    site.fail("null")
    assert "Drone 没有创建构建" in read(client.post(f"{BUILD}-/do/restart/", asked))
    kept = AuditRecord.objects.order_by("-pk")[0]
    assert kept.message.startswith("Drone made no build")
    assert "Drone 没有创建构建" in read(client.get(f"/admin/builds/auditrecord/{kept.pk}/change/"))
