"""Running services by hand, from the pages, against a stand-in of Drone that is a real HTTP server."""

import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from builds.access.models import Grant, Level
from builds.drone_db.models import Build
from builds.starting.models import AuditRecord, Outcome
from tests.builds.pages.conftest import reader

REPO, BUILDS = "/admin/builds/repo/ismewen/edrone/", "/admin/builds/build/ismewen/edrone/"
RUN = f"{REPO}-/run/"
RESTART_2 = f"{BUILDS}2/-/do/restart/"
CHECK = f"{RUN}?operation=check"
HEAD = """kind: operation
title: Check it <b>
description: Looks whether it runs.
inputs:
  TARGET: {type: choice, options: [staging, production], default: staging, description: Where}
  TIMES: {type: number, required: true}
  LOUD: {type: boolean, default: false}
  NOTE: {type: string}
---
kind: pipeline
name: check
steps: [{name: probe, image: curl}]
"""
TREE = {
    "edrone/_operations/check.yaml": HEAD,
    "edrone/_operations/ship.yaml": "kind: operation\nlevel: deploy\n---\nkind: pipeline\nname: ship\n",
    "edrone/_operations/broken.yaml": "kind: operation\nlevel: none\n---\nkind: pipeline\nname: x\n",
    "default.yaml": "kind: pipeline\nname: test\n",
}
FILLED = {"ship": {"input-DB_PASSWORD": "hunter2"}, "check": {"input-TARGET": "production", "input-TIMES": "3"}}


@pytest.fixture
def site(standin: Any, tree: Any) -> Any:
    tree(TREE)
    return standin


@pytest.fixture
def deployer(site: Any) -> Client:
    return reader("deployer", "ismewen/edrone", Level.DEPLOY)


