"""Drone's writing API through edrone, with a stand-in Drone behind it."""

import pytest

from builds.access.models import Level
from builds.drone_db.models import Build, Repo
from builds.drone_server import client as drone_client
from builds.starting.models import AuditRecord
from tests.builds.api import Api, body
from tests.builds.conftest import person

REPO = "/api/repos/ismewen/edrone"
BUILDS = f"{REPO}/builds"
# What the recorded database has: 2 is a push, 1 ran the operation check, 11 the operation deploy, 15 is a promotion.
EVERY = [
    ("POST", BUILDS, "run"),
    ("POST", f"{BUILDS}?action=check", "run"),
    ("POST", f"{BUILDS}?action=deploy&TARGET=staging", "deploy"),
    ("POST", f"{BUILDS}/2", "run"),
    ("POST", f"{BUILDS}/1", "run"),
    ("POST", f"{BUILDS}/11", "deploy"),
    ("POST", f"{BUILDS}/15", "deploy"),
    ("DELETE", f"{BUILDS}/2", "run"),
    ("DELETE", f"{BUILDS}/15", "deploy"),
    ("POST", f"{BUILDS}/2/promote?target=production", "deploy"),
    ("POST", f"{BUILDS}/2/rollback?target=moon", "deploy"),
    ("POST", f"{BUILDS}/2/approve/1", "deploy"),
    ("POST", f"{BUILDS}/2/decline/1", "deploy"),
    ("POST", f"{BUILDS}/2/decline", "deploy"),
]


def ask(api, method, path, **headers):
    return api.post(path, **headers) if method == "POST" else api.delete(path)


@pytest.mark.parametrize(("method", "path", "level"), EVERY)
def test_who_may_do_what(standin, api, method, path, level):
    refused = {"guest": 401, "inactive": 403, "outsider": 404, "viewer": 403}
    if level == "deploy":
        refused["runner"] = 403
    for name, status in refused.items():
        answer = ask(api[name], method, path)
        assert answer.status_code == status, name
        assert body(answer).keys() == {"message"}
    assert not standin.writes
    assert not AuditRecord.objects.exists()
    for name in {"runner", "deployer", "superuser"} - refused.keys():
        answer = ask(api[name], method, path.replace("=moon", f"=moon-of-{name}"))  # what is live cannot be rolled back to
        if "approve" in path or "decline" in path:
            assert (answer.status_code, "Cannot" in body(answer)["message"]) == (400, True)  # nothing is blocked
        else:
            assert answer.status_code == 200, (name, answer.content)
    assert standin.writes


def test_what_is_missing_is_said(api):
    message = body(api["runner"].post(f"{BUILDS}/2/promote?target=production"))["message"]
    assert "Forbidden: runner needs a deploy grant for ismewen/edrone that includes “production”" in message
    assert "Forbidden: viewer needs a run grant for ismewen/edrone" in body(api["viewer"].post(BUILDS))["message"]


def test_a_grant_limited_to_some_operations_and_targets_allows_these_and_nothing_else(standin):
    api = Api(person("limited", Level.DEPLOY, "ismewen/edrone", only="check, stag*"))
    assert api.post(f"{BUILDS}?action=check").status_code == 200
    assert api.post(f"{BUILDS}/1").status_code == 200  # ran check
    assert api.post(f"{BUILDS}/2/promote?target=staging").status_code == 200
    for path in (
        BUILDS,
        f"{BUILDS}?action=deploy&TARGET=staging",
        f"{BUILDS}/2",
        f"{BUILDS}/2/promote?target=production",
        f"{BUILDS}/15",
    ):
        assert api.post(path).status_code == 403, path


def test_a_build_is_started_and_said_who_did(standin, api):
    answer = api["runner"].post(f"{BUILDS}?branch=develop&message=By%20hand&COLOUR=red&DB_PASSWORD=planted-parameter")
    assert answer.status_code == 200
    build = body(answer)
    assert (build["event"], build["ref"], build["message"], build["number"]) == ("custom", "refs/heads/develop", "By hand", 21)
    assert build["params"] == {"COLOUR": "red", "DB_PASSWORD": "********", "EDRONE_ACTOR": "runner", "message": "By hand"}
    sent = dict(standin.writes[0].query)
    assert sent == {
        "branch": "develop",
        "message": "By hand",
        "COLOUR": "red",
        "DB_PASSWORD": "planted-parameter",
        "EDRONE_ACTOR": "runner",
    }
    record = AuditRecord.objects.get()
    assert (record.username, record.verb, record.slug, record.branch, record.outcome) == (
        "runner",
        "create",
        "ismewen/edrone",
        "develop",
        "done",
    )
    assert record.means.startswith("token test (edrone_")
    assert record.params == {"COLOUR": "red", "DB_PASSWORD": "********", "EDRONE_ACTOR": "runner"}
    assert (record.build, record.build_status, record.status) == (21, "pending", 200)
    assert record.finished
    assert record.finished >= record.time


