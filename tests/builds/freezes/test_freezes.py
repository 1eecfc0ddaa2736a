"""Freezes: who makes them, what they cover, and what pages, REST and commands say of them."""

import re
import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from builds.access.models import Grant, Level
from builds.access.token_models import make_token
from builds.freezes import actions
from builds.freezes.access import may_freeze, sees
from builds.freezes.actions import checked
from builds.freezes.local_time import NoSuchTime, in_utc, zone_of
from builds.freezes.models import Freeze
from builds.freezes.rule import Start, all_covering, covering, sentence, start_of
from builds.freezes.shown import frozen_now
from builds.starting.models import AuditRecord
from configs.records.models import Announcement
from pipelines.build_request import BuildRequest
from tests.builds.api import Api, body
from tests.builds.conftest import REPO, Standin, person
from tests.server import ROOT

PAGE = "/admin/builds/freezes/"
FIELDS = {"pattern": "ismewen/edrone", "targets": "production", "reason": "no Fridays"}
PROMOTE = f"{REPO}/builds/2/promote?target=production"


@pytest.fixture
def api(standin: Standin, people: dict[str, Any]) -> dict[str, Api]:
    return {"guest": Api()} | {name: Api(user) for name, user in people.items()}


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def frozen(**fields: Any) -> Freeze:
    return Freeze.objects.create(**FIELDS | {"username": "wei"} | fields)


NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "start", "covered"),
    [
        ({}, Start("ismewen/edrone", ("production",)), True),
        ({}, Start("ismewen/edrone", ("PRODUCTION",)), True),
        ({}, Start("ismewen/edrone", ("staging",)), False),
        ({}, Start("ismewen/edrone2", ("production",)), False),
        ({"pattern": "ismewen/*"}, Start("ismewen/deep/er", ("production",)), True),
        ({"pattern": "*", "targets": "*"}, Start("a/b", ("x",)), True),
        ({"pattern": "*", "targets": "*"}, Start("a/b", (), ("master",)), False),
        ({"targets": "", "branches": "release/*"}, Start("ismewen/edrone", (), ("release/1",)), True),
        ({"targets": "", "branches": "*"}, Start("ismewen/edrone", ("production",)), False),
        ({"targets": "", "branches": "*"}, Start("ismewen/edrone", (), ("",)), False),
        ({"targets": "deploy"}, Start("ismewen/edrone", ("deploy", "staging")), True),
        ({"begins": NOW + timedelta(seconds=1)}, Start("ismewen/edrone", ("production",)), False),
        ({"ends": NOW}, Start("ismewen/edrone", ("production",)), False),
        ({"ends": NOW + timedelta(seconds=1)}, Start("ismewen/edrone", ("production",)), True),
        ({"lifted": NOW}, Start("ismewen/edrone", ("production",)), False),
    ],
)
def test_what_a_freeze_covers(fields: dict[str, Any], start: Start, covered: bool) -> None:
    freeze = Freeze(**{"pk": 1, "begins": NOW} | FIELDS | fields)
    assert (covering([freeze], start, NOW) is not None) is covered


@pytest.mark.parametrize(
    ("event", "ref", "names", "covered"),
    [
        ("custom", "refs/heads/master", "master", True),
        ("custom", "refs/heads/heads/master", "master", True),
        ("custom", "refs/heads/Heads/Master", "master", True),
        ("custom", "refs/heads/refs/heads/master", "master", True),
        ("custom", "refs/heads/refs/heads/heads//master", "master", True),
        ("custom", "refs/heads//master", "master", True),
        ("custom", "refs/heads/ heads/master\u200b", "master", True),
        ("custom", "refs/tags/heads/master", "master", True),
        ("custom", "refs/heads/master~0", "master", True),
        ("custom", "refs/heads/master^{commit}", "master", True),
        ("custom", "refs/heads/heads/master@{1 day ago}", "master", True),
        ("custom", "refs/heads/heads/master", "heads/master", True),
        ("custom", "refs/heads/tags/v1", "refs/tags/*", True),
        ("custom", "refs/heads/refs/tags/v1", "refs/tags/*", True),
        *(
            ("custom", f"refs/heads/{written}", "master", True)
            for written in (
                *("master?", "master#x", "m%61ster", "./master", "x/../master", "../commits/master", "heads/master?x"),
                *("m%61ster%7E0", "x%2F..%2Fmaster", "master/"),
            )
        ),
        ("custom", "refs/heads/tags/v1?", "refs/tags/*", True),
        ("custom", "refs/heads/develop?master", "master", False),
        ("custom", "refs/heads/HEAD", "master", True),
        ("custom", "refs/heads/@~0", "master", True),
        ("custom", "refs/heads/HEAD", "", False),
        ("custom", "refs/heads/" + "x/../" * 100 + "master", "master", True),
        ("custom", "refs/heads/m\u00fcnchen", "mu\u0308nchen", True),
        ("push", "refs/heads/Mu\u0308nchen", "m\u00fcnchen", True),
        ("custom", "refs/heads/develop", "master, refs/tags/*", False),
        ("custom", "refs/heads/feature/heads/master", "master", False),
        ("custom", "refs/heads/headsmaster", "master", False),
        ("push", "refs/heads/heads/master", "master", False),
        ("push", "refs/heads/heads/master", "heads/master", True),
        ("tag", "refs/tags/v1", "refs/tags/*", True),
        ("tag", "refs/tags/master", "master", False),
        ("pull_request", "refs/pull/1/head", "*", False),
    ],
)
def test_a_person_cannot_write_a_frozen_branch_in_another_way(event: str, ref: str, names: str, covered: bool) -> None:
    start = start_of(BuildRequest("ismewen", "edrone", event, ref, "master"), "")
    freeze = Freeze(pk=1, begins=NOW, **FIELDS | {"targets": "", "branches": names})
    assert (covering([freeze], start, NOW) is not None) is covered