@pytest.fixture
def runner(site: Any) -> Client:
    return reader("runner", "ismewen/edrone", Level.RUN)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def hidden(answer: Any) -> dict[str, str]:
    """Give the fields of the confirmation."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text(answer))
    return {name: value for name, value in found if name not in {"csrfmiddlewaretoken", "next"}}


def confirmed(client: Client, path: str, **fields: str) -> Any:
    """Fill in a form, confirm what it says, and give the last answer."""
    asked = client.post(path, fields)
    assert asked.status_code == 200, text(asked)
    assert "Request to Drone" in text(asked), text(asked)
    return client.post(path, hidden(asked))


def test_an_operation_is_asked_for_confirmed_and_run(site, runner):
    assert re.search(r'-/run/\?operation=check">\s*<bdi>Check it &lt;b&gt;', text(runner.get(REPO)))
    listed = text(runner.get(RUN))
    assert "Check it &lt;b&gt;" in listed
    assert "Your grants do not include this operation." in listed  # ship deploys
    assert "is not run or deploy" in listed  # what is wrong with the broken one
    form = text(runner.get(CHECK))
    assert re.search(r'<option value="staging" selected>', form)
    assert "Where" in form
    assert '<option value="master"></option>' in form
    asked = runner.post(CHECK, {"branch": "develop", "input-TARGET": "production", "input-TIMES": "3", "input-LOUD": "true"})
    assert "Run “Check it &lt;b&gt;” on branch develop of ismewen/edrone." in text(asked)
    for sent in ("POST /api/repos/ismewen/edrone/builds", "develop", "check", "TARGET", "production", "EDRONE_ACTOR", "runner"):
        assert sent in text(asked)
    assert site.writes == []
    done = runner.post(CHECK, hidden(asked))
    assert done.status_code == 302
    (call,) = site.writes
    assert dict(call.query) == {
        "branch": "develop", "action": "check", "TARGET": "production", "TIMES": "3", "LOUD": "true", "EDRONE_ACTOR": "runner"
    }  # fmt: skip
    number = int(re.findall(r"(\d+)/$", done["Location"])[0])
    assert Build.objects.filter(repo__slug="ismewen/edrone", number=number).exists()
    assert "The build was started." in text(runner.get(done["Location"]))
    for page in (done["Location"], REPO, "/admin/builds/build/"):
        assert "runner" in re.sub(r"(?s)<header.*?</header>", "", text(runner.get(page)))  # who started it, not edrone's login
    record = AuditRecord.objects.get()
    assert (record.username, record.means, record.outcome, record.build) == ("runner", "administration", Outcome.DONE, number)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "is required"),
        ({"input-TIMES": "many"}, "must be a number"),
        ({"input-TIMES": "3", "branch": ""}, "This field is required."),
        ({"input-TIMES": "3", "input-TARGET": "moon"}, "moon is not one of the available choices"),
    ],
)
def test_bad_inputs_are_said_beside_the_field_and_nothing_is_sent(fields, said, site, runner):
    answer = runner.post(CHECK, {"branch": "develop", "input-TARGET": "staging", "input-LOUD": "false"} | fields)
    assert answer.status_code == 422
    assert said in text(answer)
    assert site.writes == []


def test_pressed_twice_is_done_once(site, deployer):
    asked = deployer.post(CHECK, {"branch": "develop", "input-TIMES": "1", "input-TARGET": "staging", "input-LOUD": "false"})
    answers = [deployer.post(CHECK, hidden(asked)) for _ in range(3)]
    assert len({answer["Location"] for answer in answers}) == 1
    assert len(site.writes) == 1


def test_a_key_that_no_confirmation_has_made_is_none(site, deployer):
    asked = deployer.post(f"{BUILDS}2/-/do/restart/")
    for key in ("a\0b", "é", "x" * 256, " "):  # of which PostgreSQL does not even compare the first
        assert deployer.post(f"{BUILDS}2/-/do/restart/", hidden(asked) | {"key": key}).status_code == 302
    assert set(AuditRecord.objects.values_list("key", flat=True)) == {""}


def test_pressed_again_while_drone_is_asked_says_so(site, deployer):
    asked = deployer.post(CHECK, {"branch": "develop", "input-TIMES": "1", "input-TARGET": "staging", "input-LOUD": "false"})
    deployer.post(CHECK, hidden(asked))
    AuditRecord.objects.update(outcome=Outcome.STARTED)
    again = deployer.post(CHECK, hidden(asked))
    assert again.status_code == 409
    assert "Your first click is still being processed" in text(again)
    assert hidden(again)["key"] == hidden(asked)["key"]
    assert len(site.writes) == 1


def test_one_mistake_is_told_in_one_sentence(site, runner):
    answer = runner.post(CHECK, {"branch": "develop", "input-TARGET": "moon", "input-TIMES": "many", "input-LOUD": "perhaps"})
    assert answer.status_code == 422
    assert text(answer).count('<p class="problem"') == 3


def test_an_ordinary_build_takes_parameters_a_line_each(site, runner):
    path = f"{RUN}?operation="
    for wrong, said in (
        ("\nA=1\nno equals", "Line 3: write each parameter as NAME=value"),
        ("A=1\nA=2", "A appears twice."),
        ("PATH=x", "reserved"),
    ):
        answer = runner.post(path, {"branch": "develop", "params": wrong})
        assert answer.status_code == 422
        assert said in text(answer)
    assert confirmed(runner, path, branch="develop", params="A=1=2\n\nB= two \n").status_code == 302
    assert dict(site.writes[0].query) == {"branch": "develop", "A": "1=2", "B": " two ", "EDRONE_ACTOR": "runner"}


VERBS = ["restart", "promote", "rollback", "cancel", "decline", "approve", "approve/1"]


@pytest.mark.parametrize("verb", VERBS)
def test_who_may_only_look_sees_no_buttons_and_gets_403_all_the_same(verb, site):
    viewer = reader("viewer", "ismewen/edrone", Level.VIEW)
    assert "/-/do/" not in text(viewer.get(f"{BUILDS}2/"))
    assert "Run…" not in text(viewer.get(REPO))
    for path in (f"{BUILDS}2/-/do/{verb}/", RUN, CHECK, f"{RUN}?operation="):
        for answer in (viewer.get(path), viewer.post(path, {"confirmed": "yes", "target": "x", "branch": "develop", "key": "k"})):
            assert answer.status_code == 403
            assert re.search("Forbidden: (viewer needs|you need) a (run|deploy) grant", text(answer))
    outsider = reader("outsider", "elsewhere/*", Level.DEPLOY)
    for path in (f"{BUILDS}2/-/do/{verb}/", RUN, CHECK):
        assert outsider.get(path).status_code == outsider.post(path, {"confirmed": "yes"}).status_code == 404
        assert Client().post(path, {"confirmed": "yes"})["Location"].startswith("/admin/login/")
    assert site.writes == []
    assert not AuditRecord.objects.exists()


def test_the_missing_grant_that_is_named_is_the_least_that_opens_the_page(site):
    viewer = reader("viewer", "ismewen/edrone", Level.VIEW)
    limited = reader("limited", "ismewen/edrone", Level.DEPLOY)
    Grant.objects.filter(user__username="limited").update(only="check staging")
    for path, words in (
        (f"{BUILDS}2/-/do/promote/", "Forbidden: you need a deploy grant. Ask an edrone administrator."),
        (f"{BUILDS}2/-/do/rollback/", "Forbidden: you need a deploy grant. Ask an edrone administrator."),
        (RUN, "Forbidden: you need a run grant. Ask an edrone administrator."),
        (CHECK, "needs a run grant for ismewen/edrone that includes “check”"),
    ):
        refused = viewer.get(path)
        assert refused.status_code == 403
        assert words in text(refused)
        assert limited.get(path).status_code == 200
    assert "that is not limited to operations" in text(viewer.get(f"{RUN}?operation="))
    assert limited.get(f"{RUN}?operation=").status_code == 403


def test_without_the_token_of_the_form_nothing_is_done(site, deployer):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = deployer.cookies
    assert strict.post(f"{BUILDS}2/-/do/restart/", {"confirmed": "yes"}).status_code == 403
    assert site.writes == []


def test_the_form_of_an_operation_says_what_it_is_for(site, runner):
    assert "Looks whether it runs." in text(runner.get(CHECK))
    assert "Looks whether it runs." in text(runner.post(CHECK, {"input-TIMES": "x"}))


def test_a_confirmation_names_the_kind_of_the_second_number(site, deployer):
    change = "build_event = 'pull_request', build_ref = 'refs/pull/2/head', build_source = 'login', build_target = 'master'"
    site.drone.database.rows(f"UPDATE builds SET {change} WHERE build_number = 2")
    assert "#2 pull request #2 login → master" in " ".join(re.sub("<[^>]*>", "", text(deployer.get(RESTART_2))).split())


def test_a_build_is_restarted_and_debugged_by_those_who_may_deploy(site, runner, deployer):
    assert "Restart ismewen/edrone #2 with today" in text(runner.post(f"{BUILDS}2/-/do/restart/"))
    path = f"{BUILDS}2/-/do/restart/"
    asked = text(deployer.get(path))
    assert "Restart ismewen/edrone #2 with today" in asked  # asks at once
    assert "Options…" in asked
    assert "Options…" not in text(runner.get(path))  # nothing to change: one way back
    assert "Back to the form" not in text(runner.get(path))
    change = {"change": "yes"}
    assert 'name="debug"' not in text(runner.post(path, change))
    assert 'name="debug"' in text(deployer.post(path, change))
    for refused in (runner.post(path, {"debug": "on"}), runner.post(path, {"debug": "on", "confirmed": "yes", "key": "k"})):
        assert refused.status_code == 403
        assert 'name="debug"' not in text(refused)
    assert site.writes == []
    done = confirmed(deployer, f"{BUILDS}2/-/do/restart/", debug="on")
    assert done.status_code == 302
    assert (site.writes[0].path, dict(site.writes[0].query)["debug"]) == ("/api/repos/ismewen/edrone/builds/2", "true")


def test_every_input_with_a_value_is_on_the_confirmation_the_defaults_included(site, runner):
    asked = text(
        runner.post(CHECK, {"branch": "develop", "input-TARGET": "production", "input-TIMES": "3", "input-NOTE": "soon"})
    )
    listed = re.findall(r'<th scope="row">(.*?)</th>\s*<td><code>(.*?)</code>', re.sub("</?bdi>", "", asked))
    for one in (("TARGET", "production"), ("TIMES", "3"), ("LOUD", "false"), ("NOTE", "soon")):
        assert one in listed


def test_restarting_an_operation_says_which_with_what_and_is_dangerous_where_it_deploys(site, deployer, tree):
    head = "kind: operation\nlevel: deploy\ninputs: {DB_PASSWORD: {type: string}}\n"
    tree(TREE | {"edrone/_operations/ship.yaml": f"{head}---\nkind: pipeline\nname: ship\n"})

    def restarting(operation: str) -> str:
        done = confirmed(deployer, f"{RUN}?operation={operation}", **{"branch": "develop", **FILLED[operation]})
        return text(other.post(f"{done['Location']}-/do/restart/"))

    other = reader("other", "ismewen/edrone", Level.DEPLOY)
    ship, check = restarting("ship"), restarting("check")
    assert "runs the operation ship again" in ship
    assert "runs the operation check again" in check
    assert 'class="deed dangerous"' in ship
    assert "button default dangerous" in ship
    assert "dangerous" not in check
    kept = re.sub(r"</?bdi>|(?<=>)\s+", "", check)
    assert "The build keeps its parameters" in kept
    for name, value in (("TARGET", "production"), ("TIMES", "3")):
        assert f'<code class="param">{name}={value}</code>' in kept
    secret = re.sub(r"</?bdi>|(?<=>)\s+", "", ship)
    assert '<code class="param">DB_PASSWORD=********</code>' in secret
    assert "hunter2" not in secret


def test_what_a_promotion_inherits_is_on_the_confirmation(site, deployer):
    done = confirmed(deployer, f"{RUN}?operation=", branch="develop", params="A=1\nB=2")
    asked = text(deployer.post(f"{done['Location']}-/do/promote/", {"target": "moon", "new_target": "on", "params": "B=3"}))
    said = re.sub(r"</?bdi>|(?<=>)\s+", "", asked).partition("<dt>inputs</dt>")[2].partition("<dt>as</dt>")[0]
    assert re.findall(r'<code class="param">(.*?)</code>', said) == ["B=3", "A=1"]
    assert "The last one comes along from #" in said


@pytest.mark.parametrize(
    ("path", "fields", "deed"),
    [
        (f"{RUN}?operation=", {"branch": "develop"}, "Start the build"),
        (f"{BUILDS}2/-/do/restart/", {}, "Restart #2"),
        (f"{BUILDS}2/-/do/promote/", {"target": "100% <moon>", "new_target": "on"}, "Deploy to 100% &lt;moon&gt;"),
        (f"{BUILDS}2/-/do/rollback/", {"target": "moon", "new_target": "on"}, "Roll back moon"),
    ],
)  # fmt: skip
def test_the_button_of_the_confirmation_names_the_deed(path, fields, deed, site, deployer):
    asked = deployer.post(path, fields)
    assert re.findall(r'<button type="submit"\s+class="button default[^"]*"><bdi>(.*?)</bdi></button>', text(asked)) == [deed]


def test_change_shows_the_form_as_it_was_filled_in(site, deployer):
    filled = {"branch": "release/1", "input-TARGET": "production", "input-TIMES": "7", "input-NOTE": "soon", "input-LOUD": "true"}
    asked = deployer.post(CHECK, filled)
    assert '<button type="submit" form="again" class="button plain" name="change" value="yes">' in text(asked)
    form = deployer.post(CHECK, hidden(asked) | {"change": "yes"})
    assert form.status_code == 200
    for kept in ('value="release/1"', '<option value="production" selected>', 'value="7"', 'value="soon"'):
        assert kept in text(form)
    assert "errornote" not in text(form)
    path = f"{BUILDS}2/-/do/promote/"
    form = deployer.post(
        path, hidden(deployer.post(path, {"target": "moon", "new_target": "on", "params": "A=1"})) | {"change": "yes"}
    )
    assert 'value="moon"' in text(form)
    assert "A=1</textarea>" in text(form)
    assert site.writes == []


def test_a_default_of_several_lines_stays_as_it_is(site, runner, tree):
    head = 'kind: operation\ninputs:\n  NOTE: {default: "a\\n b\\n"}\n---\n'
    tree({"edrone/_operations/note.yaml": f"{head}kind: pipeline\nname: x\n"})
    path = f"{RUN}?operation=note"
    shown = re.search(r'(?s)<textarea name="input-NOTE"[^>]*>(.*?)</textarea>', text(runner.get(path)))
    assert shown
    # A browser drops the line end after the tag, and sends CRLF.
    note = shown[1].removeprefix("\n").replace("\n", "\r\n")
    assert confirmed(runner, path, **{"branch": "develop", "input-NOTE": note}).status_code == 302
    assert dict(site.writes[0].query)["NOTE"] == "a\n b\n"


def test_parameters_end_at_line_ends_only(site, runner):
    assert confirmed(runner, f"{RUN}?operation=", branch="develop", params="A=one\u2028two\x0bthree\r\nB=2").status_code == 302
    assert dict(site.writes[0].query) == {"branch": "develop", "A": "one\u2028two\x0bthree", "B": "2", "EDRONE_ACTOR": "runner"}


@pytest.mark.parametrize(("verb", "words"), [("promote", "Deploy to moon"), ("rollback", "Roll back moon to #2")])
def test_the_confirmation_names_the_target(verb, words, site, deployer):
    path = f"{BUILDS}2/-/do/{verb}/"
    assert "production" in text(deployer.get(path))  # suggested
    assert deployer.post(path, {}).status_code == 422
    fields = {"target": "moon", "params": "DB_PASSWORD=hunter2"}
    refused = deployer.post(path, fields)
    assert refused.status_code == 422
    assert "Nothing was deployed to “moon” from this repository before." in text(refused)
    asked = deployer.post(path, fields | {"new_target": "on"})
    assert f"<h1><bdi>{words}</bdi></h1>" in text(asked)
    assert "<code><bdi>********</bdi></code>" in text(asked)
    deployer.post(path, hidden(asked))
    assert dict(site.writes[0].query) == {"target": "moon", "DB_PASSWORD": "hunter2", "EDRONE_ACTOR": "deployer"}
    assert AuditRecord.objects.get().params["DB_PASSWORD"] == "********"


def test_a_grant_for_one_target_is_for_that_target_only(site):
    client = reader("staging", "ismewen/edrone", Level.DEPLOY)
    Grant.objects.update(only="staging")
    path = f"{BUILDS}2/-/do/promote/"
    assert "Promote…" in text(client.get(f"{BUILDS}2/"))
    refused = client.post(path, {"target": "production"})
    assert refused.status_code == 403
    assert "production" in text(refused)
    assert client.post(path, {"target": "production", "confirmed": "yes", "key": "k"}).status_code == 403
    assert client.post(path, {"target": "staging", "new_target": "on"}).status_code == 200


def test_what_cannot_be_done_now_says_why(site, deployer):
    page = text(deployer.get(f"{BUILDS}2/"))
    assert "Cancel<span" in page
    assert "the build has finished" in page
    for verb, why in (
        ("cancel", "the build has finished"),
        ("decline", "nothing is waiting for approval"),
        ("approve/1", "nothing is waiting for approval"),
        ("approve", "nothing is waiting for approval"),
    ):
        assert why in text(deployer.get(f"{BUILDS}2/-/do/{verb}/"))
        assert why in text(deployer.post(f"{BUILDS}2/-/do/{verb}/"))
    assert site.writes == []


def test_where_drones_api_is_not_connected_the_page_says_so(site, deployer, settings):
    settings.DRONE_TOKEN = ""
    for path in (f"{BUILDS}2/", f"{BUILDS}2/-/do/restart/", CHECK, RUN):
        assert "Set DRONE_SERVER and DRONE_TOKEN" in text(deployer.get(path))
    assert deployer.post(f"{BUILDS}2/-/do/restart/", {"confirmed": "yes", "key": "k"}).status_code == 503


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [("null", 422, "Drone made no build"), ("401", 502, "DRONE_TOKEN"), ("drop", 502, "newest builds")],
)
def test_what_drone_refuses_is_said_on_the_page(fault, status, said, site, deployer):
    asked = deployer.post(f"{BUILDS}2/-/do/restart/")
    site.fail(fault)
    answer = deployer.post(f"{BUILDS}2/-/do/restart/", hidden(asked))
    assert answer.status_code == status
    assert said in text(answer)
    assert "You confirm on the next page" not in text(answer)
    assert ("Nothing was done." in text(answer)) == (fault != "drop")
    assert ("Continue…" in text(answer)) == (fault != "drop")


def test_what_is_not_known_to_have_ended_and_a_confirmation_used_twice_can_only_be_begun_anew(site, deployer):
    asked = deployer.post(f"{BUILDS}2/-/do/restart/")
    deployer.post(f"{BUILDS}2/-/do/restart/", hidden(asked))
    other = deployer.post(f"{BUILDS}2/-/do/restart/", hidden(asked) | {"debug": "on"})
    assert other.status_code == 422
    assert "already used for another action" in text(other)
    AuditRecord.objects.update(outcome=Outcome.STARTED, time=timezone.now() - timedelta(days=1))
    unknown = deployer.post(f"{BUILDS}2/-/do/restart/", hidden(asked))
    assert unknown.status_code == 504
    assert "newest builds" in text(unknown)
    for page in (other, unknown):
        assert "Continue…" not in text(page)
        assert "Idempotency-Key" not in text(page)
    assert len(site.writes) == 1


def has(site: Any, status: str) -> None:
    """Set the status of build 2 in Drone's table."""
    (row,) = site.drone.database.rows("SELECT build_id FROM builds WHERE build_repo_id = 1 AND build_number = 2")
    site.drone.database.update("build", row["build_id"], status=status)


