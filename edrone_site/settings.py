"""Django's settings. What differs between installations comes from environment variables."""

import logging
from contextlib import suppress

from django.core.exceptions import ImproperlyConfigured
from pythonjsonlogger.core import RESERVED_ATTRS

from builds.drone_db.backends.config import SECONDS_KEPT, read_only
from edrone_site import __version__
from edrone_site.environment import (
    BASE_DIR,
    Network,
    between,
    certificates,
    credential,
    database,
    drone_database,
    env,
    folder,
    hosts,
    local_address,
    namespaces,
    networks,
    one_of,
    secrets,
    server,
    sqlite,
    token,
    truth,
    value,
    words,
)
from edrone_site.sign_in import FORGES, configured, need_a_way_in, openid
from pipelines.build_request import LARGEST_BODY

# What differs between installations: environment variables, read here and nowhere else (docs/settings.md).
SECRET_KEY = value("SECRET_KEY", env.str, "")  # empty: enough for commands that only read the tree
ALLOWED_HOSTS = value("ALLOWED_HOSTS", hosts, ["localhost", "127.0.0.1", "[::1]"])  # in the addresses that browsers open
HOST = value("HOST", env.str, "127.0.0.1").strip("[]")
PORT = value("PORT", between(1, 65535), 8000)
DRONE_SERVER = value("DRONE_SERVER", server, "")  # an address without a slash at the end
DRONE_TOKEN = value("DRONE_TOKEN", token, "")
DRONE_CA_FILE = value("DRONE_CA_FILE", certificates, "")  # PEM; empty: the certificates that the system trusts
DRONE_YAML_SECRETS = value("DRONE_YAML_SECRET", secrets, tuple[str, ...]())  # any of them may have signed Drone's request
EDRONE_EVENTS_SECRETS = value("EDRONE_EVENTS_SECRET", secrets, tuple[str, ...]())  # likewise, its events; empty: none are taken
EDRONE_SIGN = value("EDRONE_SIGN", truth, False)  # let Drone sign what protected repositories are served
EDRONE_STATE = folder("EDRONE_STATE", "var")  # everything that edrone writes while it runs
EDRONE_PROJECTS = folder("EDRONE_PROJECTS", "projects")  # the tree
EDRONE_NAMESPACES = frozenset(value("EDRONE_NAMESPACES", namespaces, list[str]()))  # may use a plain folder; empty: all
EDRONE_MANUAL_BUILDS_BY = frozenset(value("EDRONE_MANUAL_BUILDS_BY", words, list[str]()))  # Drone's logins; empty: anybody
EDRONE_VALIDATE_STRICT = value("EDRONE_VALIDATE_STRICT", truth, False)  # refuse builds while freezes were never read
EDRONE_SHOW_ERRORS = value("EDRONE_SHOW_ERRORS", one_of("build", "http"), "build")
EDRONE_DATE_TOLERANCE = value("EDRONE_DATE_TOLERANCE", between(1, 86_400), 300)  # seconds between Drone's clock and edrone's
EDRONE_ALLOW_UNSIGNED = value("EDRONE_ALLOW_UNSIGNED", truth, False)
EDRONE_WORKERS = value("EDRONE_WORKERS", between(1, 64), 2)  # processes
EDRONE_THREADS = value("EDRONE_THREADS", between(2, 1024), 128)  # of one process, at most
EDRONE_DATABASE_CONNECTIONS = value("EDRONE_DATABASE_CONNECTIONS", between(2, 100), 8)  # a process and database, at most
EDRONE_NOTICES = value("EDRONE_NOTICES", truth, True)  # `serve` sends notices too; else `sendnotices` runs elsewhere
EDRONE_METRICS = value("EDRONE_METRICS", truth, True)
EDRONE_METRICS_PORT = value("EDRONE_METRICS_PORT", between(1, 65535), 0)  # 0: /metrics is on PORT
EDRONE_LOG_FORMAT = value("EDRONE_LOG_FORMAT", one_of("text", "json"), "text")
EDRONE_HSTS = value("EDRONE_HSTS", between(0, 63_072_000), 0)  # seconds for which browsers use https only; 0: not sent
EDRONE_DEMO = value("EDRONE_DEMO", truth, False)  # sample builds in place of Drone's database
STATE_DATABASE = sqlite(EDRONE_STATE / "edrone.sqlite3")
DATABASE = value("DATABASE_URL", database, STATE_DATABASE)
DATABASE_IN_STATE = DATABASE["NAME"] == STATE_DATABASE["NAME"]  # the one that nobody names
DRONE_DATABASE = value("DRONE_DATABASE_URL", drone_database, None)  # None: not connected
if EDRONE_DEMO and DRONE_DATABASE:
    raise ImproperlyConfigured("EDRONE_DEMO cannot be used: DRONE_DATABASE_URL names a real database; unset one of the two.")
EDRONE_DEMO_FILE = EDRONE_STATE / "demo.sqlite3"
if EDRONE_DEMO:
    DRONE_DATABASE = sqlite(EDRONE_DEMO_FILE)

# How people sign in (docs/signing-in.md): a provider whose client id is set, a proxy, passwords.
SIGN_IN = {
    known.id: known
    for known in (
        configured(
            FORGES["github"],
            value("EDRONE_GITHUB_CLIENT_ID", credential, ""),
            value("EDRONE_GITHUB_CLIENT_SECRET", credential, ""),
            value("EDRONE_GITHUB_SERVER", server, ""),
        ),
        configured(
            FORGES["gitlab"],
            value("EDRONE_GITLAB_CLIENT_ID", credential, ""),
            value("EDRONE_GITLAB_CLIENT_SECRET", credential, ""),
            value("EDRONE_GITLAB_SERVER", server, ""),
        ),
        configured(
            FORGES["gitea"],
            value("EDRONE_GITEA_CLIENT_ID", credential, ""),
            value("EDRONE_GITEA_CLIENT_SECRET", credential, ""),
            value("EDRONE_GITEA_SERVER", server, ""),
        ),
        configured(
            openid(value("EDRONE_OIDC_NAME", env.str, ""), value("EDRONE_OIDC_GROUPS_CLAIM", env.str, "")),
            value("EDRONE_OIDC_CLIENT_ID", credential, ""),
            value("EDRONE_OIDC_CLIENT_SECRET", credential, ""),
            value("EDRONE_OIDC_ISSUER", server, ""),
        ),
    )
    if known
}
# Their header Remote-User says who somebody is.
EDRONE_TRUSTED_PROXIES: tuple[Network, ...] = value("EDRONE_TRUSTED_PROXIES", networks, tuple[Network, ...]())
EDRONE_PASSWORDS = value("EDRONE_PASSWORDS", truth, True)
need_a_way_in(EDRONE_PASSWORDS, SIGN_IN, EDRONE_TRUSTED_PROXIES)

# What Drone says of people counts here, too, if they sign in with the forge that Drone uses (docs/people.md).
EDRONE_GRANTS_FROM_DRONE = value("EDRONE_GRANTS_FROM_DRONE", truth, False)
EDRONE_DRONE_FORGE = value("EDRONE_DRONE_FORGE", one_of("github", "gitlab", "gitea"), "")
EDRONE_PERMS_MAX_AGE = value("EDRONE_PERMS_MAX_AGE", between(1, 3650), 7)  # days
if EDRONE_GRANTS_FROM_DRONE and not EDRONE_DRONE_FORGE:
    raise ImproperlyConfigured(
        "EDRONE_DRONE_FORGE is not set, but EDRONE_GRANTS_FROM_DRONE is: set it to the forge that Drone uses "
        "(github, gitlab or gitea)."
    )

EDRONE_VERSION = __version__
RECORD_PREFIX = "demonstration, " if EDRONE_DEMO else ""  # by which records of a demonstration are known, to forget them
EDRONE_ADDRESS = local_address(HOST, PORT)

# No variable turns this on: Django's debug pages would show cookies, tokens and parameters of builds to anybody.
DEBUG = False
ROOT_URLCONF = "edrone_site.urls"
WSGI_APPLICATION = "edrone_site.wsgi.application"
DATA_UPLOAD_MAX_MEMORY_SIZE = LARGEST_BODY
FILE_UPLOAD_HANDLERS: list[str] = []  # no address takes a file, so none is ever written
APPEND_SLASH = False  # Drone never follows a redirect; the admin adds its own slashes

INSTALLED_APPS = [
    "allauth.account",  # needed by the next one; none of its pages is reachable
    "allauth.socialaccount",  # before builds, which takes away its pages of the administration
    "django_tasks_db",  # the queue of notices; likewise
    "web",  # before the administration, whose templates it extends
    "builds",
    "edrone_site.apps.Administration",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular_sidecar",  # the files of Swagger UI
    "configs",
    "edrone_site",
]

# CommonMiddleware is left out: it refuses hosts that ALLOWED_HOSTS does not name, and neither Drone nor a probe of
# Kubernetes (which asks by address) should have to be named there. Pages check the host where they build addresses.
MIDDLEWARE = [
    "edrone_site.middleware.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "builds.signing_in.proxy.remote_user",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "builds.middleware.DroneAway",
]

LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"
# A session ends with the way by which it began: without passwords theirs are nobody's any more.
AUTHENTICATION_BACKENDS = [
    *(["django.contrib.auth.backends.ModelBackend"] if EDRONE_PASSWORDS else []),
    *(["builds.signing_in.backend.ElsewhereBackend"] if SIGN_IN or EDRONE_TRUSTED_PROXIES else []),
]
SOCIALACCOUNT_ADAPTER = "builds.signing_in.requests_out.Adapter"
CSRF_FAILURE_VIEW = "web.error_pages.form_refused"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": sorted((BASE_DIR / "builds").glob("*/templates")),  # each subject has its own
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Half of the connections to edrone's own database, at most four, are for recording: pages never keep it waiting.
RECORDING_CONNECTIONS = min(EDRONE_DATABASE_CONNECTIONS // 2, 4)
DATABASES = {
    "default": DATABASE | {"MOST_CONNECTIONS": EDRONE_DATABASE_CONNECTIONS - RECORDING_CONNECTIONS},
    "drone": read_only(DRONE_DATABASE) | {"MOST_CONNECTIONS": EDRONE_DATABASE_CONNECTIONS},
}
DATABASE_ROUTERS = ["builds.drone_db.router.DroneRouter"]
with suppress(OSError):  # commands that only read the tree also run where nothing can be written
    EDRONE_STATE.mkdir(parents=True, exist_ok=True)
# Why these: docs/decisions.md. What the address itself says counts more.
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    # A database that does not answer must not hold a request for minutes.
    WAITS = {"connect_timeout": 2, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}  # seconds
    DATABASES["default"]["OPTIONS"] = WAITS | {"tcp_user_timeout": 10_000} | DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"]["ENGINE"] = "configs.database.postgresql"
else:
    # Who reads never waits for who writes; who will write takes its turn at once; a commit survives the end of a process.
    PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=4000; PRAGMA cache_size=-1000"
    ONE_WRITER = {"init_command": PRAGMAS, "transaction_mode": "IMMEDIATE", "timeout": 5}  # seconds
    DATABASES["default"]["OPTIONS"] = ONE_WRITER | DATABASES["default"].get("OPTIONS", {})
    DATABASES["default"] |= {"ENGINE": "configs.database.sqlite3", "CONN_MAX_AGE": SECONDS_KEPT, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A proxy in front ends TLS and says so. Who reaches edrone past it can say so too, of their own requests only, and gains
# nothing: logins and forms of others are not changed by it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if EDRONE_HSTS:
    SECURE_HSTS_SECONDS = EDRONE_HSTS
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    # Drone follows no redirect, probes and scrapes ask by http inside a cluster: only pages for people are redirected.
    SECURE_REDIRECT_EXEMPT = [r"^(?!(admin(/|$)|$))"]
# Whether all subdomains are on https, and on the browsers' own list, is not for one service to say.
# What EDRONE_HSTS sets together (W004, W008, W012, W016) edrone's own check asks for.
SILENCED_SYSTEM_CHECKS = [f"security.W{number}" for number in ("004", "005", "008", "012", "016", "021")]

AUTH_PASSWORD_VALIDATORS = [
    *(
        {"NAME": f"django.contrib.auth.password_validation.{name}"}
        for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
    ),
    {"NAME": "builds.access.token_endings.EndsTokens"},  # validates nothing: Django calls validators after a change
]

# Pages speak the language that the reader chose on them, or the browser asks for. The compiled texts are in the repository.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "中文")]
LOCALE_PATHS = [BASE_DIR / "web" / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_TZ = True

# What is done later, by `manage.py sendnotices`: notices.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["notices"]}}

# The files of the admin's pages are served by WhiteNoise straight from the installed packages: no collecting step.
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}

# The lines name no threads and processes; not looking these up for every line makes them cheaper.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": ["levelname", "name", "message"],
            "rename_fields": {"levelname": "level", "name": "logger"},
            "timestamp": True,
            "json_ensure_ascii": False,
            # Django hands over the request, whose form as text has the query in it, and that may hold a token.
            "reserved_attrs": [*RESERVED_ATTRS, "request"],
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": EDRONE_LOG_FORMAT, "filters": ["refusals"]}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Django would mail errors to administrators, with the request's headers in them.
    # The parameters of builds are in urllib3's lines: in its warnings as well, whole addresses with whatever was in the query.
    "filters": {"refusals": {"()": "edrone_site.log_filters.RefusalsInOneLine"}},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "urllib3": {"level": "ERROR"},
    },
}
