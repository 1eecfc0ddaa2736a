"""Which repositories that Drone does not trust get what only a trusted one may have. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from pipelines.check.findings import Finding
from pipelines.check.reach import build
from pipelines.check.trust import TRUST
from pipelines.lookup.candidates import homes
from pipelines.lookup.serving_files import ServingFiles
from pipelines.tree.listing import stem_of

Trusted = Mapping[str, bool]  # by the slug of each repository that Drone builds
MOST_NAMED = 3
NOT_TRUSTED = " Not trusted: "  # begins the end of a message that names repositories


def recipients(slugs: Iterable[str], stems: Iterable[str], namespaces: Collection[str]) -> Mapping[str, list[str]]:
    """Return by each file, named without its ending, the repositories of which a build, or an operation, gets it."""
    serving = ServingFiles(stems)
    served: dict[str, list[str]] = defaultdict(list)
    for slug in sorted(slugs):
        namespace, _, name = slug.rpartition("/")
        for stem in serving.of(homes(build(namespace, name, ""), namespaces)):
            served[stem].append(slug)
    return served


def by_trust(
    found: Mapping[Finding, list[str]], trusted: Trusted, stems: Collection[str], namespaces: Collection[str]
) -> tuple[dict[Finding, list[str]], dict[Finding, list[str]]]:
    """Part what may need trust by what Drone knows of the repositories that get it.

    Args:
        found: with the paths of the files that serve each.
        trusted: what Drone knows.
        stems: of all files of the tree.
        namespaces: as of `candidates`.

    Returns:
        What runners will refuse, with the names of repositories; and what Drone knows nothing of, or is about something else.
    """
    served = recipients(trusted, stems, namespaces)
    refused: dict[Finding, list[str]] = {}
    rest: dict[Finding, list[str]] = {}
    for finding, paths in found.items():
        if finding.id != TRUST.id:
            rest[finding] = paths
            continue
        of_paths = [served.get(stem_of(path), []) for path in paths]
        slugs = {slug for slugs in of_paths for slug in slugs if not trusted[slug]}
        if slugs:
            refused[naming(finding, slugs)] = paths
        elif not all(of_paths):
            rest[finding] = paths
    return refused, rest


def by_trust_in(slug: str, found: Collection[Finding], trusted: Trusted) -> tuple[list[Finding], list[Finding]]:
    """Part the same of one repository's own file."""
    if slug not in trusted:
        return [], [*found]
    refused = [naming(finding, [slug]) for finding in found if finding.id == TRUST.id and not trusted[slug]]
    return refused, [finding for finding in found if finding.id != TRUST.id]


def naming(finding: Finding, slugs: Collection[str]) -> Finding:
    """Add to a finding which repositories Drone does not trust."""
    names = ", ".join(sorted(slugs)[:MOST_NAMED])
    more = f" and {len(slugs) - MOST_NAMED:,} more" if len(slugs) > MOST_NAMED else ""
    return finding._replace(message=f"{finding.message}{NOT_TRUSTED}{names}{more}.")