def test_what_has_finished_meanwhile_is_not_said_to_be_cancelled(site, deployer):
    has(site, "running")
    asked = deployer.post(f"{BUILDS}2/-/do/cancel/")
    has(site, "success")
    late = deployer.post(f"{BUILDS}2/-/do/cancel/", hidden(asked))
    assert late.status_code == 409
    assert "the build has finished" in text(late)
    assert site.writes == []
    assert not AuditRecord.objects.exists()


def test_what_finishes_while_drone_is_asked_is_not_said_to_be_cancelled(site, deployer, monkeypatch):
    monkeypatch.setattr("builds.starting.act_page.not_now", lambda *_: "")  # what Drone's table said a moment ago
    done = confirmed(deployer, f"{BUILDS}2/-/do/cancel/")
    page = text(deployer.get(done["Location"]))
    assert "Not cancelled" in page
    assert "Cancelled:" not in page


def test_a_cancelled_build_is_said_to_be_also_when_asked_twice(site, deployer):
    has(site, "running")
    asked = deployer.post(f"{BUILDS}2/-/do/cancel/")
    for _ in range(2):
        done = deployer.post(f"{BUILDS}2/-/do/cancel/", hidden(asked))
        assert done.status_code == 302
        assert "Cancelled: ismewen/edrone #" in text(deployer.get(done["Location"]))
    assert len(site.writes) == 1


