"""The site's settings as tests use them: nothing comes from the environment of whoever runs the tests."""

import atexit
import os
import shutil
import tempfile

for name in [name for name in os.environ if name.startswith(("EDRONE_", "DRONE_"))]:
    del os.environ[name]
for name in ("DATABASE_URL", "ALLOWED_HOSTS", "HOST", "PORT"):
    os.environ.pop(name, None)
os.environ["SECRET_KEY"] = "tests-" * 8
os.environ["DRONE_YAML_SECRET"] = "bea26a2221fd8090ea38720fc445eca6"  # the one of tests/recorded
os.environ["EDRONE_STATE"] = tempfile.mkdtemp(prefix="edrone-tests-")
atexit.register(shutil.rmtree, os.environ["EDRONE_STATE"], ignore_errors=True)

from edrone_site.settings import *  # noqa: E402, F403
from edrone_site.settings import DATABASES, EDRONE_STATE  # noqa: E402

# A file and not memory: the thread that records has a connection of its own.
DATABASES["default"]["TEST"] = {"NAME": str(EDRONE_STATE / "test.sqlite3")}
# Logins are not what most tests are about, and the real hashes take a tenth of a second each.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Each test's client has middleware of its own, and looking for all static files at its start takes most of a page's time.
WHITENOISE_AUTOREFRESH = True