def test_a_json_body_says_the_same_as_the_query(standin, api):
    content = {"branch": "develop", "message": "By hand", "params": {"COLOUR": "red", "COUNT": 3, "RATIO": 0.5, "FAST": True}}
    assert api["runner"].post(BUILDS, content).status_code == 200
    assert dict(standin.writes[0].query) == {
        "branch": "develop", "message": "By hand", "COLOUR": "red", "COUNT": "3", "RATIO": "0.5", "FAST": "true", "EDRONE_ACTOR": "runner",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("", {"brunch": "x"}, "“brunch” has no place in the body; there are action, branch, commit, message, override, params."),
        ("", ["branch"], "The body must be a JSON object"),
        ("", {"params": ["A"]}, "params must be an object"),
        ("", {"params": {"A": None}}, "params.A must be a string, a number, true or false."),
        ("", {"branch": {"name": "x"}}, "branch must be a string."),
        *(("", {name: 5}, f"{name} must be a string.") for name in ("branch", "commit", "message", "action", "override")),
        ("", {"branch": True}, "branch must be a string."),
        ("/2/promote", {"target": 5}, "target must be a string."),
        ("/2", {"only": 5}, "only must be a string."),
        *(
            (f"/2?debug={word}", None, f"debug must be “true” or “false”, not “{word}”.")
            for word in ("maybe", "1", "T", "yes", "True")
        ),
        ("/2", {"debug": 1}, "debug must be “true” or “false”, not “1”."),
        *(
            (f"{path}only=failed", None, "restart with POST …/builds/{number}?only=failed")
            for path in ("?", "/2/promote?target=x&")
        ),
        ("/2/rollback?target=x&only=failed", None, "restart with POST …/builds/{number}?only=failed"),
        (
            "/2/decline?stage=2",
            None,
            "“stage” means nothing here: no build is started, so there are no parameters. Name the stage",
        ),
        ("/2/decline?override=x", None, "“override” means nothing here"),
        ("/2/decline", {"params": {"A": "1"}}, "“A” means nothing here"),
        ("/2/approve/1?target=x", None, "“target” means nothing here"),
        ("?branch=master&action=&TARGET=staging", None, "action is empty: name an operation, or leave it out."),
        ("", {"branch": "", "action": ""}, "action is empty"),
        ("?branch=a", {"branch": "b"}, "“branch” is both in the address and in the body"),
        ("?A=1", {"params": {"A": "2"}}, "“A” is both in the address and in the body"),
        ("?EDRONE_ACTOR=somebody", None, "A parameter cannot be named “EDRONE_ACTOR”"),
        ("?DRONE_COMMIT=x", None, "A parameter cannot be named “DRONE_COMMIT”"),
        ("?PATH=/tmp", None, "A parameter cannot be named “PATH”"),
        (
            "",
            {"params": {"action": "check"}},
            "A parameter cannot be named “action”: the name is reserved, because Drone uses it itself",
        ),
        ("?A=a%00b", None, "“A” contains a NUL character"),
        ("?branch=a%00b", None, "The branch contains a NUL character"),
        ("?branch=" + "x" * 20_000, None, "The branch is too long: Drone stores 489 characters."),
        ("?commit=" + "a" * 51, None, "The commit is too long: Drone stores 50 characters."),
        ("/2/promote?target=" + "x" * 501, None, "The target is too long: Drone stores 500 characters."),
        (
            "?BASH_FUNC_echo%25%25=x",
            None,
            "A parameter cannot be named “BASH_FUNC_echo%%”: the name cannot be an environment variable",
        ),
        ("?A=" + "x" * 5000, None, "The parameters are too long"),
        ("", {"params": {"LARGE": "x" * 65536}}, "The parameters are too long"),
        ("", {"params": {f"NUMBER_{number}": "x" for number in range(500)}}, "The parameters are too long"),
    ],
)
def test_what_cannot_be_passed_on_is_refused_in_words(standin, api, path, content, message):
    answer = api["superuser"].post(f"{BUILDS}{path}", content)
    assert answer.status_code == 400
    assert message in body(answer)["message"]
    assert not standin.writes
    assert not AuditRecord.objects.exists()


