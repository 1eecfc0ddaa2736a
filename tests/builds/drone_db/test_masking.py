"""Which parameters are masked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builds.drone_db.masking import MASK, looks_secret, masked, shown_parameters


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD", "DB_PASSWORD", "dbPassword", "DBPASSWORD", "password2", "pgpass_word", "MYSQL_PWD", "ROOT_PW", "passphrase", "SMTP_PASS",
        "TOKEN", "github-token", "GITHUB_TOKEN_FILE", "githubToken", "tokens", "accessToken", "ACCESSTOKEN", "npm.token",
        "SECRET", "CLIENT_SECRET", "clientsecret", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "apiKey", "API_KEY", "apikey", "x-api-key",
        "PRIVATE_KEY", "SSH_KEY", "ssh_deploy_key", "SIGNING_KEY", "license_key", "CREDENTIALS", "GCP_CREDS", "BASIC_AUTH", "AUTHORIZATION",
        "DATABASE_URL", "databaseUri", "DB_URL", "CONNECTION_STRING", "ConnectionStrings__Main", "PASSCODE", "KUBECONFIG", "KUBE_CONFIG",
        "SESSION_COOKIE", "JWT", "OTP", "SENTRY_DSN", "SLACK_WEBHOOK", "KEY", "_KEY", "KEY_",
    ],
)  # fmt: skip
def test_a_name_that_looks_secret(name):
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "TARGET", "action", "REPLICAS", "AUTHOR", "BYPASS", "COMPASS", "KEYBOARD", "MONKEY", "SPIN", "PINNED", "branch", "message",
        "PATH", "PATTERN", "passed", "OTPUT", "SALTY", "cache_key", "sort_key", "primary_key", "authorised", "公司", "EDRONE_ACTOR",
    ],
)  # fmt: skip
def test_a_name_that_does_not(name):
    assert not looks_secret(name)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("api_x_y_key", True), ("cache_api_key1", True), ("key_api", False), ("api_x_keyboard", False), ("api_x", False),
        ("api_" * 100_000, False), ("api_" * 100_000 + "key", True), ("key_" * 100_000, False), ("aB" * 100_000, False),
        ("-" * 100_000 + "key", True), ("key" * 100_000, False),
    ],
    ids=range(11),
)  # fmt: skip
def test_a_key_of_some_kind_is_secret_however_long_its_name(name, secret):
    assert looks_secret(name) == secret


def test_values_are_hidden_and_names_are_not():
    assert masked({"TOKEN": "abc", "TARGET": "staging"}) == {"TOKEN": MASK, "TARGET": "staging"}
    assert masked({"TOKEN": ""}) == {"TOKEN": ""}


@pytest.mark.parametrize("value", ["postgres://ann:hunter2@db/shop", "see redis://:hunter2@cache:6379/0, please"])
def test_an_address_with_a_password_is_hidden_whatever_its_name(value):
    assert masked({"CACHE": value}) == {"CACHE": MASK}


@pytest.mark.parametrize(
    "value", ["https://example.com:8080/a@b", "ssh://git@example.com/a", "a:b@c", "https://example.com/x:y@z"]
)
def test_other_addresses_are_shown(value):
    assert masked({"WHERE": value}) == {"WHERE": value}


@given(st.text(max_size=200))
def test_any_name_has_an_answer(name):
    assert looks_secret(name) in {True, False}


def test_of_very_many_parameters_a_page_shows_and_masks_the_first():
    params = {f"DB_PASSWORD_{number}": "x" for number in range(50_000)}
    shown = shown_parameters(params)
    assert shown.first == dict.fromkeys(list(params)[:200], MASK)
    assert (shown.total, shown.more) == (50_000, 49_800)
    assert shown_parameters({"A": "1", "B": "2"}) == ({"A": "1", "B": "2"}, 2, 0)


def test_of_very_long_values_a_page_shows_few():
    shown = shown_parameters({f"P{number}": "x" * 1_000_000 for number in range(100)})
    assert (len(shown.first), shown.more) == (4, 96)
