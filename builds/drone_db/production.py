"""Which targets are production: their pages and confirmations look unlike those of others (docs/deployments.md)."""

import re

NAMES = frozenset({"production", "prod", "prd", "live"})
NOT_YET = frozenset({"pre", "non", "not", "no"})  # pre-production, non-prod
WORD = re.compile(r"[^\W_]+")


def is_production(target: str) -> bool:
    """Return whether a word of the name says so: `production`, `eu-prod`, `LIVE`; but not `pre-production` or `delivery`."""
    words = WORD.findall(target.casefold()[:500])
    return not NAMES.isdisjoint(words) and NOT_YET.isdisjoint(words)
