"""The settings, read once and typed from environment variables.

A value that cannot work raises ImproperlyConfigured with one line: the variable, and what to set.
The table in README.md names the same variables; a test compares the two.
"""

import os
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

BASE_DIR = Path(__file__).resolve().parent.parent
DEMO_FILE = "demo.sqlite3"  # in the state folder
DATABASE_SCHEMES = {"sqlite", "postgres", "postgresql"}
Value = TypeVar("Value")
env = Env()


@dataclass(frozen=True)
class Environment:
    """Every setting with its type; the comments give units and forms."""

    secret_key: str  # Django's; empty where only the tree is read
    allowed_hosts: list[str]  # host names under which browsers open the site
    hsts: int  # seconds for which browsers ask by https only; 0: not said
    database: dict[str, Any]  # edrone's own database, as Django's DATABASES wants it
    drone_database: dict[str, Any] | None  # Drone's database, likewise; None: not connected
    demo: bool  # show made-up builds in place of Drone's database
    drone_server: str  # address of the Drone server, without a slash at the end; may be empty
    drone_token: str  # token of an administrator of the Drone server; may be empty
    drone_ca_file: str  # certificates to trust at drone_server, PEM; empty: the usual ones
    yaml_secrets: tuple[str, ...]  # any of them may have signed Drone's request
    host: str  # address to listen on
    port: int
    projects: Path  # the tree
    state: Path  # everything that edrone writes while it runs
    namespaces: frozenset[str]  # whose repositories may use a plain folder; empty: all
    manual_builds_by: frozenset[str]  # logins of Drone that may start builds by hand; empty: anybody
    show_errors: str  # "build" or "http"
    date_tolerance: int  # seconds that Drone's clock may differ from edrone's
    allow_unsigned: bool
    workers: int  # server processes
    threads: int  # the most threads of one server process
    metrics: bool
    metrics_port: int  # 0: /metrics is on the same port as everything else
    log_format: str  # "text" or "json"

    @property
    def address(self) -> str:
        """Where the server can be asked from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


def read() -> Environment:
    """Read every variable.

    Raises:
        ImproperlyConfigured: one line that names the variable and says what to set.
    """
    state = folder("EDRONE_STATE", "var")
    drones = value("DRONE_DATABASE_URL", drone_database, None)
    demo = value("EDRONE_DEMO", truth, False)
    if demo and drones:
        raise ImproperlyConfigured("EDRONE_DEMO cannot be used: DRONE_DATABASE_URL names a real database; unset one of the two.")
    own_database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(state / "edrone.sqlite3")}
    return Environment(
        secret_key=value("SECRET_KEY", env.str, ""),
        allowed_hosts=value("ALLOWED_HOSTS", words, ["localhost", "127.0.0.1", "[::1]"]),
        hsts=value("EDRONE_HSTS", between(0, 63_072_000), 0),
        database=value("DATABASE_URL", database, own_database),
        drone_database={"ENGINE": "django.db.backends.sqlite3", "NAME": str(state / DEMO_FILE)} if demo else drones,
        demo=demo,
        drone_server=value("DRONE_SERVER", server, ""),
        drone_token=value("DRONE_TOKEN", token, ""),
        drone_ca_file=value("DRONE_CA_FILE", certificates, ""),
        yaml_secrets=value("DRONE_YAML_SECRET", secrets, ()),
        host=value("HOST", env.str, "127.0.0.1").strip("[]"),
        port=value("PORT", between(1, 65535), 8000),
        projects=folder("EDRONE_PROJECTS", "projects"),
        state=state,
        namespaces=frozenset(value("EDRONE_NAMESPACES", words, list[str]())),
        manual_builds_by=frozenset(value("EDRONE_MANUAL_BUILDS_BY", words, list[str]())),
        show_errors=value("EDRONE_SHOW_ERRORS", one_of("build", "http"), "build"),
        date_tolerance=value("EDRONE_DATE_TOLERANCE", between(1, 86_400), 300),
        allow_unsigned=value("EDRONE_ALLOW_UNSIGNED", truth, False),
        workers=value("EDRONE_WORKERS", between(1, 64), 2),
        threads=value("EDRONE_THREADS", between(2, 1024), 128),
        metrics=value("EDRONE_METRICS", truth, True),
        metrics_port=value("EDRONE_METRICS_PORT", between(1, 65535), 0),
        log_format=value("EDRONE_LOG_FORMAT", one_of("text", "json"), "text"),
    )


def value(name: str, parse: Callable[[str], Value], default: Value) -> Value:
    """Parse one variable. Set but empty is the same as not set: charts and compose files leave it so."""
    if not os.environ.get(name, "").strip():
        return default
    try:
        return parse(name)
    except (EnvError, ValueError) as error:
        # The value itself is not repeated: it may hold a password.
        raise ImproperlyConfigured(f"{name} cannot be used: {error}") from None


def between(low: int, high: int) -> Callable[[str], int]:
    """Make a parser of whole numbers from low to high, both included."""

    def parse(name: str) -> int:
        try:
            number = env.int(name)
        except EnvError:
            number = low - 1
        if not low <= number <= high:
            raise ValueError(f"set it to a whole number from {low} to {high}.")
        return number

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """Make a parser that takes one of the words."""

    def parse(name: str) -> str:
        word = env.str(name)
        if word not in choices:
            raise ValueError(f"set it to {' or '.join(choices)}.")
        return word

    return parse


def truth(name: str) -> bool:
    """Parse true or false."""
    try:
        return env.bool(name)
    except EnvError:
        raise ValueError("set it to true or false.") from None


def words(name: str) -> list[str]:
    """Parse words separated by commas."""
    found = [word for word in (part.strip() for part in env.str(name).split(",")) if word]
    if not found:
        raise ValueError("it names nothing: set it to words separated by commas.")
    return found


def secrets(name: str) -> tuple[str, ...]:
    """Parse secrets separated by commas; Drone uses its own to the last character, so nothing is stripped here."""
    found = tuple(env.str(name).split(","))
    if not all(secret.isprintable() for secret in found):
        raise ValueError("it holds a line end, a control character or bytes that are no text.")
    if any(not secret or secret != secret.strip() for secret in found):
        raise ValueError(
            "one of its secrets is empty, or begins or ends with white space or a line end; "
            "separate several with single commas, and give Drone and edrone the same characters."
        )
    return found


def server(name: str) -> str:
    """Parse the address of a server."""
    with suppress(ValueError):  # of urlsplit: a port that is no number
        parts = urlsplit(env.str(name))
        plain = not (parts.username or parts.query or parts.fragment)
        if parts.scheme in {"http", "https"} and parts.hostname and plain and parts.port != 0:
            return parts.geturl().rstrip("/")
    raise ValueError("set it to an address such as https://drone.example.com.")


def token(name: str) -> str:
    """Parse a token, which goes into a header."""
    found = env.str(name)
    if not re.fullmatch(r"[!-~]+", found):
        raise ValueError("it holds white space, a line end or something that is not ASCII, which no token of Drone has.")
    return found


def certificates(name: str) -> str:
    """Parse the path of a file of certificates."""
    path = env.str(name)
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # SSLError is one too
        reason = "holds no certificates in PEM form" if isinstance(error, ssl.SSLError) else f"cannot be read: {error.strerror}"
        raise ValueError(f"the file {reason}.") from None
    return path


def folder(name: str, default: str) -> Path:
    """Parse a folder; a relative one is meant from where the command was started."""
    return Path(os.path.abspath(value(name, env.str, str(BASE_DIR / default))))  # not resolved: a link stays a link


def database(name: str) -> dict[str, Any]:
    """Turn sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME into an entry of Django's DATABASES."""
    with suppress(ValueError):  # of urlsplit and dj_database_url, whose own words help nobody
        address = env.str(name)
        found = dict(dj_database_url.parse(address)) if urlsplit(address).scheme in DATABASE_SCHEMES else {}
        if found.get("NAME"):
            return found
    raise ValueError(
        "set it to sqlite:////path/to/file or postgres://user:password@host:5432/name, "
        "with special characters of the password as %40 for @ and so on."
    )


def drone_database(name: str) -> dict[str, Any]:
    """Parse the address of Drone's database; Drone's own form for MySQL is recognised, to say that it cannot be read yet."""
    address = env.str(name)
    if address.startswith(("mysql", "mariadb")) or "@tcp(" in address:
        raise ValueError("edrone reads Drone's database in PostgreSQL and in SQLite; MySQL is not supported yet.")
    return database(name)
