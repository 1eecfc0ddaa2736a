"""What a confirmation says before something is deployed, against a stand-in of Drone that is a real HTTP server."""

import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.template.loader import render_to_string
from django.test import Client

from builds.access.models import Grant, Level
from builds.access.token_models import make_token
from builds.drone_db.models import Build
from builds.starting.models import AuditRecord
from builds.starting.people import Person, person_of
from tests.builds.pages.conftest import reader
from tests.builds.pages.test_starting import BUILDS, REPO, RUN, confirmed, hidden
from tests.builds.restarts import ENDED
from tests.server import wait_until

HEAD = "kind: operation\ntitle: Deploy\nlevel: deploy\ntarget: TARGET\ninputs: {TARGET: {type: string, required: true}, REPLICAS: }\n"
TREE = {
    "edrone/_operations/deploy.yaml": f"{HEAD}---\nkind: pipeline\nname: deploy\nsteps: [{{name: a, image: b}}]\n",
    "default.yaml": "kind: pipeline\nname: test\n",
}
DEPLOY = f"{RUN}?operation=deploy"


@pytest.fixture
def site(standin: Any, tree: Any) -> Any:
    tree(TREE)
    return standin


@pytest.fixture
def deployer(site: Any) -> Client:
    return reader("deployer", "ismewen/edrone", Level.DEPLOY)


def text(answer: Any) -> str:
    page = answer.content.decode().replace("<bdi>", "").replace("</bdi>", "")
    return " ".join(html.unescape(re.sub("<[^>]*>", " ", page)).split())


def succeed(site: Any) -> None:
    """Let all builds succeed, once the stand-in's runner is done with the newest one."""
    newest = "SELECT build_status FROM builds ORDER BY build_id DESC LIMIT 1"
    wait_until(lambda: site.drone.database.rows(newest)[0]["build_status"] in ENDED)
    site.drone.database.rows("UPDATE builds SET build_status = 'success', build_finished = build_created + 60")


def shipped(site: Any, client: Client, target: str) -> int:
    """Deploy by the operation; return the number of the build."""
    done = confirmed(client, DEPLOY, **{"branch": "master", "input-TARGET": target, "new_target": "on"})
    succeed(site)
    return int(done["Location"].rstrip("/").rpartition("/")[2])


def test_what_edrone_deployed_is_live_and_the_confirmation_says_what_is_there(site, deployer):
    first = shipped(site, deployer, "production")
    assert f"production #{first} " in text(deployer.get(REPO))
    asked = deployer.post(DEPLOY, {"branch": "master", "input-TARGET": "production", "input-REPLICAS": "3"})
    page = text(asked)
    assert "<h1><bdi>Deploy to production</bdi></h1>" in asked.content.decode()
    assert re.findall(r'class="button default dangerous"><bdi>(.*?)</bdi>', asked.content.decode()) == ["Deploy to production"]
    assert f"there now #{first} master" in page
    assert "→ the same commit" in page
    assert "inputs TARGET=production REPLICAS=3 as" in page
    assert "deployer, through the grant “deploy on ismewen/edrone”" in page
    assert asked.content.decode().count("to-production") == 1


def test_the_commit_of_a_restarted_build_is_not_taken_for_the_newest_of_the_branch(site, deployer):
    shipped(site, deployer, "staging")
    newest = "(SELECT max(build_number) FROM builds WHERE build_repo_id = 1)"
    where = f"WHERE build_repo_id = 1 AND build_number = {newest}"
    asked = {"branch": "master", "input-TARGET": "staging"}
    site.drone.database.rows(f"UPDATE builds SET build_after = '{'f' * 40}' {where}")
    assert "what ismewen/edrone master ffffffff" in text(deployer.post(DEPLOY, asked))
    site.drone.database.rows(f"UPDATE builds SET build_parent = 1 {where}")
    page = text(deployer.post(DEPLOY, asked))
    assert "what ismewen/edrone master " in page
    assert "master ffffffff" not in page.partition("there now")[0]


