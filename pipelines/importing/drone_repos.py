"""What Drone's database says of the repositories, found by the address of a clone."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class DroneRepo:
    namespace: str
    name: str
    config_path: str  # of the file that Drone reads
    trusted: bool  # may use host volumes and privileges
    protected: bool  # its builds wait for approval where the YAML is not signed

    @property
    def slug(self) -> str:
        return f"{self.namespace}/{self.name}"


class DroneRepos:
    def __init__(self, repos: Iterable[DroneRepo]) -> None:
        self.by_slug: dict[str, DroneRepo] = {}
        self.by_letters: dict[str, list[DroneRepo]] = {}
        for repo in repos:
            self.by_slug[repo.slug] = repo
            self.by_letters.setdefault(repo.slug.casefold(), []).append(repo)

    def find(self, slug: str) -> DroneRepo | None:
        """Return the repository of a slug; also one written in other letters, as forges take addresses, if there is only one."""
        alike = self.by_letters.get(slug.casefold(), [])
        return self.by_slug.get(slug) or (alike[0] if len(alike) == 1 else None)