def test_a_cancel_takes_no_parameters(standin, api):
    for name in ("override", "only"):
        answer = api["superuser"].delete(f"{BUILDS}/2?{name}=failed")
        assert (answer.status_code, f"“{name}” means nothing here" in body(answer)["message"]) == (400, True)
    assert not standin.writes


@pytest.mark.parametrize(("text", "debugs"), [("true", True), ("false", False), ("", False)])
def test_debug_is_said_in_drones_words(standin, api, text, debugs):
    assert api["superuser"].post(f"{BUILDS}/2?debug={text}").status_code == 200
    assert api["superuser"].post(f"{BUILDS}/2", {"debug": debugs}).status_code == 200
    assert [dict(write.query).get("debug", "") for write in standin.writes] == ["true" if debugs else ""] * 2


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (4, "no pipeline of projects/edrone/default.yaml runs on this promote of feature/x (test: trigger.event is ["),
        (2, "gave no reason. Possible reasons"),  # of develop, whose file has a pipeline for promotions
    ],
)
def test_where_no_pipeline_of_the_tree_runs_the_answer_says_so(standin, api, number, reason):
    standin.fail("null")
    answer = api["superuser"].post(f"{BUILDS}/{number}/promote?target=production")
    assert answer.status_code == 422
    assert body(answer)["message"].startswith("Drone made no build")
    assert reason in body(answer)["message"]
    assert AuditRecord.objects.get().message == body(answer)["message"]


def test_where_the_target_is_misspelt_the_answer_names_the_targets_there_are(standin, api):
    standin.fail("null")
    answer = api["superuser"].post(f"{BUILDS}/2/promote?target=prodution")
    assert "runs on this promote of develop (promote: trigger.target is [staging, production])" in body(answer)["message"]


def test_a_parameter_may_be_called_as_the_field_of_a_restart(standin, api):
    assert api["superuser"].post(f"{BUILDS}?only=unit").status_code == 200
    assert api["superuser"].post(BUILDS, {"params": {"only": "failed"}}).status_code == 200
    assert [dict(write.query)["only"] for write in standin.writes] == ["unit", "failed"]


@pytest.mark.parametrize("name", ["viewer", "runner", "superuser"])
@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("", {"action": "s" * 900_000}, "The operation is too long: Drone stores 50 characters."),
        ("", {"action": "a\0"}, "The operation contains a NUL character"),
        ("/2/promote", {"target": "a" * 900_000}, "The target is too long: Drone stores 500 characters."),
        ("/2/rollback", {"target": "a" * 900_000}, "The target is too long: Drone stores 500 characters."),
        ("", {"message": "a" * 900_000}, "The message is too long: Drone stores 4000 characters."),
        ("", {"n" * 900_000: "x"}, "nnn…” has no place in the body"),
        ("", {"params": {"n" * 900_000: None}}, "nnn… must be a string"),
        ("/" + "1" * 20_000, None, "111…” is no number of a build: it is too large."),
    ],
)
def test_what_is_too_long_is_refused_before_anything_else_in_a_short_sentence(standin, api, name, path, content, message):
    answer = api[name].post(f"{BUILDS}{path}", content)
    assert answer.status_code == 400
    assert message in body(answer)["message"]
    assert len(answer.content) < 400
    assert not AuditRecord.objects.exists()


@pytest.mark.parametrize("text", ['{"NAME": 1, "NAME": 2}', '{"params": {"NAME": "1", "NAME": "2"}}'])
def test_a_body_that_repeats_a_long_name_does_not_come_back_whole(api, text):
    answer = api["runner"].client.generic("POST", BUILDS, text.replace("NAME", "n" * 100_000), "application/json")
    assert answer.status_code == 400
    assert len(answer.content) < 400


def test_a_body_that_is_not_json_is_refused(standin, api):
    client = api["superuser"].client
    assert client.generic("POST", BUILDS, "{", "application/json").status_code == 400
    form = client.generic("POST", BUILDS, "branch=x", "application/x-www-form-urlencoded")
    assert form.status_code == 415
    assert body(form)["message"] == "The body must be JSON: send it with the header Content-Type: application/json."
    assert client.generic("POST", BUILDS, "", "application/x-www-form-urlencoded").status_code == 200  # curl -X POST -d ''