@pytest.mark.parametrize("verb", ["promote", "rollback"])
@pytest.mark.parametrize("name", ["target", "branch", "access_token"])
def test_what_the_client_would_refuse_is_refused_before_it_is_confirmed(name, verb, site, deployer):
    answer = deployer.post(f"{BUILDS}2/-/do/{verb}/", {"target": "moon", "params": f"{name}=x"})
    assert answer.status_code in {400, 422}
    assert name in text(answer)
    assert "Request to Drone" not in text(answer)


def test_an_operation_whose_file_is_no_yaml_says_so(site, tree, deployer):
    tree(TREE | {"edrone/_operations/cut.yaml": "kind: operation\ntitle: '\n---\nkind: pipeline\n"})
    for language in ("en", "zh-hans"):
        answer = deployer.get(f"{RUN}?operation=cut", headers={"Accept-Language": language})
        assert (answer.status_code, "_operations/cut.yaml:" in text(answer), "is not YAML" in text(answer)) == (404, True, True)


@pytest.mark.parametrize("path", ["-/do/create/", "-/do/eat/", "-/do/restart/1/"])
def test_what_is_no_action_is_404(path, deployer):
    assert deployer.get(f"{BUILDS}2/{path}").status_code == 404


def test_an_operation_that_is_not_there_lists_those_that_are(deployer):
    answer = deployer.get(f"{RUN}?operation=chek")
    assert answer.status_code == 404
    assert "check" in text(answer)