def test_a_branch_spelled_without_end_takes_no_longer_to_judge() -> None:
    start = start_of(BuildRequest("ismewen", "edrone", "custom", "refs/heads/" + "heads/" * 10_000 + "master", "master"), "")
    assert sum(map(len, start.branches)) < 100_000


@pytest.mark.parametrize(
    ("fields", "to"),
    [
        ({"event": "promote", "deploy_to": "x" + "\u0301\u0327" * 300}, None),
        ({"event": "custom", "action": "check" * 1000}, ""),
        ({"event": "custom", "action": "deploy"}, "staging" * 1000),
        ({"event": "push", "ref": "refs/heads/" + "ab/" * 1000}, None),
    ],
)
def test_a_name_that_drone_cannot_store_may_be_any(fields: dict[str, Any], to: str | None) -> None:
    start = start_of(BuildRequest("ismewen", "edrone", **{"ref": "refs/heads/master", "target": "master"} | fields), to)
    freeze = Freeze(pk=1, begins=NOW, **FIELDS | {"branches": "release/*"})
    assert covering([freeze], start, NOW) is freeze


@pytest.mark.parametrize("pattern", ["production\u200b", "\ufeffproduction", "pro\u00adduction"])
def test_what_is_not_seen_in_a_pattern_does_not_count(pattern: str) -> None:
    freeze = Freeze(pk=1, begins=NOW, **FIELDS | {"targets": pattern})
    assert covering([freeze], Start("ismewen/edrone", ("production",)), NOW) is freeze


def test_of_overlapping_freezes_the_longest_is_named() -> None:
    start = Start("ismewen/edrone", ("production",))
    made = [
        Freeze(pk=pk, begins=NOW, ends=ends, **FIELDS) for pk, ends in enumerate((NOW + timedelta(1), None, NOW + timedelta(2)))
    ]
    assert covering(made, start, NOW) is made[1]
    assert covering([made[0], made[2]], start, NOW) is made[2]
    assert all_covering(made, start, NOW) == [made[1], made[2], made[0]]


@pytest.mark.parametrize(
    ("fields", "start", "words"),
    [
        ({"targets": "deploy"}, Start("ismewen/edrone", ("deploy", "staging")), "deploy of ismewen/edrone"),
        ({"targets": "*"}, Start("ismewen/edrone", ("deploy", "staging")), "staging of ismewen/edrone"),
        ({"targets": "x", "branches": "*"}, Start("ismewen/edrone", (), ("master",)), "master of ismewen/edrone"),
    ],
)
def test_the_sentence_names_what_the_freeze_names(fields: dict[str, Any], start: Start, words: str) -> None:
    assert str(sentence(Freeze(username="wei", **FIELDS | fields), start)).startswith(f"{words} is frozen by wei until")


def local(*parts: int) -> datetime:
    """Return a wall clock's time."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[misc,arg-type]


def test_times_are_of_the_readers_zone_over_summer_time() -> None:
    berlin = zone_of("Europe/Berlin")
    assert berlin is not None
    assert in_utc(local(2026, 12, 24, 18), berlin, late=False) == datetime(2026, 12, 24, 17, tzinfo=UTC)
    twice = local(2026, 10, 25, 2, 30)
    assert in_utc(twice, berlin, late=True) - in_utc(twice, berlin, late=False) == timedelta(hours=1)
    with pytest.raises(NoSuchTime):
        in_utc(local(2026, 3, 29, 2, 30), berlin, late=False)
    assert zone_of("Mars/Olympus") is None
    assert zone_of("../../etc/passwd") is None
    assert zone_of("a\0b") is None


def test_the_zones_that_browsers_name_come_with_edrone() -> None:
    """Some by a name of before, such as Asia/Calcutta, which a system's own list may lack."""
    locked = (ROOT / "requirements.txt").read_text()
    assert re.search(r"^tzdata==[\d.]+ \\$", locked, re.MULTILINE)  # whatever the system