@pytest.mark.parametrize(
    "branch", ["feature/x", "ümlaut", "分支", "a b&c=d", "a%2Fb", "a+b#c?d", "refs/tags/v1.0.0", "\U0001f600", "x" * 200]
)
def test_branches_and_values_of_every_character_arrive_as_they_are(standin, api, branch):
    assert api["runner"].post(BUILDS, {"branch": branch, "params": {"VALUE": branch}}).status_code == 200
    sent = dict(standin.writes[0].query)
    assert (sent["branch"], sent["VALUE"]) == (branch, branch)


@pytest.mark.parametrize("number", ["0", "-1", "999", "9223372036854775807"])
def test_a_build_that_is_not_there_is_404(standin, api, number):
    for path in (f"{BUILDS}/{number}", f"{BUILDS}/{number}/promote?target=x", f"{BUILDS}/{number}/decline"):
        answer = api["superuser"].post(path)
        assert (answer.status_code, f"no build {number}" in body(answer)["message"]) == (404, True)
    assert not standin.writes


@pytest.mark.parametrize("path", ["x", "1.5", "9223372036854775808", "2/approve/x", "2/decline/x"])
def test_numbers_that_are_none_are_400(standin, api, path):
    assert api["superuser"].post(f"{BUILDS}/{path}").status_code == 400
    assert not standin.writes


def test_a_promotion_needs_a_target(standin, api):
    for word, name in (("promote", "superuser"), ("rollback", "superuser"), ("promote", "runner"), ("rollback", "viewer")):
        answer = api[name].post(f"{BUILDS}/2/{word}")
        assert (answer.status_code, body(answer)["message"][:26]) == (400, "Missing target environment")
    assert not standin.writes


def test_a_build_of_a_repository_that_was_renamed_is_found_under_the_new_name_only(standin, api):
    standin.drone.database.connection.execute(
        "UPDATE repos SET repo_name = 'renamed', repo_slug = 'ismewen/renamed' WHERE repo_slug = 'ismewen/edrone'"
    )
    assert api["superuser"].post(f"{BUILDS}/2").status_code == 404
    assert not standin.writes
    assert api["superuser"].post("/api/repos/ismewen/renamed/builds/2").status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("?action=chekc", 404, "Did you mean check?"),
        ("?action=..%2Fdefault", 404, "there are check, deploy, smoke-test"),
        ("?action=deploy", 400, "TARGET is required"),
        ("?action=deploy&TARGET=moon", 400, "TARGET must be one of staging, production"),
        ("?action=deploy&TARGET=staging&REPLICAS=many", 400, "REPLICAS must be a number"),
        ("?action=check&TARGTE=staging", 400, "'TARGTE' is not an input (did you mean TARGET?)"),
        ("?action=smoke-test&EXPLAIN=perhaps", 400, "EXPLAIN must be true or false"),
    ],
)
def test_an_operation_is_looked_at_before_drone_is_asked(standin, api, path, status, message):
    answer = api["superuser"].post(f"{BUILDS}{path}")
    assert (answer.status_code, message in body(answer)["message"]) == (status, True), answer.content
    assert not standin.writes


@pytest.mark.parametrize("name", ["viewer", "runner", "deployer"])
def test_a_misspelt_operation_is_called_so_to_everybody_who_sees_the_repository(standin, api, name):
    answer = api[name].post(f"{BUILDS}?action=chekc")
    assert (answer.status_code, "Did you mean check?" in body(answer)["message"]) == (404, True)
    limited = Api(person("limited", Level.RUN, "ismewen/edrone", only="check"))
    assert limited.post(f"{BUILDS}?action=chekc").status_code == 404


def test_the_defaults_of_an_operation_go_along(standin, api):
    assert api["deployer"].post(f"{BUILDS}?action=deploy&TARGET=staging").status_code == 200
    assert dict(standin.writes[0].query) == {"action": "deploy", "TARGET": "staging", "REPLICAS": "2", "EDRONE_ACTOR": "deployer"}
    record = AuditRecord.objects.get()
    assert (record.operation, record.params["REPLICAS"]) == ("deploy", "2")