def test_the_red_band_is_for_production_alone(site, deployer):
    asked = deployer.post(DEPLOY, {"branch": "master", "input-TARGET": "staging", "new_target": "on"})
    assert "to-production" not in asked.content.decode()
    assert "nothing, as far as is known" in text(asked)


def test_a_target_that_was_never_used_is_asked_about_once(site, deployer):
    refused = deployer.post(DEPLOY, {"branch": "master", "input-TARGET": "prodction"})
    assert refused.status_code == 422
    assert "Nothing was deployed to “prodction” from this repository before. Is it spelled right?" in text(refused)
    assert 'name="new_target"' in refused.content.decode()
    assert site.writes == []
    shipped(site, deployer, "prodction")
    assert deployer.post(DEPLOY, {"branch": "master", "input-TARGET": "prodction"}).status_code == 200


def test_rest_takes_a_target_as_it_is(site, deployer):
    token = make_token(Grant.objects.get(user__username="deployer").user, "t").text
    path = "/api/repos/ismewen/edrone/builds/2/promote?target=prodction"
    headers = {"Authorization": f"Bearer {token}"}
    assert deployer.post(path, content_type="application/json", headers=headers).status_code == 200


def test_a_rollback_to_what_is_live_is_refused_with_a_sentence(site, deployer):
    confirmed(deployer, f"{BUILDS}2/-/do/promote/", target="moon", new_target="on", params="")
    succeed(site)
    writes = len(site.writes)
    live = Build.objects.get(repo__slug="ismewen/edrone", deploy_to="moon").number
    for number in (2, live):
        refused = deployer.get(f"{BUILDS}{number}/-/do/rollback/?target=moon")
        assert f"that is what is deployed there now (#{live})" in text(refused)
        assert refused.status_code == 409
        token = make_token(Grant.objects.get(user__username="deployer").user, f"t{number}").text
        headers = {"Authorization": f"Bearer {token}"}
        path = f"/api/repos/ismewen/edrone/builds/{number}/rollback?target=moon"
        answer = deployer.post(path, content_type="application/json", headers=headers)
        assert (answer.status_code, f"restart #{live}" in answer.json()["message"]) == (409, True)
    assert len(site.writes) == writes
    changed = "/api/repos/ismewen/edrone/builds/2/rollback?target=moon&COLOUR=red"
    answer = deployer.post(changed, content_type="application/json", headers=headers)
    assert answer.status_code == 200  # with another parameter it is something else


def test_a_link_with_the_target_leads_straight_to_the_confirmation_and_does_nothing_by_itself(site, deployer):
    first = shipped(site, deployer, "production")
    path = f"{BUILDS}2/-/do/rollback/?target=production"
    asked = deployer.get(path)
    assert "Roll back production to #2" in text(asked)
    deployer.get(f"{path}&confirmed=yes&key=k")
    assert len(site.writes) == 1
    done = deployer.post(path, hidden(asked))
    assert done.status_code == 302
    succeed(site)
    assert f"production #{first + 1}" in text(deployer.get(REPO))


@pytest.mark.parametrize("target", ["production ", "t" * 450])
def test_a_target_is_rolled_back_by_the_name_that_it_has(target, site, deployer):
    shipped(site, deployer, target)
    asked = deployer.get(f"{BUILDS}2/-/do/rollback/?{urlencode({'target': target})}")
    assert asked.status_code == 200
    assert deployer.post(f"{BUILDS}2/-/do/rollback/", hidden(asked)).status_code == 302
    assert ("target", target) in site.writes[-1].query


def test_a_new_target_has_no_blanks_around_it(site, deployer):
    confirmed(deployer, f"{BUILDS}2/-/do/promote/", target=" moon ", new_target="on", params="")
    assert ("target", "moon") in site.writes[-1].query


def test_parameters_that_come_along_are_said_and_warned_about_where_they_name_another_target(site, deployer):
    number = shipped(site, deployer, "staging")
    asked = deployer.post(f"{BUILDS}{number}/-/do/promote/", {"target": "production", "new_target": "on", "params": ""})
    assert f"TARGET=staging comes along from #{number}, although this deploys to production." in text(asked)
    asked = deployer.post(
        f"{BUILDS}{number}/-/do/promote/", {"target": "production", "new_target": "on", "params": "TARGET=production"}
    )
    assert "comes along" not in text(asked)