def test_what_was_promoted_is_shown_where_it_is_deployed(standin, site, deployer):
    done = confirmed(deployer, f"{BUILDS}2/-/do/promote/", target="moon", new_target="on", params="")
    standin.drone.database.rows("UPDATE builds SET build_status = 'success'")
    number = done["Location"].rstrip("/").rpartition("/")[2]
    page = re.sub("<[^>]*>", "", text(deployer.get("/admin/builds/repo/ismewen/edrone/")))
    assert f"moon #{number}" in " ".join(page.split())


def test_who_did_what_is_on_the_page_of_the_build_for_those_who_may_see_it(site, deployer):
    done = confirmed(deployer, f"{BUILDS}2/-/do/promote/", target="moon", new_target="on", params="")
    admin = reader("admin", is_superuser=True)
    for path in (f"{BUILDS}2/-/record/", f"{done['Location']}-/record/"):
        page = text(admin.get(path))
        assert "deployer" in page
        assert "promote" in re.sub(r"href=\S+", "", page)
        assert "moon" in page
        assert deployer.get(path).status_code == 404  # Django's permission to view audit records is missing


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("build_id = build_id + 1000", id="its repository was deleted, and activated anew"),
        pytest.param("build_created = build_created + 4000", id="Drone was set up anew"),
    ],
)
def test_another_build_of_the_same_number_was_started_by_nobody_here(site, deployer, change):
    """Where numbers begin again, nobody is said to have started what somebody else pushed."""
    auditor = reader("auditor", is_superuser=True)
    started = confirmed(deployer, f"{RUN}?operation=", branch="develop", params="")["Location"]
    number = re.findall(r"(\d+)/$", started)[0]
    record = f"{started}-/record/"

    def named(path: str) -> bool:
        return '<span class="person"><bdi>deployer</bdi></span>' in text(auditor.get(path))

    places = (started, record, REPO, "/admin/builds/build/")
    assert all(named(path) for path in places)
    assert "Nobody has used edrone to act on this build." not in text(auditor.get(record))
    assert f"#{number}<" in text(deployer.get("/admin/"))
    site.drone.database.rows(f"UPDATE builds SET {change} WHERE build_number = ?", number)
    assert not any(named(path) for path in places)
    assert "Nobody has used edrone to act on this build." in text(auditor.get(record))