def test_a_restart_keeps_what_the_build_had(standin, api):
    build = body(api["runner"].post(f"{BUILDS}/1?TARGET=other"))
    assert build["params"] == {"TARGET": "staging", "EDRONE_ACTOR": "runner", "action": "check"}
    assert (build["parent"], build["action"]) == (1, "check")


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [("1?MORE=1", 400, "'MORE' is not an input"), ("12", 404, "there is no operation 'smoke' for ismewen/edrone")],
)
def test_a_restart_of_an_operation_is_looked_at_before_drone_is_asked(standin, api, path, status, message):
    answer = api["superuser"].post(f"{BUILDS}/{path}")
    assert (answer.status_code, message in body(answer)["message"]) == (status, True), answer.content
    assert api["runner"].post(f"{BUILDS}/12").status_code == 403  # nobody knows what it needed
    assert not standin.writes


def test_a_restart_of_an_operation_gets_the_defaults_of_inputs_that_the_build_had_not(standin, api, tree):
    """The build is older than the input, or Drone refused it, and kept no parameters."""
    head = "kind: operation\ninputs:\n  TARGET: {default: moon}\n  COUNT: {default: 3}\n  NOTE: {default: none}\n  BARE: {}\n"
    head += "  debug: {default: 'true'}\n"
    tree({"edrone/_operations/check.yaml": f"{head}---\nkind: pipeline\nname: x\n"})
    assert Build.objects.get(repo_id=1, number=1).params["TARGET"] == "staging"
    answer = api["runner"].post(f"{BUILDS}/1?NOTE=mine")
    assert answer.status_code == 200, answer.content
    assert dict(standin.writes[0].query) == {"COUNT": "3", "NOTE": "mine", "EDRONE_ACTOR": "runner"}
    assert body(answer)["params"].items() >= {"TARGET": "staging", "COUNT": "3", "NOTE": "mine"}.items()
    assert AuditRecord.objects.get().params == {"COUNT": "3", "NOTE": "mine", "EDRONE_ACTOR": "runner"}


def test_a_restart_of_a_deployment_that_drone_forgot_the_target_of_does_not_go_to_the_default(standin, api, tree):
    tree(
        {
            "edrone/_operations/check.yaml": "kind: operation\ntarget: TARGET\ninputs: {TARGET: {default: production}}\n---\nkind: pipeline\n"
        }
    )
    standin.drone.database.connection.execute(
        "UPDATE builds SET build_status = 'error', build_params = NULL WHERE build_repo_id = 1 AND build_number = 1"
    )
    answer = api["runner"].post(f"{BUILDS}/1")
    assert (answer.status_code, "say where it deploys to: TARGET=…" in body(answer)["message"]) == (400, True), answer.content
    assert not standin.writes
    assert api["runner"].post(f"{BUILDS}/1?TARGET=staging").status_code == 200
    assert dict(standin.writes[0].query) == {"TARGET": "staging", "EDRONE_ACTOR": "runner"}


def test_a_restart_whose_parameters_would_be_too_many_together_is_refused(standin, api):
    standin.drone.database.connection.execute(
        "UPDATE builds SET build_params = ? WHERE build_number = 2", [b'{"OLD": "%s"}' % (b"x" * 3000)]
    )
    assert api["runner"].post(f"{BUILDS}/2?NEW={'y' * 500}").status_code == 200
    answer = api["runner"].post(f"{BUILDS}/2?NEW={'y' * 1500}")
    assert (answer.status_code, "too long" in body(answer)["message"]) == (400, True)


def test_a_promotion_inherits_nothing_that_stands_in_for_its_target(standin, api):
    standin.drone.database.connection.execute(
        """UPDATE builds SET build_params = '{"DRONE_DEPLOY_TO": "production"}' WHERE build_number = 2"""
    )
    assert api["deployer"].post(f"{BUILDS}/2/promote?target=production").status_code == 200
    answer = api["deployer"].post(f"{BUILDS}/2/promote?target=staging")
    assert (answer.status_code, len(standin.writes)) == (422, 1)
    assert "has the parameter DRONE_DEPLOY_TO, which runners would take for its target." in body(answer)["message"]


def test_a_blocked_stage_is_approved_or_declined(standin, api):
    execute = standin.drone.database.connection.execute
    stage = "UPDATE stages SET stage_status = 'blocked' WHERE stage_build_id = (SELECT build_id FROM builds WHERE build_number = 2 AND build_repo_id = 1)"
    execute("DELETE FROM steps")  # a stage that is blocked has none yet
    assert Repo.objects.get(slug="ismewen/edrone").pk == 1
    for path in ("decline/1", "decline", "approve/1"):
        execute(stage)
        answer = api["deployer"].post(f"{BUILDS}/2/{path}")
        assert (answer.status_code, answer.content) == (204, b""), path
        assert path == "approve/1" or Build.objects.get(repo_id=1, number=2).status == "declined"
        assert AuditRecord.objects.latest("pk").outcome == "done"


