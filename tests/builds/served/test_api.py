"""The YAML of builds: as it was served, and as it would be."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from builds.drone_db.models import Build
from builds.served.build_keys import key_of
from configs.records import rows
from configs.records.identity import BuildKey
from configs.records.models import LastError, ServedConfig
from configs.records.rows import AnsweredRequest
from configs.records.rules import keep, served_for
from pipelines.build_request import BuildRequest
from pipelines.resolve.own_file import convert
from pipelines.resolve.resolve import resolve
from pipelines.tree.tree import Tree
from tests import drones
from tests.builds.api import Api, body
from tests.builds.conftest import person

pytestmark = pytest.mark.django_db
REPO = "/api/repos/ismewen/edrone"


@pytest.fixture(autouse=True)
def nothing_stored():
    rows.stored_files.clear()


@pytest.fixture
def api(db):
    with drones.connected(drones.sqlite_database(drones.RECORDED / "drone-2.28.2.sqlite")):
        yield Api(person("ismewen", is_superuser=True))


def request_of(build: Build) -> BuildRequest:
    """Ask as Drone did when this build was triggered: without its number."""
    key: BuildKey = key_of(build)
    names = ("event", "action", "ref", "after", "target", "deploy_to", "parent", "trigger", "created", "params", "repo_id")
    return BuildRequest("ismewen", "edrone", **{name: getattr(key, name) for name in names})


def serve(asked: BuildRequest) -> None:
    """Let the build be triggered."""
    keep(AnsweredRequest(asked, resolve(asked, Tree(settings.EDRONE_PROJECTS)), "abc123"), None)


def test_a_build_shows_the_exact_text_that_it_was_served_when_the_tree_has_changed(api, tree):
    text = "kind: pipeline\nname: one\nsteps: []  # ünï\n"
    root = tree({"edrone/default.yaml": text})
    build = Build.objects.get(repo_id=1, number=2)
    asked = request_of(build)
    keep(AnsweredRequest(asked, resolve(asked, Tree(root)), "abc123"), None)
    tree({"edrone/default.yaml": "kind: pipeline\nname: two\n"})
    shown = body(api.get(f"{REPO}/builds/2/config"))
    assert (shown["yaml"], shown["path"], shown["sources"]) == (text, "edrone/default.yaml", ["edrone/default.yaml"])
    assert (shown["revision"], shown["late"]) == ("abc123", False)
    assert body(api.get(f"{REPO}/config"))["yaml"] == "kind: pipeline\nname: two\n"


OWN = "kind: pipeline\nname: own\nsteps:\n- extends: _shared/say.yaml\n"


def converted(asked: BuildRequest) -> None:
    """Let the build be triggered, which is left its own file, and that be converted."""
    serve(asked)
    found = convert(asked, OWN, Tree(settings.EDRONE_PROJECTS))
    assert found
    keep(AnsweredRequest(asked, found, "abc123", "digest of the text"), None)


def test_a_build_of_an_own_file_shows_what_that_was_converted_to(api, tree):
    tree({"default.yaml": "kind: repository\n", "_shared/say.yaml": "name: say\n"})
    build = Build.objects.get(repo_id=1, number=2)
    serve(request_of(build))
    shown = body(api.get(f"{REPO}/builds/2/config"))
    assert (shown["yaml"], shown["path"], shown["conversion"]) == (None, "default.yaml", False)
    converted(replace(request_of(build), created=build.created - 1))
    shown = body(api.get(f"{REPO}/builds/2/config"))
    assert (shown["path"], shown["sources"]) == (".drone.yml", [".drone.yml", "_shared/say.yaml"])
    assert (shown["yaml"], shown["conversion"]) == (OWN.replace("extends: _shared/say.yaml", "name: say"), True)


def test_a_build_whose_own_file_had_a_mistake_is_not_shown_what_another_build_of_its_commit_ran(change, tree):
    """Drone keeps nothing of such a build by which it could be told apart: neither who started it nor parameters."""
    tree({"default.yaml": "kind: repository\n", "_shared/say.yaml": "name: say\n"})
    converted(request_of(Build.objects.get(repo_id=1, number=2)))
    error = 'edrone: .drone.yml:4:3: extends "_shared/say.yaml": no such file.'
    change(f"UPDATE builds SET build_status = 'error', build_error = '{error}', build_trigger = '' WHERE build_id = 2")
    answer = Api(person("ismewen", is_superuser=True)).get(f"{REPO}/builds/2/config")
    assert answer.status_code == 404
    assert body(answer)["message"].endswith(error.removeprefix("edrone: "))


def test_a_build_that_asked_only_once_is_found_by_its_number(api, tree, capsys):
    """Its record has no number before somebody looks."""
    tree({"edrone/default.yaml": "kind: pipeline\nname: one\n"})
    asked = request_of(Build.objects.get(repo_id=1, number=2))
    keep(AnsweredRequest(asked, resolve(asked, Tree(settings.EDRONE_PROJECTS)), "abc123"), None)
    assert ServedConfig.objects.get().number == 0
    call_command("showconfig", "ismewen/edrone", build=2)
    assert capsys.readouterr().out == "kind: pipeline\nname: one\n"
    assert ServedConfig.objects.get().number == 2


def test_a_build_of_a_renamed_repository_is_shown_by_its_new_name(change, tree, capsys):
    tree({"edrone/default.yaml": "kind: pipeline\nname: one\n"})
    serve(request_of(Build.objects.get(repo_id=1, number=2)))
    change("UPDATE repos SET repo_slug = 'ismewen/renamed', repo_name = 'renamed' WHERE repo_id = 1")
    call_command("showconfig", "ismewen/renamed", build=2)
    assert capsys.readouterr().out == "kind: pipeline\nname: one\n"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"repo_id": 77}, id="of a repository that was deleted, and activated anew"),
        pytest.param({"after": "b" * 40}, id="of a Drone that was set up anew"),
    ],
)
def test_another_build_of_the_same_name_and_number_is_never_shown_for_one_that_drone_has(api, tree, other):
    tree({"edrone/default.yaml": "kind: pipeline\nname: another\n"})
    build = Build.objects.get(repo_id=1, number=2)
    serve(replace(request_of(build), created=1000, **other))
    assert served_for(replace(key_of(build), created=1000, **other))
    assert ServedConfig.objects.get().number == 2
    with pytest.raises(CommandError, match="No record is known to be of build 2 of ismewen/edrone: it was not served by edrone"):
        call_command("showconfig", "ismewen/edrone", build=2)
    assert api.get(f"{REPO}/builds/2/config").status_code == 404


def test_what_drone_has_forgotten_is_still_shown(api, tree, capsys):
    tree({"edrone/default.yaml": "kind: pipeline\nname: one\n"})
    build = Build.objects.get(repo_id=1, number=2)
    serve(request_of(build))
    assert served_for(key_of(build))
    ServedConfig.objects.update(number=9999)
    call_command("showconfig", "ismewen/edrone", build=9999)
    assert capsys.readouterr().out == "kind: pipeline\nname: one\n"


@pytest.mark.parametrize("words", ["2", "ismewen/edrone 2", "2 ismewen/edrone"])
def test_a_search_by_number_finds_a_build_that_asked_only_once(api, tree, client, words):
    tree({"edrone/default.yaml": "kind: pipeline\nname: one\n"})
    asked = request_of(Build.objects.get(repo_id=1, number=2))
    keep(AnsweredRequest(asked, resolve(asked, Tree(settings.EDRONE_PROJECTS)), "abc123"), None)
    client.force_login(person("admin", is_superuser=True, is_staff=True))
    page = client.get("/admin/configs/servedconfig/", {"q": words}).content.decode()
    assert "Showing 1," in page


def test_a_build_that_got_an_error_says_which(api, tree):
    tree({"edrone/default.yaml": ""})
    build = Build.objects.get(repo_id=1, number=2)
    error = LastError(slug="ismewen/edrone", event=build.event, ref=build.ref, message="projects/x.yaml: is empty.")
    error.time = datetime.fromtimestamp(build.created + 1, UTC)
    error.save()
    assert body(api.get(f"{REPO}/builds/2/config"))["message"].endswith("answered with an error: projects/x.yaml: is empty.")
    error.time = datetime.fromtimestamp(build.created + 4000, UTC)
    error.save()
    assert "older than" in body(api.get(f"{REPO}/builds/2/config"))["message"]


def test_a_build_that_got_an_error_was_not_served_what_its_commit_got_a_minute_before(api, tree, capsys):
    """Its restart, say, after somebody broke the file: Drone keeps neither its parameters nor who started it."""
    tree({"edrone/default.yaml": "kind: pipeline\nname: good\n"})
    build = Build.objects.get(repo_id=1, number=19)
    serve(replace(request_of(build), created=build.created - 60))
    message = body(api.get(f"{REPO}/builds/19/config"))["message"]
    assert message.endswith("edrone answered with an error: projects/edrone/master.yaml:12:5: step 'deploy' has no image")
    with pytest.raises(CommandError, match="No record is known to be of build 19 of ismewen/edrone: .*, got an error"):
        call_command("showconfig", "ismewen/edrone", build=19)
    assert ServedConfig.objects.get().build_id is None


def test_a_build_that_drone_refused_for_another_reason_shows_what_it_was_served(api, tree):
    tree({"edrone/default.yaml": "[\n"})
    build = Build.objects.get(repo_id=1, number=20)
    assert build.status == "error"
    serve(request_of(build))
    assert body(api.get(f"{REPO}/builds/20/config"))["yaml"] == "[\n"


def test_a_build_that_edrone_does_not_know_says_so(api):
    answer = api.get(f"{REPO}/builds/2/config")
    assert answer.status_code == 404
    for words in ("no record of what build 2", "older than edrone's records", "own database failed"):
        assert words in body(answer)["message"]
    assert "has no build 999" in body(api.get(f"{REPO}/builds/999/config"))["message"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("", "edrone/master.yaml"),
        ("?branch=develop", "edrone/default.yaml"),
        ("?branch=release/1.2", "edrone/release/default.yaml"),
        ("?branch=master&event=pull_request", "edrone/master.yaml"),
        ("?tag=v1.0.0", "edrone/default.yaml"),
        ("?event=tag", "edrone/default.yaml"),
        ("?tag=v1.0.0&event=promote", "edrone/default.yaml"),
        ("?branch=../../etc/passwd", "edrone/default.yaml"),
    ],
)
def test_a_preview_takes_the_file_that_a_build_would_get(api, tree, query, path):
    paths = ("edrone/master.yaml", "edrone/default.yaml", "edrone/release/default.yaml")
    tree({one: f"kind: pipeline\nname: {one}\n" for one in paths})
    shown = body(api.get(f"{REPO}/config{query}"))
    assert (shown["path"], shown["yaml"]) == (path, f"kind: pipeline\nname: {path}\n")


def test_a_preview_names_the_files_that_it_comes_from(api, tree):
    tree({"edrone/default.yaml": "extends: _shared/base.yaml\nname: x\n", "_shared/base.yaml": "kind: pipeline\nsteps: []\n"})
    assert body(api.get(f"{REPO}/config"))["sources"] == ["edrone/default.yaml", "_shared/base.yaml"]


def test_a_repository_that_keeps_its_own_file_has_no_yaml(api, tree):
    tree({"default.yaml": "kind: repository\n"})
    shown = body(api.get(f"{REPO}/config"))
    assert (shown["yaml"], shown["path"]) == (None, "default.yaml")


@pytest.mark.parametrize(
    ("files", "query", "status", "message"),
    [
        ({"shop/default.yaml": "a: b\n"}, "", 404, "no file serves ismewen/edrone"),
        ({"edrone/default.yaml": ""}, "", 422, "edrone/default.yaml"),
        ({"edrone/default.yaml": "extends: no.yaml\n"}, "", 422, "no such file"),
        ({"default.yaml": "a: b\n"}, "?branch=a&tag=b", 400, "a branch or of a tag"),
        ({"default.yaml": "a: b\n"}, "?branch=a&branch=b", 400, "more than once"),
        ({"default.yaml": "a: b\n"}, "?event=pushed", 400, "no event"),
        ({"default.yaml": "a: b\n"}, "?brach=a", 400, "did you mean branch?"),
        ({"default.yaml": "a: b\n"}, "?branch=%00", 400, "NUL"),
    ],
)
def test_a_preview_that_cannot_be_is_an_error_that_says_why(api, tree, files, query, status, message):
    tree(files)
    answer = api.get(f"{REPO}/config{query}")
    assert answer.status_code == status
    assert message in body(answer)["message"]


def test_the_preview_says_which_pipelines_run_why_this_file_and_when_drone_asked(api, tree):
    tree({"edrone/default.yaml": "kind: pipeline\nname: ship\ntrigger: {event: [promote], target: [moon]}\n"})
    shown = body(api.get(f"{REPO}/config?branch=main"))
    assert shown["pipelines"][0] | {"name": ""} == {
        "name": "",
        "runs": False,
        "reasons": ["trigger.event is [promote]", "trigger.target is [moon], and this build has no target"],
    }
    assert {"path": "edrone/default.yaml", "state": "taken"} in shown["candidates"]
    assert (shown["last_asked"], shown["last_error"]) == (None, None)
    assert body(api.get(f"{REPO}/config?branch=main&target=moon"))["pipelines"][0]["runs"]
    serve(request_of(Build.objects.get(repo_id=1, number=2)))
    assert body(api.get(f"{REPO}/config"))["last_asked"]["path"] == "edrone/default.yaml"


@pytest.mark.parametrize(
    ("trigger", "query"),
    [("event: [pull_request], action: [opened]", "branch=main&event=pull_request"), ("event: [tag], action: [create]", "tag=v1")],
)
def test_a_preview_is_of_a_pull_request_that_is_opened_and_of_a_tag_that_is_made(api, tree, trigger, query):
    tree({"edrone/default.yaml": f"kind: pipeline\nname: x\ntrigger: {{{trigger}}}\n"})
    assert body(api.get(f"{REPO}/config?{query}"))["pipelines"] == [{"name": "x", "runs": True, "reasons": []}]


def test_an_error_of_the_preview_has_the_same_facts(api, tree):
    tree({"edrone/default.yaml": ""})
    answer = api.get(f"{REPO}/config")
    assert answer.status_code == 422
    assert {"path": "edrone/default.yaml", "state": "cannot serve"} in body(answer)["candidates"]


@pytest.mark.parametrize(
    "query", ["event=push&target=moon", "event=push&operation=check", "event=push&cron=nightly", "target=a&target=b"]
)
def test_what_no_build_has_together_is_refused(api, query):
    assert api.get(f"{REPO}/config?{query}").status_code == 400