def test_what_was_done_to_an_earlier_build_of_the_same_number_is_not_on_the_page(site, deployer):
    auditor = reader("auditor", is_superuser=True)
    confirmed(deployer, f"{BUILDS}2/-/do/promote/", target="mars", new_target="on", params="")
    assert "mars" in text(auditor.get(f"{BUILDS}2/-/record/"))
    site.drone.database.rows("UPDATE builds SET build_created = ? WHERE build_number = 2", int(time.time()) + 4000)
    assert "mars" not in text(auditor.get(f"{BUILDS}2/-/record/"))


def test_of_very_many_parameters_pages_show_some_and_say_how_many_more_there_are(site, deployer):
    many = {f"P{number}": "x" for number in range(50_000)}
    site.drone.database.rows(f"UPDATE builds SET build_params = '{json.dumps(many)}' WHERE build_number = 2")
    row = AuditRecord.objects.create(username="ann", means="m", verb="restart", slug="ismewen/edrone", number=2, params=many)
    admin = reader("admin", is_superuser=True)
    for path, shown in (
        (f"{BUILDS}2/", 200),
        (f"{BUILDS}2/-/record/", 220),
        (f"/admin/builds/auditrecord/{row.pk}/change/", 200),
    ):
        page = text(admin.get(path))
        assert len(page) < 100_000
        assert len(re.findall(r">P\d+\b", page)) == shown
        assert "49800 more parameters" in page
    asked = deployer.post(f"{BUILDS}2/-/do/restart/", {})
    assert "The parameters are too long" in text(asked)
    assert len(asked.content) < 100_000


