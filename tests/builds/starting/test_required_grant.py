"""What somebody must be allowed, to do what: a restart needs what the original needed."""

import pytest

from builds.access.models import Level
from builds.drone_db.models import Build
from builds.starting.commands import Wish
from builds.starting.models import Verb
from builds.starting.needs import Need, need_of

RUN, DEPLOY = Level.RUN, Level.DEPLOY


@pytest.mark.parametrize(
    ("wish", "operation_level", "need"),
    [
        (Wish(Verb.CREATE), None, Need(RUN)),
        (Wish(Verb.CREATE, operation="check"), RUN, Need(RUN, "check")),
        (Wish(Verb.CREATE, operation="deploy"), DEPLOY, Need(DEPLOY, "deploy")),
        (Wish(Verb.CREATE, operation="no-such"), None, Need(DEPLOY, "no-such")),
    ],
)
def test_a_new_build(wish, operation_level, need):
    assert need_of(wish, None, operation_level) == need


@pytest.mark.parametrize("verb", [Verb.RESTART, Verb.CANCEL])
@pytest.mark.parametrize(
    ("build", "operation_level", "need"),
    [
        (Build(event="push"), None, Need(RUN)),
        (Build(event="push", action="check"), None, Need(RUN)),
        (Build(event="pull_request", action="opened"), None, Need(RUN)),
        (Build(event="cron"), None, Need(RUN)),
        (Build(event="custom"), None, Need(RUN)),
        (Build(event="custom", action="check"), RUN, Need(RUN, "check")),
        (Build(event="custom", action="deploy"), DEPLOY, Need(DEPLOY, "deploy")),
        (Build(event="custom", action="gone"), None, Need(DEPLOY, "gone")),
        (Build(event="promote", deploy_to="production"), None, Need(DEPLOY, "production")),
        (Build(event="promote", action="check", deploy_to="production"), RUN, Need(DEPLOY, "production")),
        (Build(event="rollback", deploy_to="staging"), None, Need(DEPLOY, "staging")),
    ],
)
def test_what_is_done_to_a_build_needs_what_starting_it_needed(verb, build, operation_level, need):
    assert need_of(Wish(verb, number=1), build, operation_level) == need


@pytest.mark.parametrize("verb", [Verb.PROMOTE, Verb.ROLLBACK])
def test_a_deployment_needs_its_target_whatever_is_deployed(verb):
    for build in (Build(event="push"), Build(event="promote", deploy_to="staging")):
        assert need_of(Wish(verb, number=1, target="production"), build, RUN) == Need(DEPLOY, "production")


def test_a_debug_build_is_for_those_who_may_deploy_since_it_gives_a_shell():
    assert need_of(Wish(Verb.RESTART, number=1, debug=True), Build(event="push"), None) == Need(DEPLOY)
    assert need_of(Wish(Verb.RESTART, number=1, debug=True), Build(event="custom", action="check"), RUN) == Need(DEPLOY, "check")


@pytest.mark.parametrize("verb", [Verb.APPROVE, Verb.DECLINE])
def test_approving_is_for_those_who_may_deploy(verb):
    assert need_of(Wish(verb, number=1, stage=1), Build(event="push"), None) == Need(DEPLOY)
    assert need_of(Wish(verb, number=1), Build(event="custom", action="check"), RUN) == Need(DEPLOY, "check")
    assert need_of(Wish(verb, number=1), Build(event="promote", deploy_to="production"), None) == Need(DEPLOY, "production")