def test_utc_needs_no_list_of_zones() -> None:
    """A small image has none, and packages may be left out."""
    before = zoneinfo.TZPATH
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath([])
    try:
        assert zone_of("UTC") == zone_of("") == UTC
    finally:
        zoneinfo.reset_tzpath(before)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"pattern": "shop"}, "not a valid repository pattern"),
        ({"targets": " , "}, "Name what is frozen"),
        ({"branches": " , "}, "There is no name in this list"),
        ({"targets": ",", "branches": "master"}, "There is no name in this list"),
        ({"reason": " \n "}, "why"),
        ({"ends": NOW - timedelta(days=9)}, "future"),
        ({"begins": timezone.now() + timedelta(days=2), "ends": timezone.now() + timedelta(days=1)}, "after the beginning"),
    ],
)
def test_a_freeze_that_makes_no_sense_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        checked(Freeze(**FIELDS | {"username": "wei"} | fields))


def test_who_may_freeze_what(db: None) -> None:
    limited = person("limited", Level.DEPLOY, "ismewen/*", only="staging")
    runner = person("runner2", Level.RUN, "*")
    deployer = person("deployer2", Level.DEPLOY, "ismewen/*")
    wild = person("wild", Level.DEPLOY, "ismewen/*", only="prod?, eu-*, [ab]*")
    all_targets = person("all_targets", Level.DEPLOY, "ismewen/*", only="*")
    both = person("both", Level.DEPLOY, "ismewen/edrone", only="production")
    Grant.objects.create(user=both, pattern="ismewen/*", level=Level.DEPLOY, only="staging, eu-*")
    for user, fields, may in (
        (limited, {"targets": "staging"}, True), (limited, {"targets": "staging, production"}, False),
        (limited, {"targets": "staging", "branches": "x"}, False), (limited, {"targets": "*"}, False), (runner, {}, False),
        (deployer, {}, True), (deployer, {"pattern": "*"}, False), (deployer, {"pattern": "ismewen/*", "branches": "*"}, True),
        (wild, {"targets": "prod1, prod?, eu-west, eu-??, eu-*, [ab]*, apple"}, True), (wild, {"targets": "prod*"}, False),
        (wild, {"targets": "?????"}, False), (wild, {"targets": "eu*"}, False), (wild, {"targets": "a*"}, False),
        (wild, {"targets": "eu-[ab]"}, False), (all_targets, {"targets": "[ab]?, *"}, True),
        (both, {"targets": "staging, production, eu-1"}, True), (both, {"targets": "staging, production, us-1"}, False),
        (both, {"targets": "staging, production", "branches": "x"}, False), (both, {"targets": "*"}, False),
        (both, {"pattern": "ismewen/*", "targets": "staging"}, True), (both, {"pattern": "ismewen/*"}, False),
    ):  # fmt: skip
        assert may_freeze(user, Freeze(**FIELDS | fields)) is may, (user, fields)


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"targets": "stag*"}, "needs a deploy grant for all of ismewen/edrone that includes “stag*”. Ask"),
        ({"targets": "staging, production, x"}, "for all of ismewen/edrone that includes “production, x”. Ask"),
        ({"targets": "staging", "branches": "master"}, "for all of ismewen/edrone that is not limited to operations or targets,"),
        ({"pattern": "*", "targets": "staging"}, "needs a deploy grant that covers all of *. Ask"),
    ],
)
def test_who_may_not_freeze_is_told_which_grant_is_missing(db: None, fields: dict[str, Any], missing: str) -> None:
    limited = Api(person("limited", Level.DEPLOY, "ismewen/*", only="staging"))
    answer = limited.post("/api/freezes", FIELDS | fields)
    assert (answer.status_code, missing in body(answer)["message"]) == (403, True), body(answer)