def test_the_confirmation_shows_all_parameters_that_drone_can_take(site, deployer):
    params = "\n".join(f"P{number}=x" for number in range(300))
    page = text(deployer.post(f"{BUILDS}2/-/do/promote/", {"target": "moon", "new_target": "on", "params": params}))
    assert len(re.findall(r'"param"><bdi>P\d+<', page)) == 300
    assert "more parameter" not in page


def test_all_stages_that_wait_are_approved_by_one_confirmation(site, deployer):
    execute = site.drone.database.connection.execute
    execute("DELETE FROM steps")
    build = "(SELECT build_id FROM builds WHERE build_number = 2 AND build_repo_id = 1)"
    execute(f"UPDATE stages SET stage_status = 'blocked', stage_depends_on = NULL WHERE stage_build_id = {build}")
    waiting = [number for (number,) in execute(f"SELECT stage_number FROM stages WHERE stage_build_id = {build} ORDER BY 1")]
    asked = text(deployer.get(f"{BUILDS}2/-/do/approve/"))
    assert "Approve these stages of ismewen/edrone #2: " in asked
    done = confirmed(deployer, f"{BUILDS}2/-/do/approve/")
    assert done.status_code == 302
    approved = [request.path for request in site.writes]
    assert approved == [f"/api/repos/ismewen/edrone/builds/2/approve/{number}" for number in waiting]


def two_that_wait(site: Any) -> tuple[Any, str]:
    """Let the second of two stages of build 2 depend on the first; both wait for approval. Give what runs SQL, and the build."""
    execute = site.drone.database.connection.execute
    build = "(SELECT build_id FROM builds WHERE build_number = 2 AND build_repo_id = 1)"
    execute(f"DELETE FROM stages WHERE stage_build_id = {build} AND stage_number > 2")
    execute(f"UPDATE stages SET stage_status = 'blocked', stage_name = 'test' || stage_number WHERE stage_build_id = {build}")
    execute(f"UPDATE stages SET stage_depends_on = '[\"test1\"]' WHERE stage_build_id = {build} AND stage_number = 2")
    return execute, build


def test_what_depends_on_a_stage_that_has_not_succeeded_is_not_approved_with_it(site, deployer):
    """Drone would start it at once, beside the stage that it depends on."""
    execute, build = two_that_wait(site)

    def page() -> str:
        return " ".join(text(deployer.get(f"{BUILDS}2/")).split())

    assert "Approve what can start" in page()
    assert "Approve these, if at all," in page()
    alone = text(deployer.get(f"{BUILDS}2/-/do/approve/2/"))
    assert "It depends on what has not ended: test1. Drone starts it at once all the same." in alone
    confirmed(deployer, f"{BUILDS}2/-/do/approve/")
    assert [request.path for request in site.writes] == ["/api/repos/ismewen/edrone/builds/2/approve/1"]
    execute(f"UPDATE stages SET stage_status = 'blocked' WHERE stage_build_id = {build} AND stage_number = 2")
    execute(f"UPDATE stages SET stage_status = 'failure' WHERE stage_build_id = {build} AND stage_number = 1")
    refused = text(deployer.get(f"{BUILDS}2/-/do/approve/"))
    assert "nothing that waits for approval can start now" in refused
    assert "Drone would skip these if nobody had to approve them." in page()
    assert "Drone would skip it if nobody had to approve it." in text(deployer.get(f"{BUILDS}2/-/do/approve/2/"))
    execute(f"UPDATE stages SET stage_status = 'success' WHERE stage_build_id = {build} AND stage_number = 1")
    assert "Approve these, if at all," not in page()
    assert "Drone would skip" not in page()
    assert 'class="warning"' not in text(deployer.get(f"{BUILDS}2/-/do/approve/2/"))


