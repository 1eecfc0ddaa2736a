"""The process that sends notices beside the server: `manage.py sendnotices`."""

import os
import subprocess
import sys
from contextlib import AbstractContextManager

from django.conf import settings

from edrone_site.kept_process import kept_running


def sending_notices() -> AbstractContextManager[None]:
    """Run it until the block ends. It ends by itself where this process is killed."""
    return kept_running("The notices worker", start)


def start() -> "subprocess.Popen[bytes]":
    # The same folder, where relative paths of the settings begin.
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "sendnotices", "--parent", str(os.getpid())]
    return subprocess.Popen(command, process_group=0)  # noqa: S603 - no shell, nothing of a request