def test_nobody_makes_so_many_freezes_that_all_builds_wait(
    api: dict[str, Api], people: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST", 2)
    frozen(user=people["superuser"])
    assert [api["deployer"].post("/api/freezes", FIELDS).status_code for _ in range(3)] == [201, 201, 400]
    answer = api["deployer"].post("/api/freezes", FIELDS)
    assert body(answer)["message"].startswith(
        "pattern: You have 2 freezes that hold or are planned, as many as anybody may have."
    )
    assert api["deployer"].delete(f"/api/freezes/{Freeze.objects.latest('pk').pk}").status_code == 204
    assert api["deployer"].post("/api/freezes", FIELDS).status_code == 201


def test_a_freeze_stays_when_its_maker_loses_the_grant(api: dict[str, Api], people: dict[str, Any]) -> None:
    assert api["deployer"].post("/api/freezes", FIELDS).status_code == 201
    Grant.objects.filter(user=people["deployer"]).update(level=Level.RUN)
    number = Freeze.objects.get().pk
    assert api["deployer"].delete(f"/api/freezes/{number}").status_code == 403
    assert api["superuser"].post(PROMOTE).status_code == 409


@pytest.mark.parametrize("who", ["superuser", "deployer"])
def test_a_narrowed_token_is_named_as_the_cause(people: dict[str, Any], who: str) -> None:
    made, wide = frozen(), {"pattern": "*" if who == "superuser" else "ismewen/*"}
    narrow = Api(token=make_token(people[who], "narrow", pattern="ismewen/edrone").text)
    answer = narrow.post("/api/freezes", FIELDS | wide)
    assert (answer.status_code, body(answer)["message"]) == (
        403,
        f"Forbidden: this token is for the repositories ismewen/edrone only. Make a token for all of {wide['pattern']}.",
    )
    low = Api(token=make_token(people[who], "low", level=Level.RUN).text)
    for answer in (low.post("/api/freezes", FIELDS), low.delete(f"/api/freezes/{made.pk}")):
        assert (answer.status_code, body(answer)["message"]) == (
            403,
            "Forbidden: this token may not do what needs the level deploy. Make a token with a higher one.",
        )
    assert narrow.post("/api/freezes", FIELDS).status_code == 201


@pytest.mark.parametrize(
    ("who", "listed", "makes"),
    [("guest", 401, 401), ("inactive", 403, 403), ("viewer", 1, 403), ("runner", 1, 403), ("outsider", 0, 403)],
)
def test_rest_shows_freezes_to_those_who_see_the_repository(api: dict[str, Api], who: str, listed: int, makes: int) -> None:
    made = frozen()
    answer = api[who].get("/api/freezes")
    assert (len(body(answer)) if answer.status_code == 200 else answer.status_code) == listed
    assert api[who].post("/api/freezes", FIELDS).status_code == makes
    refused = api[who].delete(f"/api/freezes/{made.pk}").status_code
    assert refused == (404 if who == "outsider" else makes)


@pytest.mark.parametrize(
    "content",
    [
        {}, [], {"pattern": "x"}, FIELDS | {"pattern": 1}, FIELDS | {"targets": 5}, FIELDS | {"reason": None}, FIELDS | {"begins": 2026}, FIELDS | {"more": "x"}, FIELDS | {"ends": "tomorrow"},
        FIELDS | {"ends": "2026-12-24T18:00:00"}, FIELDS | {"ends": "2020-01-01T00:00:00Z"}, FIELDS | {"reason": "x" * 501},
        FIELDS | {"begins": "0001-01-01T00:00:00+14:00"}, FIELDS | {"targets": ""}, FIELDS | {"reason": "a\0b"},
        FIELDS | {"pattern": "a/\ud800"},
        FIELDS | {"targets": ",".join(f"{number:03}" for number in range(125))},  # 499 characters, and more with the blanks
    ],
)  # fmt: skip
def test_rest_refuses_bad_freezes_in_words(api: dict[str, Api], content: Any) -> None:
    answer = api["superuser"].post("/api/freezes", content)
    assert answer.status_code == 400
    assert body(answer)["message"]
    assert not Freeze.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({}, "namespace/name. reason: Say why: everybody who meets the freeze reads it. targets: Name what is frozen: targets,"),
        ([], 'The body must be a JSON object, such as {"pattern": "shop/*", "targets": "production", "reason": "Stocktaking"}.'),
        (FIELDS | {"pattern": "shop"}, "pattern: “shop” is not a valid repository pattern"),
        (FIELDS | {"ends": "2020-01-01T00:00:00Z"}, "ends: The end must be in the future, and after the beginning."),
        (FIELDS | {"targets": ""}, "targets: Name what is frozen"),
        (FIELDS | {"branches": " ,"}, "branches: There is no name in this list: write one, or leave the list empty."),
        (FIELDS | {"ends": ""}, "ends must be a time with its zone"),
        (FIELDS | {"begins": "0001-01-01T00:00:00Z"}, "begins: The year must be from 2000 to 2099."),
        (FIELDS | {"begins": "0001-01-01T00:00:00+14:00"}, "begins: The year must be from 2000 to 2099."),
        (FIELDS | {"ends": "9999-12-31T23:59:59Z"}, "ends: The year must be from 2000 to 2099."),
        (FIELDS | {"ends": "9999-12-31T23:59:59-08:00"}, "ends: The year must be from 2000 to 2099."),
        (FIELDS | {"reason": "x" * 501}, "reason: Ensure this value has at most 500 characters (it has 501)."),
    ],
)
def test_rest_names_the_fields_as_they_are_sent(api: dict[str, Api], content: Any, sentence: str) -> None:
    message = body(api["superuser"].post("/api/freezes", content))["message"]
    assert sentence in message
    assert message.count("Name what is frozen") <= 1
    assert "blank" not in message


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["", "--branch", "master"], "There is no name in NAME: write one, or leave it out."),
        (["production", "--branch", ","], "There is no name in --branch: write one, or leave it out."),
        (["production", "--until", ""], "'' is no time with its zone"),
    ],
)
def test_what_is_given_to_the_command_empty_is_refused(db: None, words: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("freeze", "shop/cart", *words, "--reason", "r")
    call_command("freeze", "shop/cart", "production,", "--reason", "r")
    assert Freeze.objects.get().targets == "production"


def test_the_command_names_its_arguments(db: None) -> None:
    with pytest.raises(CommandError, match=r"^PATTERN: “shop” is not .* NAME: Name what .* --reason: Say why.* --until: The end"):
        call_command("freeze", "shop", reason=" ", ends="2020-01-01T00:00Z")


def test_the_command_takes_no_year_that_cannot_be_meant(db: None) -> None:
    with pytest.raises(CommandError, match=r"^--from: The year must be from 2000 to 2099. --until: The year must"):
        call_command("freeze", "shop/cart", "*", reason="x", begins="0001-01-01T00:00+14:00", ends="9999-12-31T23:59-08:00")


def test_a_freeze_that_rest_gives_may_be_sent_again(api: dict[str, Api]) -> None:
    first = body(api["superuser"].post("/api/freezes", FIELDS | {"ends": None, "begins": None}))
    assert first["ends"] is None
    for again in (first, body(api["superuser"].get("/api/freezes"))[0]):
        answer = api["superuser"].post("/api/freezes", again)
        assert (answer.status_code, body(answer)["begins"]) == (201, first["begins"])
    assert Freeze.objects.count() == 3


def test_a_time_may_have_small_letters(api: dict[str, Api]) -> None:
    answer = api["superuser"].post("/api/freezes", FIELDS | {"ends": "2098-12-24t18:00:00z"})
    assert (answer.status_code, body(answer).get("ends")) == (201, "2098-12-24T18:00:00+00:00")


def test_the_form_says_all_that_is_wrong_at_once(standin: Standin, people: dict[str, Any]) -> None:
    wrong = {"pattern": "shop", "targets": "", "reason": "", "zone": "Mars", "begins": "soon", "ends": "2020-01-01T00:00"}
    page = client_of(people["superuser"]).post(PAGE, wrong).content.decode()
    for field in ("pattern", "targets", "reason", "zone", "begins"):
        assert f'id="id_{field}_error"' in page, field
    assert page.count('<p class="problem"') == 5  # when it ends, nobody knows without its zone
    page = client_of(people["superuser"]).post(PAGE, wrong | {"zone": "UTC"}).content.decode()
    assert "The end must be in the future" in page


def test_a_frozen_start_is_refused_and_drone_is_not_asked(api: dict[str, Api], standin: Standin) -> None:
    frozen()
    answer = api["deployer"].post(PROMOTE)
    assert answer.status_code == 409
    assert "“no Fridays”" in body(answer)["message"]
    assert standin.writes == []
    assert not AuditRecord.objects.exists()
    assert api["deployer"].post(f"{REPO}/builds/2/promote?target=staging").status_code == 200


def test_an_override_needs_a_reason_and_is_announced_and_recorded(
    api: dict[str, Api], standin: Standin, people: dict[str, Any]
) -> None:
    frozen()
    assert api["deployer"].post(PROMOTE, {"override": "  "}).status_code == 409
    assert api["deployer"].post(PROMOTE, {"override": "x" * 501}).status_code == 400
    answer = api["deployer"].post(PROMOTE, {"override": "hotfix", "params": {"A": "1"}})
    assert answer.status_code == 200
    record = AuditRecord.objects.get()
    assert record.override == "hotfix"
    assert Announcement.objects.get().record == record.pk
    assert dict(standin.writes[-1].query).keys() == {"A", "EDRONE_ACTOR", "target"}
    assert "override" not in body(answer)["params"]
    page = client_of(people["superuser"]).get("/admin/builds/build/ismewen/edrone/2/-/record/").content.decode()
    assert "reason for overriding a freeze: <bdi>hotfix</bdi>" in page


def test_an_override_of_nothing_is_not_recorded(api: dict[str, Api]) -> None:
    assert api["deployer"].post(PROMOTE, {"override": "just in case"}).status_code == 200
    assert AuditRecord.objects.get().override == ""
    assert not Announcement.objects.exists()


@pytest.mark.parametrize("branch", ["heads/master", "refs/heads/heads/master", "refs/heads/refs/heads/master", "master~0"])
def test_a_frozen_branch_is_frozen_however_it_is_written(api: dict[str, Api], standin: Standin, branch: str) -> None:
    frozen(targets="", branches="master, refs/tags/*")
    answer = api["runner"].post(f"{REPO}/builds?{urlencode({'branch': branch})}")
    assert (answer.status_code, "master of ismewen/edrone is frozen" in body(answer)["message"]) == (409, True)
    assert not standin.writes


def test_a_run_grant_does_not_override_a_frozen_branch(api: dict[str, Api]) -> None:
    frozen(targets="", branches="*")
    assert api["runner"].post(f"{REPO}/builds?branch=master").status_code == 409
    assert api["runner"].post(f"{REPO}/builds?branch=master", {"override": "x"}).status_code == 403
    assert api["deployer"].post(f"{REPO}/builds?branch=master", {"override": "x"}).status_code == 200


def test_the_page_makes_and_lifts_freezes(standin: Standin, people: dict[str, Any]) -> None:
    client = client_of(people["deployer"])
    form = FIELDS | {"ends": "2099-12-24T18:00", "zone": "Europe/Berlin"}
    assert client.post(PAGE, form).status_code == 302
    made = Freeze.objects.get()
    assert (made.username, made.ends) == ("deployer", datetime(2099, 12, 24, 17, tzinfo=UTC))
    assert "no Fridays" in client.get(PAGE).content.decode()
    for page in ("/admin/", "/admin/builds/deployments/"):
        assert "frozen-now" in client.get(page).content.decode()
        assert "frozen-now" not in client_of(people["outsider"]).get(page).content.decode()
    assert client.post(PAGE, {"lift": made.pk}).status_code == 302
    made.refresh_from_db()
    assert made.lifted_by == "deployer"
    assert "frozen-now" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"zone": "Mars"}, "no such time zone"), ({"ends": "soon"}, "such as 2026-12-24 18:00"), ({"pattern": "x"}, "not a valid"),
        ({"begins": "2026-03-29T02:30", "zone": "Europe/Berlin"}, "clocks skip it"), ({"ends": "2020-01-01T00:00"}, "in the future"),
        ({"ends": "9999-12-31T23:59", "zone": "America/New_York"}, "The year must be from 2000 to 2099."), ({"reason": ""}, "required"),
        ({"branches": " "}, "There is no name in this list"), ({"targets": ",", "branches": "x"}, "There is no name in this list"),
        ({"begins": "0001-01-01T00:00", "zone": "Asia/Tokyo"}, "The year must be from 2000 to 2099."),
    ],
)  # fmt: skip
def test_the_page_says_what_is_wrong(fields: dict[str, str], words: str, standin: Standin, people: dict[str, Any]) -> None:
    answer = client_of(people["deployer"]).post(PAGE, FIELDS | {"zone": "UTC"} | fields)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Freeze.objects.exists()


def test_the_page_says_that_branches_freeze_no_operations(standin: Standin, people: dict[str, Any]) -> None:
    page = client_of(people["deployer"]).get(PAGE).content.decode()
    assert "operations, promotions and rollbacks of a commit of a frozen" in page
    assert "builds that pushes, schedules and people start there; operations, promotions and rollbacks" in page


def test_the_page_is_nobodys_without_a_grant_and_shows_what_they_see(standin: Standin, people: dict[str, Any]) -> None:
    made = frozen()
    assert client_of(person("nobody")).get(PAGE).status_code == 403  # the page that says so, as everywhere
    assert "no Fridays" not in client_of(people["outsider"]).get(PAGE).content.decode()
    assert client_of(people["outsider"]).post(PAGE, {"lift": made.pk}).status_code == 404
    viewer = client_of(people["viewer"])
    assert "Make a freeze" not in viewer.get(PAGE).content.decode()
    assert viewer.post(PAGE, {"lift": made.pk}).status_code == 403
    assert viewer.post(PAGE, FIELDS | {"zone": "UTC"}).status_code == 403
    assert viewer.post(PAGE, {"lift": "x" * 30}).status_code == 404
    assert sees(people["viewer"], "*")


def test_of_the_freezes_that_hold_those_that_end_first_are_shown_first(people: dict[str, Any]) -> None:
    made = [frozen(ends=ends) for ends in (None, timezone.now() + timedelta(days=2), timezone.now() + timedelta(days=1))]
    assert frozen_now(people["viewer"]) == [made[2], made[1], made[0]]