def test_a_build_of_which_only_some_stages_wait_is_not_declined_in_part(standin, api):
    database, build = standin.drone.database, Build.objects.get(repo_id=1, number=2)
    numbers = [row["stage_number"] for row in database.stages(build.pk)]
    for row in database.stages(build.pk):
        database.update("stage", row["stage_id"], status="success" if row["stage_number"] == numbers[-1] else "blocked")
    answer = api["deployer"].post(f"{BUILDS}/2/decline")
    assert (answer.status_code, standin.writes) == (400, [])
    assert f"one by one the stages that wait: {', '.join(map(str, numbers[:-1]))}." in body(answer)["message"]


@pytest.mark.parametrize(
    ("fault", "status", "message", "outcome"),
    [
        ("null", 422, "Drone made no build", "refused"),
        ("401", 502, "DRONE_TOKEN is not accepted", "refused"),
        ("404", 404, "Drone cannot find the repository, build, branch or commit", "refused"),
        ("500", 502, "Drone reported an internal error («no pipeline for octocat/hello»)", "refused"),
        ("redirect", 502, "Set DRONE_SERVER to the final address", "refused"),
        ("drop", 502, "may have taken effect", "uncertain"),
        ("half", 502, "may have taken effect", "uncertain"),
        ("html", 502, "is not Drone", "uncertain"),
        ("huge", 502, "bytes, too many for edrone to read", "uncertain"),
        ("504", 504, "may have taken effect", "uncertain"),
    ],
)
def test_what_drone_does_wrong_is_said_and_recorded(standin, api, fault, status, message, outcome):
    standin.fail(fault)
    answer = api["runner"].post(BUILDS)
    assert (answer.status_code, message in body(answer)["message"]) == (status, True), answer.content
    assert len(standin.writes) == 1  # never asked again
    record = AuditRecord.objects.get()
    assert (record.outcome, record.status, record.build) == (outcome, status, None)
    assert record.message == body(answer)["message"]


def test_without_drones_address_it_says_what_to_set(standin, api, settings):
    settings.DRONE_TOKEN = ""
    answer = api["runner"].post(BUILDS)
    assert (answer.status_code, "set DRONE_SERVER and DRONE_TOKEN" in body(answer)["message"]) == (503, True)


def test_no_more_than_half_of_the_threads_wait_for_drone(standin, api, settings):
    settings.EDRONE_THREADS = 4
    drone_client.slots.cache_clear()
    with drone_client.slot(), drone_client.slot():
        answer = api["runner"].post(BUILDS)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert "this one was not sent" in body(answer)["message"]
        assert not standin.writes
    assert api["runner"].post(BUILDS).status_code == 200


def test_a_build_that_drone_refuses_is_a_build_of_status_error(standin, api):
    standin.drone.source.text = lambda *_: "kind: pipeline\nname: edrone-error\nplatform: {os: 'edrone: no file serves'}\n"
    answer = api["runner"].post(BUILDS)
    assert (answer.status_code, body(answer)["error"]) == (200, "linter: unsupported os: edrone: no file serves")
    assert AuditRecord.objects.get().build_status == "error"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (f"{BUILDS}?branch=m%0Aevil", "The branch must be one line"),
        (f"{BUILDS}?commit=c%1Bd", "The commit must be one line"),
        (f"{BUILDS}/1/promote?target=prod%0Aevil", "The target must be one line"),
        (f"{BUILDS}/1/rollback?target=prod%E2%80%A8evil", "The target must be one line"),
        (f"{BUILDS}?branch=master&branch=develop", "“branch” is in the address twice"),
        (f"{BUILDS}?action=check&TARGET=staging&TARGET=production", "“TARGET” is in the address twice"),
        (f"{BUILDS}/1/promote?target=staging&target=production", "“target” is in the address twice"),
    ],
)
def test_a_line_end_and_a_name_that_is_there_twice_are_refused(path, words, standin, api):
    answer = api["deployer"].post(path)
    assert (answer.status_code, words in answer.json()["message"]) == (400, True), answer.json()
