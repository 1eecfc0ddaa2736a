"""What somebody must be allowed, to do what: a restart needs what the original needed."""

import pytest

from builds.access.models import Level
from builds.drone_db.models import Build, Stage
from builds.starting.commands import BuildCommand
from builds.starting.models import Verb
from builds.starting.required_grant import RequiredGrant, required_grant

RUN, DEPLOY = Level.RUN, Level.DEPLOY


@pytest.mark.parametrize(
    ("command", "operation_level", "required"),
    [
        (BuildCommand(Verb.CREATE), None, RequiredGrant(RUN)),
        (BuildCommand(Verb.CREATE, operation="check"), RUN, RequiredGrant(RUN, "check")),
        (BuildCommand(Verb.CREATE, operation="deploy"), DEPLOY, RequiredGrant(DEPLOY, "deploy")),
        (BuildCommand(Verb.CREATE, operation="no-such"), None, RequiredGrant(DEPLOY, "no-such")),
    ],
)
def test_a_new_build(command, operation_level, required):
    assert required_grant(command, None, operation_level) == required


@pytest.mark.parametrize("verb", [Verb.RESTART, Verb.CANCEL])
@pytest.mark.parametrize(
    ("build", "operation_level", "required"),
    [
        (Build(event="push"), None, RequiredGrant(RUN)),
        (Build(event="push", action="check"), None, RequiredGrant(RUN)),
        (Build(event="pull_request", action="opened"), None, RequiredGrant(RUN)),
        (Build(event="cron"), None, RequiredGrant(RUN)),
        (Build(event="custom"), None, RequiredGrant(RUN)),
        (Build(event="custom", action="check"), RUN, RequiredGrant(RUN, "check")),
        (Build(event="custom", action="deploy"), DEPLOY, RequiredGrant(DEPLOY, "deploy")),
        (Build(event="custom", action="gone"), None, RequiredGrant(DEPLOY, "gone")),
        (Build(event="promote", deploy_to="production"), None, RequiredGrant(DEPLOY, "production")),
        (Build(event="promote", action="check", deploy_to="production"), RUN, RequiredGrant(DEPLOY, "production")),
        (Build(event="rollback", deploy_to="staging"), None, RequiredGrant(DEPLOY, "staging")),
    ],
)
def test_what_is_done_to_a_build_needs_what_starting_it_needed(verb, build, operation_level, required):
    assert required_grant(BuildCommand(verb, number=1), build, operation_level) == required


@pytest.mark.parametrize("verb", [Verb.PROMOTE, Verb.ROLLBACK])
def test_a_deployment_needs_its_target_whatever_is_deployed(verb):
    for build in (Build(event="push"), Build(event="promote", deploy_to="staging")):
        assert required_grant(BuildCommand(verb, number=1, target="production"), build, RUN) == RequiredGrant(
            DEPLOY, "production"
        )


def test_a_debug_build_is_for_those_who_may_deploy_since_it_gives_a_shell():
    assert required_grant(BuildCommand(Verb.RESTART, number=1, debug=True), Build(event="push"), None) == RequiredGrant(DEPLOY)
    assert required_grant(
        BuildCommand(Verb.RESTART, number=1, debug=True), Build(event="custom", action="check"), RUN
    ) == RequiredGrant(DEPLOY, "check")


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.DECLINE])
def test_approving_is_for_those_who_may_deploy(verb):
    assert required_grant(BuildCommand(verb, number=1, stage=1), Build(event="push"), None) == RequiredGrant(DEPLOY)
    assert required_grant(BuildCommand(verb, number=1), Build(event="custom", action="check"), RUN) == RequiredGrant(
        DEPLOY, "check"
    )
    assert required_grant(BuildCommand(verb, number=1), Build(event="promote", deploy_to="production"), None) == RequiredGrant(
        DEPLOY, "production"
    )


@pytest.mark.parametrize(
    ("status", "stage", "level"), [("pending", "blocked", DEPLOY), ("running", "blocked", DEPLOY), ("running", "pending", RUN)]
)
def test_a_restart_past_an_approval_needs_what_the_approval_needs(status, stage, level):
    build = Build(event="pull_request", status=status)
    build.stages_in_order = [Stage(status="success"), Stage(status=stage)]
    assert required_grant(BuildCommand(Verb.RESTART, number=1), build, None) == RequiredGrant(level)
    assert required_grant(BuildCommand(Verb.CANCEL, number=1), build, None) == RequiredGrant(RUN)
