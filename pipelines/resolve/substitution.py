"""Which parameters of a build would a runner put into the YAML in a form that changes its structure? Pure.

Runners replace `${NAME}` in the raw text of the YAML, before it is parsed, and parameters of a build count more than what
Drone sets (docs/drone.md 3.3). So a value with a line end could add keys and steps to a pipeline that writes
`${NAME}`; as an environment variable of a command, `"$NAME"`, it is harmless.
"""

import re
from collections.abc import Mapping

LINE_ENDS = re.compile("[\n\r\x85\u2028\u2029]")
# An even number of $ before it says that it is none: `$${NAME}` is for the shell.
USED = re.compile(r"(?<!\$)(?:\$\$)*\$\{#?([A-Za-z0-9_]+)")


def breaking(yaml: str, params: Mapping[str, str]) -> list[str]:
    """Name the parameters that have a line end in their value and are put into the text of the YAML."""
    several = [name for name, value in params.items() if LINE_ENDS.search(value)]
    used = set(USED.findall(yaml)) if several else set()
    return [name for name in several if name in used]
