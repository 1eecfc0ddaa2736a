"""Signatures of YAML as Drone makes and checks them (docs/drone.md 7.4)."""

import hashlib
import hmac
import re

from demo.standin.pipelines import LONGEST_LINE

KIND = re.compile(r"^kind: *signature\s*$", re.MULTILINE)
HMAC = re.compile(r"^hmac: *[\"']?(\w+)", re.MULTILINE)


def documents(text: str) -> list[str]:
    """Split a text as Drone's parser does: by lines, without the separators, up to a line that it cannot read."""
    parts = [""]
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("...") or len(line.encode()) > LONGEST_LINE:
            break
        if line.startswith("---"):
            parts.append("")
        else:
            parts[-1] += line.removesuffix("\r") + "\n"
    return parts if parts[0] else parts[1:]


def signature(text: str, key: str) -> str:
    signed = "".join(part for part in documents(text) if not KIND.search(part))
    return hmac.new(key.encode(), signed.encode(), hashlib.sha256).hexdigest()


def is_signed(text: str, key: str) -> bool:
    """Return whether the first signature in a text is right."""
    first = next((match[1] for part in documents(text) if KIND.search(part) and (match := HMAC.search(part))), "")
    return hmac.compare_digest(first.lower(), signature(text, key))
