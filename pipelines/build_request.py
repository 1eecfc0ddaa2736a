"""The build that Drone asks about: the JSON body of its request, read strictly (docs/drone.md 1.8).

The body also carries a live credential of the forge (`token`). Nothing but the fields below ever leaves this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

import msgspec

from pipelines.errors import Malformed

LARGEST_BODY = 1024 * 1024  # bytes
LARGEST_WITH_YAML = 8 * LARGEST_BODY  # bytes of a request that carries the whole YAML, escaped
LARGEST_NUMBER = 2**63 - 1  # Drone's own have 64 bits
Body = TypeVar("Body", bound="BodyJson")
Number = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_NUMBER)]


@dataclass(frozen=True)
class BuildRequest:
    """The fields of Drone's request that edrone uses."""

    namespace: str  # GitLab's may have slashes
    name: str
    event: str  # push, pull_request, tag, cron, custom, promote, rollback; empty when Drone's CLI asks
    ref: str  # refs/heads/…, refs/tags/…, refs/pull/…
    target: str  # the branch built, or the base branch of a pull request; may be empty
    number: int = 0  # 0 when a build is triggered, the build's number when one of its stages starts
    trigger: str = "@hook"  # @hook, @cron, or the login of who started it
    protected: bool = False
    source_repo: str = ""  # full name of the repository that a pull request comes from; empty where the forge does not say
    config_path: str = ".drone.yml"
    repo_id: int = 0  # Drone's
    build_id: int = 0  # likewise; 0 when a build is triggered
    action: str = ""
    after: str = ""  # the commit; empty for pull requests of Gogs
    deploy_to: str = ""  # the target of a promotion or rollback
    parent: int = 0  # number of the build that is restarted or promoted
    created: int = 0  # Unix seconds; 0 where a person asks and there is no build
    author: str = ""  # login, as Drone says it
    sender: str = ""  # likewise
    params: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold secrets

    @property
    def slug(self) -> str:
        return f"{self.namespace}/{self.name}"


class RepoJson(msgspec.Struct):
    """The key `repo`, by Drone's names."""

    namespace: str
    name: str
    slug: str
    protected: bool = False
    config_path: str = ""
    id: Number = 0


class BuildJson(msgspec.Struct):
    """The key `build`, by Drone's names."""

    event: str
    ref: str
    target: str
    number: Number = 0
    trigger: str = ""
    id: Number = 0
    action: str = ""
    after: str = ""
    deploy_to: str = ""
    parent: Number = 0
    created: Number = 0
    author_login: str = ""
    sender: str = ""
    source_repo: str = ""
    params: dict[str, str] = {}  # msgspec gives each its own


class BodyJson(msgspec.Struct):
    """The body; msgspec skips the keys that are not named here."""

    repo: RepoJson
    build: BuildJson


class ConfigJson(msgspec.Struct, frozen=True):
    """The key `config`, by Drone's names."""

    data: str


class BodyWithYaml(BodyJson):
    """The body of requests that carry what Drone has of the YAML so far."""

    config: ConfigJson


class BodyToValidate(BodyJson):
    """The body of a validation: of the YAML only a digest is needed."""

    config: ConfigJson = ConfigJson("")


@dataclass(frozen=True)
class RequestWithYaml:
    """What Drone asks to convert or validate."""

    build: BuildRequest
    text: str  # of the repository's own file, or what another converter, or edrone, made of it


decoder = msgspec.json.Decoder(BodyJson)
decoder_with_yaml = msgspec.json.Decoder(BodyWithYaml)
decoder_to_validate = msgspec.json.Decoder(BodyToValidate)


def parse(body: bytes) -> BuildRequest:
    """Read the body of a request.

    Raises:
        Malformed: naming the field and what should be there.
    """
    refuse_too_large(body, LARGEST_BODY)
    return build_of(decoded(decoder, body))


def parse_conversion(body: bytes) -> RequestWithYaml:
    """Read the body of a request for a conversion; errors as of `parse`."""
    refuse_too_large(body)
    parts = decoded(decoder_with_yaml, body)
    return RequestWithYaml(build_of(parts), parts.config.data)


def parse_validation(body: bytes) -> RequestWithYaml:
    """Read the body of a request for a validation; errors as of `parse`."""
    refuse_too_large(body)
    parts = decoded(decoder_to_validate, body)
    return RequestWithYaml(build_of(parts), parts.config.data)


def refuse_too_large(body: bytes, largest: int = LARGEST_WITH_YAML) -> None:
    if len(body) > largest:
        raise too_large(largest)


def decoded(known: msgspec.json.Decoder[Body], body: bytes) -> Body:
    try:
        return known.decode(body.decode())  # msgspec does not look whether what it skips is UTF-8
    except msgspec.ValidationError as error:
        raise Malformed(in_drones_words(str(error))) from None
    except (ValueError, RecursionError):
        raise Malformed(
            "The body is not JSON in UTF-8, or is nested too deeply; Drone's configuration request is neither."
        ) from None


def build_of(parts: BodyJson) -> BuildRequest:
    repo, build = parts.repo, parts.build
    if repo.slug != f"{repo.namespace}/{repo.name}":
        raise Malformed(
            "repo.slug disagrees with repo.namespace and repo.name; in Drone's requests it is always both joined by /."
        )
    return BuildRequest(
        namespace=repo.namespace,
        name=repo.name,
        event=build.event,
        ref=build.ref,
        target=build.target,
        number=build.number,
        trigger=build.trigger,
        protected=repo.protected,
        config_path=repo.config_path,
        repo_id=repo.id,
        build_id=build.id,
        action=build.action,
        after=build.after,
        deploy_to=build.deploy_to,
        parent=build.parent,
        created=build.created,
        author=build.author_login,
        sender=build.sender,
        source_repo=build.source_repo,
        params=build.params,
    )


def too_large(limit: int = LARGEST_BODY) -> Malformed:
    """Return the error for a body past the limit."""
    most = "Drone's requests have a few thousand" if limit == LARGEST_BODY else "no pipeline needs so much: make the file smaller"
    return Malformed(f"The body is larger than {limit} bytes; {most}.")


def in_drones_words(error: str) -> str:
    """Return the sentence for one of msgspec's, such as "Expected `int`, got `str` - at `$.build.number`"."""
    reason, _, path = error.partition(" - at `$.")
    path = path.rstrip("`")
    if reason.startswith("Object missing"):
        name = reason.split("`")[1]
        return f"{path or 'body'}.{name} must be {'a string' if path else 'an object'}, and is missing."
    if not path:
        return "body must be a JSON object."
    if path.endswith("]"):
        return "build.params must be an object of strings."
    name = path if "." in path else f"body.{path}"
    if ", got " not in reason:
        return f"{name} must be a whole number from 0 to {LARGEST_NUMBER}."
    return f"{name} must be {KINDS[reason.split('`')[1]]}."


KINDS = {"str": "a string", "int": "a whole number", "bool": "true or false", "object": "an object"}