@pytest.mark.parametrize(
    ("ended", "on_success", "on_failure", "approvable"),
    [
        ("success", 1, 0, True),
        ("success", 0, 1, False),  # it says that something failed
        ("failure", 0, 1, True),
        ("failure", 1, 1, True),
        ("killed", 1, 0, False),
        ("declined", 1, 0, False),
        ("running", 1, 1, False),
    ],
)
def test_a_stage_is_approved_with_others_if_drone_would_start_it(site, deployer, ended, on_success, on_failure, approvable):
    execute = site.drone.database.connection.execute
    build = "(SELECT build_id FROM builds WHERE build_number = 2 AND build_repo_id = 1)"
    execute(f"DELETE FROM stages WHERE stage_build_id = {build} AND stage_number > 2")
    execute(f"UPDATE stages SET stage_status = '{ended}', stage_name = 'test' WHERE stage_build_id = {build}")
    execute(
        "UPDATE stages SET stage_status = 'blocked', stage_name = 'tell', stage_depends_on = '[\"test\"]', stage_on_success = "
        f"{on_success}, stage_on_failure = {on_failure} WHERE stage_build_id = {build} AND stage_number = 2"
    )
    asked = text(deployer.get(f"{BUILDS}2/-/do/approve/"))
    assert ("Approve these stages of ismewen/edrone #2: tell." in asked) == approvable
    assert ("nothing that waits for approval can start now" in asked) != approvable


def test_a_restart_of_what_waits_for_approval_says_that_it_needs_none(site, runner, deployer):
    execute = site.drone.database.connection.execute
    execute("UPDATE builds SET build_status = 'pending' WHERE build_repo_id = 1 AND build_number = 2")
    assert "needs none" not in text(deployer.get(f"{BUILDS}2/-/do/restart/"))
    build = "(SELECT build_id FROM builds WHERE build_number = 2 AND build_repo_id = 1)"
    execute(f"UPDATE stages SET stage_status = 'blocked' WHERE stage_build_id = {build}")
    execute("UPDATE builds SET build_trigger = '@hook' WHERE build_repo_id = 1 AND build_number = 2")
    assert "needs none" not in text(deployer.get(f"{BUILDS}2/-/do/restart/")), "the validation extension is asked again"
    execute("UPDATE repos SET repo_protected = 1 WHERE repo_id = 1")
    assert "This build waits for approval. The new one needs none" in text(deployer.get(f"{BUILDS}2/-/do/restart/"))
    assert runner.get(f"{BUILDS}2/-/do/restart/").status_code == 403
    assert "-/do/restart/" not in text(runner.get(f"{BUILDS}2/"))


def test_no_stage_is_approved_that_the_confirmation_did_not_name(site, deployer):
    """Meanwhile somebody else approves what it names, which ends well, so that what depends on it could start."""
    execute, build = two_that_wait(site)
    asked = deployer.get(f"{BUILDS}2/-/do/approve/")
    execute(f"UPDATE stages SET stage_status = 'success' WHERE stage_build_id = {build} AND stage_number = 1")
    answer = deployer.post(f"{BUILDS}2/-/do/approve/", hidden(asked))
    assert answer.status_code == 400
    assert "Nothing of what you confirmed can be approved any more." in text(answer)
    assert site.writes == []


def test_where_only_some_stages_could_be_approved_that_is_said(site, deployer):
    execute = site.drone.database.connection.execute
    execute("DELETE FROM steps")
    build = "(SELECT build_id FROM builds WHERE build_number = 2 AND build_repo_id = 1)"
    execute(f"UPDATE stages SET stage_status = 'blocked', stage_depends_on = NULL WHERE stage_build_id = {build}")
    execute(  # somebody declines what is left, as soon as the first is approved
        "CREATE TRIGGER declining AFTER UPDATE OF stage_status ON stages BEGIN UPDATE stages SET stage_status = 'declined' "
        "WHERE stage_build_id = NEW.stage_build_id AND stage_status = 'blocked'; END"
    )
    page = text(confirmed(deployer, f"{BUILDS}2/-/do/approve/"))
    assert re.search(r"1 of \d stages were approved, and run; the others were not\. Drone rejected the request", page)
    assert AuditRecord.objects.get().outcome == Outcome.UNCERTAIN
