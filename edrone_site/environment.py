"""Reads environment variables, typed. settings.py says which.

A value that cannot work raises ImproperlyConfigured with one line: the variable, and what to set.
"""

import os
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import dj_database_url
import requests
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE_SCHEMES = {"sqlite", "postgres", "postgresql"}
Value = TypeVar("Value")
Network = IPv4Network | IPv6Network
env = Env()


def value(name: str, parse: Callable[[str], Value], default: Value) -> Value:
    """Return the parsed variable. Set but empty is the same as not set: charts and compose files leave it so.

    Raises:
        ImproperlyConfigured: one line that names the variable and says what to set.
    """
    text = os.environ.get(name, "")
    if not text.strip():
        return default
    try:
        text.encode()
        return parse(name)
    except UnicodeEncodeError:  # as of `head -c 32 /dev/urandom`: nothing can be signed with it
        raise ImproperlyConfigured(f"{name} cannot be used: it holds bytes that are no text; set it to text in UTF-8.") from None
    except (EnvError, ValueError) as error:
        # The value itself is not repeated: it may hold a password.
        raise ImproperlyConfigured(f"{name} cannot be used: {error}") from None


def between(low: int, high: int) -> Callable[[str], int]:
    """Return a parser of whole numbers from `low` to `high`, both included."""

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

    def parse(name: str) -> str:
        word = env.str(name)
        if word not in choices:
            raise ValueError(f"set it to {' or '.join(choices)}.")
        return word

    return parse


def truth(name: str) -> bool:
    try:
        return env.bool(name)
    except EnvError:
        raise ValueError("set it to true or false.") from None


def words(name: str) -> list[str]:
    named = [word for word in (part.strip() for part in env.str(name).split(",")) if word]
    if not named:
        raise ValueError("it names nothing: set it to words separated by commas.")
    return named


def namespaces(name: str) -> list[str]:
    named = words(name)
    if not all(re.fullmatch(r"[^\s*?/@][^\s*?/]*(/[^\s*?/]+)*", word) for word in named):
        raise ValueError("set it to whole names separated by commas, such as company, without @, * or a slash at the end.")
    return named


def hosts(name: str) -> list[str]:
    """Return names and addresses of hosts. Ports are left out: Django compares none."""
    matches = [re.fullmatch(r"([^/:\s]+|\[[^]/\s]+])(:\d+)?", word) for word in words(name)]
    if not all(matches):
        raise ValueError("set it to names separated by commas, such as edrone.example.com or [::1], without https:// and paths.")
    return [match[1] for match in matches if match]


def secrets(name: str) -> tuple[str, ...]:
    """Split at commas and strip nothing: Drone uses its secret to the last character."""
    parts = tuple(env.str(name).split(","))
    if not all(secret.isprintable() for secret in parts):
        raise ValueError("it holds a line end, a control character or bytes that are no text.")
    if any(not secret or secret != secret.strip() for secret in parts):
        raise ValueError(
            "one of its secrets is empty, or begins or ends with white space or a line end; "
            "separate several with single commas, and give Drone and edrone the same characters."
        )
    return parts


def server(name: str) -> str:
    with suppress(ValueError):  # of urlsplit and requests: a port that is no number, a host that cannot be one
        address = env.str(name).strip()
        requests.Request("GET", address).prepare()
        parts = urlsplit(address)
        plain = not (parts.username or parts.query or parts.fragment)
        if parts.scheme in {"http", "https"} and parts.hostname and plain and parts.port != 0:
            return parts.geturl().rstrip("/")
    raise ValueError("set it to an address such as https://drone.example.com.")


def token(name: str) -> str:
    """Return a token that can go into a header."""
    word = env.str(name)
    if not re.fullmatch(r"[!-~]+", word):
        raise ValueError("it holds white space, a line end or something that is not ASCII, which no token of Drone has.")
    return word


def credential(name: str) -> str:
    """Return the id or the secret of an OAuth application."""
    word = env.str(name)
    if not re.fullmatch(r"[!-~]+", word):
        raise ValueError("it holds white space, a line end or something that is not ASCII; copy it once more from the provider.")
    return word


def networks(name: str) -> tuple[Network, ...]:
    with suppress(ValueError):  # whose words repeat the value
        return tuple(ip_network(word) for word in words(name))
    raise ValueError("set it to addresses or networks separated by commas, such as 10.0.0.7, 10.1.0.0/16 or fd00::/8.")


def certificates(name: str) -> str:
    path = env.str(name)
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # SSLError is one too
        reason = "holds no certificates in PEM form" if isinstance(error, ssl.SSLError) else f"cannot be read: {error.strerror}"
        raise ValueError(f"the file {reason}.") from None
    return path


def folder(name: str, default: str) -> Path:
    """Return the path of a folder. A relative one starts where the command was started; the default is inside edrone's folder."""
    return Path(os.path.abspath(value(name, env.str, str(BASE_DIR / default))))  # not resolved: a link stays a link


def sqlite(path: Path) -> dict[str, Any]:
    """Return an entry of Django's DATABASES for a file."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}


def database(name: str) -> dict[str, Any]:
    """Return an entry of Django's DATABASES for sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME."""
    with suppress(ValueError):  # of urlsplit and dj_database_url, whose own words help nobody
        address = env.str(name).strip()
        entry = dict(dj_database_url.parse(address)) if urlsplit(address).scheme in DATABASE_SCHEMES else {}
        # sqlite://data/file would be `file` in the current folder; one in memory would be another one for each thread.
        no_file = urlsplit(address).scheme == "sqlite" and (entry["HOST"] or entry["NAME"] == ":memory:")
        if entry.get("NAME") and not no_file:
            return entry
    raise ValueError(
        "set it to sqlite:////path/to/file or postgres://user:password@host:5432/name, "
        "with special characters of the password as %40 for @ and so on."
    )


def drone_database(name: str) -> dict[str, Any]:
    """Return the same for Drone's database. Recognises Drone's own form for MySQL, to say that it is not supported."""
    address = env.str(name)
    if address.startswith(("mysql", "mariadb")) or "@tcp(" in address:
        raise ValueError("edrone reads Drone's database in PostgreSQL and in SQLite; MySQL is not supported yet.")
    return database(name)


def local_address(host: str, port: int) -> str:
    """Return the address under which this machine reaches a server that listens on `host`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
