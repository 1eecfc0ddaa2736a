"""System checks: what can be known wrong at the start, by id."""

import subprocess
import sys

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from edrone_site.startup_checks import run_startup_checks
from tests.server import ROOT, clean_environment, manage

KEY = "k" * 40


def ids() -> list[str]:
    return [str(message.id) for message in run_checks()]


def test_the_tests_own_settings_are_fine():
    assert ids() == []


def test_site_E001_wants_a_secret_key(settings):
    settings.SECRET_KEY = "short"
    assert ids() == ["site.E001"]


def test_configs_E001_wants_a_yaml_secret(settings):
    settings.DRONE_YAML_SECRETS = ()
    assert ids() == ["configs.E001"]


@pytest.mark.parametrize("name", ["DRONE_YAML_SECRETS", "DRONE_TOKEN", "SECRET_KEY"])
def test_configs_E003_refuses_a_secret_of_events_that_opens_more(name, settings):
    settings.DRONE_TOKEN = "t" * 32
    other = getattr(settings, name)
    settings.EDRONE_EVENTS_SECRETS = ("one", other[0] if name == "DRONE_YAML_SECRETS" else other)
    assert "configs.E003" in ids()


def test_configs_E002_refuses_a_secret_that_protects_nothing(settings):
    settings.EDRONE_ALLOW_UNSIGNED = True
    assert ids() == ["configs.E002"]


def test_configs_W001_warns_of_a_tree_that_is_not_there(settings, tmp_path):
    settings.EDRONE_PROJECTS = tmp_path / "gone"
    assert ids() == ["configs.W001"]


def test_configs_W002_warns_where_anybody_may_ask(settings):
    settings.DRONE_YAML_SECRETS, settings.EDRONE_ALLOW_UNSIGNED = (), True
    assert ids() == ["configs.W002"]


def test_every_check_says_what_to_do(settings, tmp_path):
    settings.SECRET_KEY, settings.DRONE_YAML_SECRETS, settings.EDRONE_PROJECTS = "short", (), tmp_path / "gone"
    messages = run_checks()
    assert len(messages) == 3
    assert all(message.hint for message in messages)


def test_the_start_ends_with_one_line_of_all_errors(settings):
    settings.SECRET_KEY, settings.DRONE_YAML_SECRETS = "short", ()
    with pytest.raises(ImproperlyConfigured, match=r"^\(\w+\.E001\) .* \(\w+\.E001\) .*$"):
        run_startup_checks()


def test_warnings_do_not_stop_the_start(settings, tmp_path):
    settings.EDRONE_PROJECTS = tmp_path / "gone"
    (warning,) = run_startup_checks()
    assert warning.startswith("(configs.W001) The tree ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "variable"),
    [({"DRONE_YAML_SECRET": "x"}, "SECRET_KEY"), ({"SECRET_KEY": KEY}, "DRONE_YAML_SECRET"), ({"SECRET_KEY": KEY, "DRONE_YAML_SECRET": "x", "EDRONE_ALLOW_UNSIGNED": "true"}, "EDRONE_ALLOW_UNSIGNED")],
)  # fmt: skip
def test_serve_does_not_start_without_what_it_needs(tmp_path, environment, variable):
    done = manage("serve", EDRONE_STATE=str(tmp_path), **environment)
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: edrone cannot start: (")
    assert variable in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_another_wsgi_server_is_stopped_as_well(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "import edrone_site.wsgi"],
        cwd=ROOT,
        env=clean_environment(EDRONE_STATE=str(tmp_path)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "ImproperlyConfigured: (" in done.stderr
    assert "SECRET_KEY is not set" in done.stderr


def test_configs_E004_refuses_to_sign_without_a_drone_to_ask(settings):
    settings.EDRONE_SIGN, settings.DRONE_SERVER, settings.DRONE_TOKEN = True, "", ""
    assert "configs.E004" in ids()
