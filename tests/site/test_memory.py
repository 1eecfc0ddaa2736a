"""What a server process does not import: it would keep the memory for good."""

import subprocess
import sys

from tests.server import ROOT, clean_environment

NOT_HERE = ("apprise", "cryptography", "builds.notices.sender")


def test_a_server_process_imports_nothing_that_only_sends_notices():
    program = f"import edrone_site.wsgi, sys; print([name for name in {NOT_HERE} if name in sys.modules])"
    environment = clean_environment(SECRET_KEY="k" * 40, EDRONE_ALLOW_UNSIGNED="true")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr
