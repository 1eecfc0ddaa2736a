"""Which requests of Drone are about the same build. Pure: nothing is read or written here.

Drone asks when a build is triggered, with number 0, and may ask again when one of its stages starts, with the real number
(docs/drone.md 1.5, 1.6, 1.8). Nothing in the first request names the build of the second.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import msgspec

from texts.characters import storable

WINDOW = 180  # seconds between the two times at which Drone reads the clock for one build
LONGEST = 500  # characters of a name that are kept, as in Drone's own tables


@dataclass(frozen=True)
class BuildKey:
    """What identifies a build, as Drone's request and its table of builds both have it."""

    repo_id: int  # Drone's
    build_id: int  # Drone's; 0 while the build is being triggered
    number: int  # likewise
    event: str
    action: str
    ref: str
    after: str  # the commit; empty for pull requests of Gogs
    target: str
    deploy_to: str
    parent: int  # number of the build that was restarted or promoted; 0 for none
    trigger: str  # @hook, @cron, or a login
    created: int  # Unix seconds; 0 where a person asks and there is no build
    params: Mapping[str, str] = field(default_factory=dict)  # may hold secrets: only ever kept as part of a digest
    conversion: bool = False  # what is asked about is the conversion of its own file, which has a record of its own
    own_file: str = ""  # digest of the text to convert; empty where it is not known, as in Drone's table
    got_error: bool = False  # edrone answered it with an error, as Drone's table tells: what others were served it was not


@dataclass(frozen=True)
class BuildDigests:
    """The identity of a build as digests, which reveal nothing about its parameters."""

    identity: UUID  # of everything
    without_created: UUID  # of everything but the time
    cache_key: UUID  # of what is in the key of Drone's own cache, but the time


def digests_of(key: BuildKey, secret: str) -> BuildDigests:
    """Digest what identifies a build; the secret keeps others from finding parameters by trying."""
    cached = [key.repo_id, key.event, key.action, key.ref, key.after, *(["conversion"] if key.conversion else [])]
    params = {str(name): str(value) for name, value in key.params.items()}
    everything = [*cached, key.target, key.deploy_to, key.parent, key.trigger, params]
    keyed = hashlib.sha256(secret.encode()).digest()
    time_and_text = [key.created, *([key.own_file] if key.own_file else [])]
    return BuildDigests(digest([*everything, *time_and_text], keyed), digest(everything, keyed), digest(cached, b""))


def digest(value: object, key: bytes) -> UUID:
    """Digest a value in its canonical form."""
    return UUID(bytes=hashlib.blake2b(msgspec.json.encode(value, order="sorted"), key=key, digest_size=16).digest())


def shown(name: str) -> str:
    """Make a name fit for a column of PostgreSQL; names that Drone itself can store stay as they are."""
    return storable(name)[:LONGEST]


class RecordedBuild(Protocol):
    """The build that a record belongs to, by the names of the columns."""

    repo_id: int
    build_id: int | None  # None as long as it is not known which build it was
    event: str
    ref: str
    after: str
    created: int
    conversion: bool


def is_of(record: RecordedBuild, key: BuildKey) -> bool:
    """Return whether a record is bound to the build. Numbers prove nothing: a Drone that was set up anew counts from 1 again."""
    return (
        bool(key.build_id)
        and (record.repo_id, record.build_id) == (key.repo_id, key.build_id)
        and record.conversion == key.conversion
        and (record.event, record.ref, record.after) == (shown(key.event), shown(key.ref), shown(key.after))
        and 0 <= key.created - record.created <= WINDOW
    )