def test_a_restart_of_a_deployment_says_where_it_deploys(site, deployer):
    number = shipped(site, deployer, "production")
    asked = deployer.get(f"{BUILDS}{number}/-/do/restart/")
    assert f"Deploy #{number} to production again" in text(asked)
    assert "to-production" in asked.content.decode()


def test_a_restart_that_deploys_to_the_default_of_a_new_input_says_so(site, deployer, tree):
    number = shipped(site, deployer, "staging")
    site.drone.database.rows(f"UPDATE builds SET build_params = NULL WHERE build_repo_id = 1 AND build_number = {number}")
    tree(
        {
            "edrone/_operations/deploy.yaml": TREE["edrone/_operations/deploy.yaml"].replace(
                "required: true", "default: production"
            )
        }
    )
    asked = deployer.get(f"{BUILDS}{number}/-/do/restart/")
    assert f"Deploy #{number} to production again" in text(asked)
    assert "to-production" in asked.content.decode()


@pytest.mark.parametrize(
    ("level", "only", "status"),
    [(Level.VIEW, "", 403), (Level.RUN, "", 403), (Level.DEPLOY, "staging", 403), (Level.DEPLOY, "production", 200), (None, "", 404)],
)  # fmt: skip
def test_who_may_not_roll_back_sees_no_confirmation(level, only, status, site):
    client = reader("anna", "elsewhere/*" if level is None else "ismewen/edrone", level or Level.DEPLOY)
    Grant.objects.update(only=only)
    site.drone.database.rows("UPDATE builds SET build_after = 'f' WHERE build_number = 2")  # not what is live
    answer = client.get(f"{BUILDS}2/-/do/rollback/?target=production")
    assert answer.status_code == status
    assert ("there now" in text(answer)) == (status == 200)
    assert not AuditRecord.objects.exists()


def test_a_person_and_the_author_of_the_commit_are_told_apart():
    said = render_to_string("browsing/person.html", {"person": Person("admin", author="renovate")})
    assert " ".join(re.sub("<[^>]*>", " ", said).split()) == "admin · commit by renovate"


@pytest.mark.parametrize(
    ("fields", "started", "person"),
    [
        ({"event": "push", "trigger": "@hook", "sender": "wei"}, "", Person("ann", pusher="wei")),
        ({"event": "push", "trigger": "@hook", "sender": "ann"}, "", Person("ann")),
        ({"event": "push", "trigger": "bob"}, "", Person("bob", author="ann")),
        ({"event": "custom", "trigger": "edrone"}, "bob", Person("bob", author="ann")),
        ({"event": "custom", "trigger": "ann"}, "", Person("ann")),
        ({"event": "promote", "trigger": "@hook", "sender": "wei"}, "", Person("wei", author="ann")),
        ({"event": "promote", "trigger": "", "sender": "wei", "parent": 3}, "", Person("", author="ann")),
        ({"event": "custom", "trigger": "", "sender": "wei", "parent": 3}, "", Person("", author="ann")),
        ({"event": "custom", "trigger": "", "sender": "wei"}, "", Person("wei", author="ann")),
        ({"event": "push", "trigger": "", "sender": "wei", "parent": 3}, "", Person("ann")),
        ({"event": "cron", "trigger": "@cron", "cron": "nightly"}, "", Person("nightly", author="ann")),
        ({"event": "cron", "trigger": "bob", "cron": "nightly"}, "", Person("bob", author="ann")),
        ({"event": "cron", "trigger": ""}, "", Person("cron", author="ann")),
        ({"event": "cron", "trigger": "", "parent": 3}, "", Person("", author="ann")),
        ({"event": "push", "trigger": "", "sender": ""}, "", Person("ann")),
    ],
)
def test_a_build_is_by_one_person(fields, started, person):
    assert person_of(Build(author_login="ann", **fields), started) == person
