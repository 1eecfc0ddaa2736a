"""The settings: read once, typed; a wrong one ends the start with one line."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from edrone_site.environment import BASE_DIR
from tests.server import manage, settings_of_environment


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    """Begin with no variable set."""
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "DRONE_YAML_SECRET", "HOST", "PORT", "EDRONE_STATE"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_set_gives_the_defaults():
    read = settings_of_environment()
    assert (read.HOST, read.PORT, read.EDRONE_SHOW_ERRORS, read.EDRONE_DATE_TOLERANCE) == ("127.0.0.1", 8000, "build", 300)
    assert read.DRONE_YAML_SECRETS == ()
    assert not read.EDRONE_NAMESPACES
    assert read.EDRONE_ALLOW_UNSIGNED is False
    assert read.DRONE_DATABASE is None
    assert read.EDRONE_PROJECTS == BASE_DIR / "projects"
    assert read.EDRONE_STATE == BASE_DIR / "var"
    assert read.DATABASE["NAME"] == str(BASE_DIR / "var" / "edrone.sqlite3")


def test_set_but_empty_is_as_not_set(monkeypatch):
    before = settings_of_environment()
    for name in (
        "SECRET_KEY",
        "PORT",
        "EDRONE_SHOW_ERRORS",
        "EDRONE_ALLOW_UNSIGNED",
        "DRONE_SERVER",
        "DATABASE_URL",
        "EDRONE_NAMESPACES",
        "EDRONE_PROJECTS",
    ):
        monkeypatch.setenv(name, "")
    assert settings_of_environment() == before


@pytest.mark.parametrize(
    ("name", "value", "setting", "expected"),
    [
        ("PORT", "9000", "PORT", 9000),
        ("EDRONE_HSTS", "31536000", "SECURE_HSTS_SECONDS", 31_536_000),
        ("ALLOWED_HOSTS", "a.example.com, b.example.com,", "ALLOWED_HOSTS", ["a.example.com", "b.example.com"]),
        (
            "ALLOWED_HOSTS",
            "edrone.example.com:8443,.example.com,*,[::1]:80",
            "ALLOWED_HOSTS",
            ["edrone.example.com", ".example.com", "*", "[::1]"],
        ),
        ("DRONE_YAML_SECRET", "new,old", "DRONE_YAML_SECRETS", ("new", "old")),
        ("EDRONE_NAMESPACES", "ismewen, shop/team", "EDRONE_NAMESPACES", frozenset({"ismewen", "shop/team"})),
        ("EDRONE_ALLOW_UNSIGNED", "true", "EDRONE_ALLOW_UNSIGNED", True),
        ("EDRONE_SHOW_ERRORS", "http", "EDRONE_SHOW_ERRORS", "http"),
        ("DRONE_SERVER", "https://drone.example.com/", "DRONE_SERVER", "https://drone.example.com"),
        ("DRONE_SERVER", " https://drone.example.com\n", "DRONE_SERVER", "https://drone.example.com"),
        ("EDRONE_PROJECTS", "/srv/tree", "EDRONE_PROJECTS", Path("/srv/tree")),
    ],
)
def test_values_are_typed(monkeypatch, name, value, setting, expected):
    monkeypatch.setenv(name, value)
    assert getattr(settings_of_environment(), setting) == expected


def test_a_database_url_becomes_a_database(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://user:p%40ss@db.example.com:5433/edrone?sslmode=require")
    database = settings_of_environment().DATABASES["default"]
    assert database["ENGINE"] == "configs.database.postgresql"
    assert (database["USER"], database["PASSWORD"], database["HOST"], database["PORT"], database["NAME"]) == (
        "user",
        "p@ss",
        "db.example.com",
        5433,
        "edrone",
    )
    assert database["OPTIONS"]["sslmode"] == "require"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "http", "a whole number from 1 to 65535"),
        ("PORT", "0", "a whole number from 1 to 65535"),
        ("PORT", "65536", "a whole number from 1 to 65535"),
        ("EDRONE_DATE_TOLERANCE", "5 minutes", "a whole number from 1 to 86400"),
        ("EDRONE_WORKERS", "-1", "a whole number from 1 to 64"),
        ("EDRONE_THREADS", "1", "a whole number from 2 to 1024"),
        ("EDRONE_DATABASE_CONNECTIONS", "1", "a whole number from 2 to 100"),
        ("EDRONE_SHOW_ERRORS", "yes", "set it to build or http"),
        ("EDRONE_ALLOW_UNSIGNED", "perhaps", "set it to true or false"),
        ("DRONE_SERVER", "drone.example.com", "https://drone.example.com"),
        ("DRONE_SERVER", "https://user:planted@drone.example.com", "https://drone.example.com"),
        ("DATABASE_URL", "mysql://u:planted@h/n", "postgres://user:password@host:5432/name"),
        ("DATABASE_URL", "postgres://u:planted@h:port/n", "special characters of the password"),
        ("DATABASE_URL", "postgres://u:planted@h:5432/", "postgres://user:password@host:5432/name"),
        ("DATABASE_URL", "nonsense", "sqlite:////path/to/file"),
        ("DRONE_DATABASE_URL", "nonsense", "sqlite:////path/to/file"),
        ("DRONE_DATABASE_URL", "mysql://u:planted@h/n", "MySQL is not supported yet"),
        ("DRONE_DATABASE_URL", "root:planted@tcp(1.2.3.4:3306)/drone?parseTime=true", "MySQL is not supported yet"),
        ("EDRONE_DEMO", "perhaps", "set it to true or false"),
        ("DRONE_YAML_SECRET", "planted\n", "a line end"),
        ("DRONE_YAML_SECRET", "planted\udcff", "bytes that are no text"),
        ("DRONE_SERVER", "https://drone.example.com:port", "https://drone.example.com"),
        ("DRONE_SERVER", "https://drone example.com", "https://drone.example.com"),
        ("DRONE_SERVER", "https://.example.com", "https://drone.example.com"),
        ("SECRET_KEY", "planted\udcff" * 10, "bytes that are no text"),
        ("ALLOWED_HOSTS", "https://edrone.example.com", "without https:// and paths"),
        ("ALLOWED_HOSTS", "edrone.example.com/admin", "without https:// and paths"),
        ("ALLOWED_HOSTS", "::1", "such as edrone.example.com or [::1]"),
        ("DATABASE_URL", "postgres://u:planted@h/ ", "postgres://user:password@host:5432/name"),
        ("DATABASE_URL", "sqlite://data/edrone.sqlite3", "sqlite:////path/to/file"),
        ("DATABASE_URL", "sqlite:///:memory:", "sqlite:////path/to/file"),
        ("EDRONE_NAMESPACES", " , ,", "it names nothing"),
        ("EDRONE_NAMESPACES", "company,shop/*", "without @, * or a slash at the end"),
        ("EDRONE_NAMESPACES", "@company", "without @, * or a slash at the end"),
        ("EDRONE_NAMESPACES", "company/", "without @, * or a slash at the end"),
        ("DATABASE_URL", "postgres://u:plan[ted@h/n", "special characters of the password"),
        ("DRONE_YAML_SECRET", "planted, other", "white space"),
        ("DRONE_YAML_SECRET", "planted,,other", "is empty"),
        ("DRONE_YAML_SECRET", "planted,", "is empty"),
        ("DRONE_TOKEN", "planted\n", "white space, a line end"),
        ("DRONE_TOKEN", "planted令牌", "not ASCII"),
        ("DRONE_CA_FILE", "/no/such/file", "cannot be read: No such file"),
        ("DRONE_CA_FILE", "README.md", "holds no certificates in PEM form"),
        ("DRONE_CA_FILE", ".", "cannot be read"),
        ("EDRONE_GITHUB_CLIENT_ID", "an id", "white space"),
        ("EDRONE_GITLAB_CLIENT_SECRET", "planted\n", "white space"),
        ("EDRONE_GITEA_SERVER", "gitea.example.com", "set it to an address"),
        ("EDRONE_OIDC_ISSUER", "https://user:planted@sso.example.com", "set it to an address"),
        ("EDRONE_OIDC_NAME", "x" * 61, "at most 60 characters"),
        ("EDRONE_TRUSTED_PROXIES", "planted.example.com", "10.0.0.7, 10.1.0.0/16 or fd00::/8"),
        ("EDRONE_TRUSTED_PROXIES", "10.1.0.7/16", "10.0.0.7, 10.1.0.0/16 or fd00::/8"),
        ("EDRONE_PASSWORDS", "no way", "set it to true or false"),
        ("EDRONE_PASSWORDS", "false", "without passwords nobody could sign in"),
    ],
)
def test_a_wrong_value_is_one_line_with_the_variable_and_what_to_set(monkeypatch, name, value, words):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as caught:
        settings_of_environment()
    message = str(caught.value)
    assert message.startswith(f"{name} cannot be used: ")
    assert words in message
    assert "\n" not in message
    assert "planted" not in message


SET = {
    "EDRONE_GITHUB_CLIENT_ID": "id", "EDRONE_GITHUB_CLIENT_SECRET": "planted", "EDRONE_GITHUB_SERVER": "",
    "EDRONE_GITEA_CLIENT_ID": "id", "EDRONE_GITEA_CLIENT_SECRET": "planted", "EDRONE_GITEA_SERVER": "https://gitea.example.com/",
    "EDRONE_OIDC_CLIENT_ID": "id", "EDRONE_OIDC_CLIENT_SECRET": "planted", "EDRONE_OIDC_ISSUER": "https://sso.example.com/realms/x",
}  # fmt: skip


def set_all(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_a_provider_is_there_once_it_is_set_up(monkeypatch):
    assert settings_of_environment().SIGN_IN == {}
    assert settings_of_environment().AUTHENTICATION_BACKENDS == ["django.contrib.auth.backends.ModelBackend"]
    set_all(monkeypatch, **SET)
    read = settings_of_environment()
    assert {known.id: (known.name, known.server) for known in read.SIGN_IN.values()} == {
        "github": ("GitHub", "https://github.com"),
        "gitea": ("Gitea", "https://gitea.example.com"),
        "oidc": ("OpenID Connect", "https://sso.example.com/realms/x"),
    }
    assert "planted" not in repr(read.SIGN_IN)
    assert len(read.AUTHENTICATION_BACKENDS) == 2
    monkeypatch.setenv("EDRONE_PASSWORDS", "false")
    assert settings_of_environment().AUTHENTICATION_BACKENDS == ["builds.signing_in.backend.ElsewhereBackend"]


@pytest.mark.parametrize(
    ("missing", "given"),
    [
        ("EDRONE_GITHUB_CLIENT_ID", "EDRONE_GITHUB_CLIENT_SECRET"),
        ("EDRONE_GITHUB_CLIENT_SECRET", "EDRONE_GITHUB_CLIENT_ID"),
        ("EDRONE_GITEA_SERVER", "EDRONE_GITEA_CLIENT_ID"),
        ("EDRONE_OIDC_ISSUER", "EDRONE_OIDC_CLIENT_ID"),
    ],
)
def test_half_a_provider_is_refused_with_what_is_missing(monkeypatch, missing, given):
    set_all(monkeypatch, **SET | {missing: ""})
    with pytest.raises(ImproperlyConfigured, match=f"^{missing} is not set, but {given} is: set both") as caught:
        settings_of_environment()
    assert "planted" not in str(caught.value)


def test_an_address_without_an_application_is_refused(monkeypatch):
    monkeypatch.setenv("EDRONE_GITLAB_SERVER", "https://gitlab.example.com")
    with pytest.raises(ImproperlyConfigured, match="EDRONE_GITLAB_CLIENT_ID is not set, but EDRONE_GITLAB_SERVER is"):
        settings_of_environment()


def test_proxies_are_addresses_and_networks(monkeypatch):
    monkeypatch.setenv("EDRONE_TRUSTED_PROXIES", "10.0.0.7, fd00::/8")
    monkeypatch.setenv("EDRONE_PASSWORDS", "false")
    assert [str(network) for network in settings_of_environment().EDRONE_TRUSTED_PROXIES] == ["10.0.0.7/32", "fd00::/8"]


def test_sample_data_in_place_of_a_real_database_is_refused(monkeypatch):
    monkeypatch.setenv("EDRONE_DEMO", "true")
    assert settings_of_environment().EDRONE_DEMO
    assert settings_of_environment().DRONE_DATABASE["NAME"].endswith("/demo.sqlite3")
    monkeypatch.setenv("DRONE_DATABASE_URL", "sqlite:////var/lib/drone/database.sqlite")
    with pytest.raises(ImproperlyConfigured, match="EDRONE_DEMO cannot be used: DRONE_DATABASE_URL names a real database"):
        settings_of_environment()


@pytest.mark.parametrize("name", ["DEBUG", "DJANGO_DEBUG", "EDRONE_DEBUG"])
def test_no_variable_turns_on_djangos_debug_pages(monkeypatch, name):
    monkeypatch.setenv(name, "true")
    assert settings_of_environment().DEBUG is False


@pytest.mark.slow
def test_a_wrong_value_ends_every_command_with_that_line(tmp_path):
    for command in (["serve"], ["check"], ["showconfig", "a/b"], ["migrate"]):
        done = manage(*command, EDRONE_SHOW_ERRORS="loudly", EDRONE_STATE=str(tmp_path))
        assert done.returncode == 1
        assert done.stderr == "edrone cannot start: EDRONE_SHOW_ERRORS cannot be used: set it to build or http.\n"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("EDRONE_GRANTS_FROM_DRONE", "true", "EDRONE_DRONE_FORGE is not set, but EDRONE_GRANTS_FROM_DRONE is"),
        ("EDRONE_DRONE_FORGE", "bitbucket", "EDRONE_DRONE_FORGE cannot be used: set it to github or gitlab or gitea"),
        ("EDRONE_PERMS_MAX_AGE", "0", "EDRONE_PERMS_MAX_AGE cannot be used: set it to a whole number from 1 to 3650"),
    ],
)
def test_what_drone_says_of_people_needs_a_forge_and_an_age(monkeypatch, name, value, sentence):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        settings_of_environment()