def test_freezes_of_others_that_are_over_hide_none_of_the_readers(standin: Standin, people: dict[str, Any]) -> None:
    past = {"begins": NOW - timedelta(days=2), "ends": NOW - timedelta(days=1), "username": "wei"}
    frozen(**past)
    Freeze.objects.bulk_create(Freeze(**FIELDS | past | {"pattern": "elsewhere/*", "reason": "theirs"}) for _ in range(60))
    page = client_of(people["viewer"]).get(PAGE).content.decode()
    assert page.count("no Fridays") == 1
    assert "theirs" not in page
    assert client_of(people["outsider"]).get(PAGE).content.decode().count("theirs") == 50


def test_the_confirmation_asks_for_a_reason(standin: Standin, people: dict[str, Any]) -> None:
    frozen()
    client, where = client_of(people["deployer"]), "/admin/builds/build/ismewen/edrone/2/-/do/promote/"
    filled = {"target": "production", "new_target": "on"}
    page = client.post(where, filled).content.decode()
    assert 'name="override"' in page
    assert "no Fridays" in page
    sent = filled | {"confirmed": "yes", "key": "k"}
    assert client.post(where, sent).status_code == 409
    assert client.post(where, sent | {"override": "hotfix"}).status_code == 302
    assert AuditRecord.objects.get().override == "hotfix"


def test_commands_freeze_and_lift(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("freeze", "shop/*", "production", "--reason", "stock", "--until", "2099-01-01T00:00+01:00", "--by", "ops")
    made = Freeze.objects.get()
    assert (made.username, made.ends) == ("ops", datetime(2098, 12, 31, 23, tzinfo=UTC))
    capsys.readouterr()
    call_command("unfreeze")
    listed = capsys.readouterr().out
    assert listed.startswith(f"#{made.pk} shop/*: production · ")
    assert listed.endswith(" until 2098-12-31 23:00 UTC · ops: stock\n")
    call_command("unfreeze", str(made.pk))
    call_command("unfreeze", str(made.pk))
    assert "was over already" in capsys.readouterr().out
    both = Freeze(pk=7, pattern="shop/*", targets="production", branches="master")
    assert str(both) == "#7 shop/*: production, branches master"
    for words in (["shop", "x", "--reason", "r"], ["*", "x", "--reason", "r", "--until", "soon"], ["*", "--reason", "r"]):
        with pytest.raises(CommandError):
            call_command("freeze", *words)
    with pytest.raises(CommandError, match="There is no freeze"):
        call_command("unfreeze", "999")


@pytest.mark.parametrize(
    ("zone", "begins", "ends", "expected"),
    [
        ("Europe/Berlin", "2099-10-25T02:30", "2099-10-25T02:45", 3600 + 900),  # the hour that comes twice is frozen twice
        ("Europe/Berlin", "2099-03-29T01:30", "2099-03-29T03:30", 3600),  # an hour is skipped
        ("Australia/Lord_Howe", "2099-06-01T00:00", "2099-06-01T00:30", 1800),
        ("Asia/Kathmandu", "2099-06-01T00:00", "2099-06-02T00:00", 86_400),
    ],
)
def test_a_freeze_of_the_page_holds_as_its_clock_says(
    zone: str, begins: str, ends: str, expected: int, standin: Standin, people: dict[str, Any]
) -> None:
    form = FIELDS | {"begins": begins, "ends": ends, "zone": zone}
    answer = client_of(people["deployer"]).post(PAGE, form)
    assert answer.status_code == 302, answer.content.decode()
    made = Freeze.objects.get()
    assert made.ends is not None
    assert (made.ends - made.begins).total_seconds() == expected
    start = Start("ismewen/edrone", ("production",))
    assert covering([made], start, made.begins) is made
    assert covering([made], start, made.begins - timedelta(seconds=1)) is None
    assert covering([made], start, made.ends) is None


def test_of_overlapping_freezes_each_must_be_lifted(api: dict[str, Api]) -> None:
    first, second = frozen(), frozen(pattern="*", targets="*", reason="everything")
    assert api["deployer"].post(PROMOTE).status_code == 409
    assert api["deployer"].delete(f"/api/freezes/{first.pk}").status_code == 204
    assert "“everything”" in body(api["deployer"].post(PROMOTE))["message"]
    assert api["deployer"].delete(f"/api/freezes/{second.pk}").status_code == 403  # it covers what is not theirs
    assert api["superuser"].delete(f"/api/freezes/{second.pk}").status_code == 204
    assert api["deployer"].post(PROMOTE).status_code == 200


def test_one_reason_overrides_all_that_holds_so_each_is_shown(
    api: dict[str, Api], standin: Standin, people: dict[str, Any]
) -> None:
    frozen()
    frozen(pattern="*", targets="*", reason="everything", ends=datetime(2099, 12, 24, 17, tzinfo=UTC))
    where = "/admin/builds/build/ismewen/edrone/2/-/do/promote/"
    page = client_of(people["deployer"]).post(where, {"target": "production", "new_target": "on"}).content.decode()
    refused = body(api["deployer"].post(PROMOTE))["message"]
    end = '<time datetime="2099-12-24T17:00:00+00:00" data-exactly>2099-12-24 17:00 UTC</time>'
    for words in ("until the freeze is lifted: “no Fridays”.", "until 2099-12-24 17:00 UTC: “everything”."):
        assert words.replace("2099-12-24 17:00 UTC", end) in page
        assert words in refused


def test_the_hour_of_the_end_is_shown(standin: Standin, people: dict[str, Any]) -> None:
    frozen(ends=datetime(2099, 12, 24, 17, tzinfo=UTC))
    for page in (PAGE, "/admin/", "/admin/builds/deployments/"):
        shown = client_of(people["deployer"]).get(page).content.decode()
        assert '<time datetime="2099-12-24T17:00:00+00:00" data-exactly>2099-12-24 17:00 UTC</time>' in shown


def test_a_freeze_that_is_over_cannot_be_lifted_and_stops_nothing(api: dict[str, Api]) -> None:
    past = frozen(begins=NOW - timedelta(days=2), ends=NOW - timedelta(days=1))
    assert api["deployer"].delete(f"/api/freezes/{past.pk}").status_code == 204
    past.refresh_from_db()
    assert past.lifted is None
    assert api["deployer"].post(PROMOTE).status_code == 200


def test_who_makes_a_freeze_and_is_deleted_leaves_it_with_the_name(api: dict[str, Api], people: dict[str, Any]) -> None:
    assert api["deployer"].post("/api/freezes", FIELDS).status_code == 201
    people["deployer"].delete()
    assert "is frozen by deployer" in body(api["superuser"].post(PROMOTE))["message"]


def test_of_a_freeze_that_was_lifted_before_it_began_only_that_is_shown(standin: Standin, people: dict[str, Any]) -> None:
    Freeze.objects.create(username="ada", begins=datetime(2035, 1, 1, tzinfo=UTC), lifted=NOW, lifted_by="bob", **FIELDS)
    page = client_of(people["deployer"]).get(PAGE).content.decode()
    assert f"{NOW:%Y-%m-%d %H:%M} UTC</time> (<bdi>bob</bdi>)" in page
    assert "2035" not in page


@pytest.mark.parametrize(("language", "between"), [("en", "; "), ("zh-hans", "\N{FULLWIDTH SEMICOLON}")])
def test_freezes_of_one_line_are_apart_by_what_the_language_has(
    standin: Standin, people: dict[str, Any], language, between
) -> None:
    for reason in ("no Fridays", "stocktaking"):
        frozen(reason=reason)
    page = client_of(people["deployer"]).get("/admin/builds/deployments/", headers={"Accept-Language": language}).content.decode()
    line = re.search(r'<p class="frozen-now">(.*?)</p>', page, re.DOTALL)
    assert line
    assert re.findall(r"</span>([^<]+)<span", line[1]) == [between]


def test_a_confirmation_that_waited_is_refused_or_passes_as_things_are_now(standin: Standin, people: dict[str, Any]) -> None:
    client, where = client_of(people["deployer"]), "/admin/builds/build/ismewen/edrone/2/-/do/promote/"
    filled = {"target": "production", "new_target": "on"}
    assert 'name="override"' not in client.post(where, filled).content.decode()
    made = frozen()  # meanwhile
    sent = filled | {"confirmed": "yes", "key": "k"}
    assert client.post(where, sent).status_code == 409
    assert standin.writes == []
    Freeze.objects.filter(pk=made.pk).update(lifted=timezone.now())
    assert client.post(where, sent).status_code == 302
    assert AuditRecord.objects.get().override == ""
