"""The address that Drone asks whether a build may start: DRONE_VALIDATE_PLUGIN_ENDPOINT (docs/drone.md 7.3).

Drone asks about every build as it is triggered, also of a repository that keeps its own file, and of its own pages and CLI. What
is not answered with 2xx becomes a build with the answer's text as its error, so each refusal is one sentence of plain text.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from builds.drone_db.masking import MASK
from builds.freezes import rule
from builds.freezes.operation_target import operation_target
from builds.freezes.reading import known as known_freezes
from builds.starting.models import AuditRecord
from configs import metrics
from configs.endpoint import signature
from configs.endpoint.answers import LONGEST_OF_A_STAGE, SIGNED, cut, plain
from configs.endpoint.authentication import DroneSignature
from configs.endpoint.drone_server import known
from configs.endpoint.request_log import Fields
from configs.endpoint.views import DroneExtensionView
from configs.records.announcements import Kind, WrongText, claim, record_with_text, wrong_text
from configs.records.recorder import NotDone
from pipelines.build_request import BuildRequest, parse_validation
from pipelines.errors import BuildRefused, ConfigError
from pipelines.resolve.manual_builds import refuse_other_target, refuse_others
from texts.characters import LONGEST_SENTENCE, printable, shortened

FAILED = "edrone failed to look at this build: its log says why. Start the build again."
NEVER_READ = (
    "edrone's own database does not answer, and the freezes in it were not read since edrone started, so no build may start "
    "(EDRONE_VALIDATE_STRICT). Start the build again when it answers."
)
WRONG_TEXT = {
    WrongText.OF_ANOTHER: (
        "Drone gave this build the YAML of another one of the same second, which runs only what failed. Start this one again."
    ),
    WrongText.NOT_ANNOUNCED: (
        "This build is to run only what failed, but Drone gave it another YAML: one that it keeps of conversions, or that of "
        "another build of the same second. Set DRONE_CONVERT_PLUGIN_CACHE_SIZE=0 of the Drone server, and restart what failed "
        "again."
    ),
}
HOW = "Lift the freeze, or override it with a reason, in edrone."
LONGEST = LONGEST_OF_A_STAGE - len(SIGNED)  # bytes: Drone's column holds so much, and a longer one is no build and no reason

T = TypeVar("T")
logger = logging.getLogger("edrone.validate")


class ValidationSignature(DroneSignature):
    extension = signature.VALIDATION


class ValidationView(DroneExtensionView):
    authentication_classes = (ValidationSignature,)
    what_for = (
        "This address is for a Drone server, which POSTs signed requests to it: set DRONE_VALIDATE_PLUGIN_ENDPOINT of the Drone "
        "server to it."
    )

    build: BuildRequest | None = None  # None where it could not be read, or is not Drone's

    def post(self, _: Request) -> HttpResponse:
        """Let the build start, or say why it may not."""
        sent = parse_validation(self.body())
        self.build = build = sent.build
        refuse_others(build, settings.EDRONE_MANUAL_BUILDS_BY, known.login)
        refuse_other_target(build)
        refuse_wrong_text(build, sent.text)
        refuse_frozen(build, sent.text)
        self.log("passed")
        return HttpResponse(status=204)

    def handle_exception(self, exc: Exception) -> Any:
        """Answer whatever is wrong with a sentence: Drone shows it as the build's error."""
        if isinstance(exc, ConfigError):
            self.log("malformed" if exc.outcome not in metrics.VALIDATION_OUTCOMES else exc.outcome, str(exc))
            return refusal(str(exc), 400 if isinstance(exc, BuildRefused) else exc.status)
        if hasattr(exc, "status_code"):
            return super().handle_exception(exc)
        logger.error("The validation of a build failed", exc_info=exc)
        self.log("failed")
        return refusal(FAILED, 500)

    def log(self, outcome: str, reason: str = "") -> None:
        fields = Fields(outcome=outcome)
        if self.build:
            fields.update(repo=shortened(self.build.slug), event=shortened(self.build.event), ref=shortened(self.build.ref))
        if reason:
            fields["reason"] = shortened(reason, LONGEST_SENTENCE)
        logger.log(logging.INFO if outcome == "passed" else logging.WARNING, fields)
        if settings.EDRONE_METRICS:
            metrics.count_validation(outcome)


def refuse_wrong_text(build: BuildRequest, text: str) -> None:
    """Refuse a restart of only what failed with another text, and another build with its text.

    That may be a push or a schedule too, whose restart it is.

    Raises:
        BuildRefused: saying what to do.
    """
    now = timezone.now()
    if wrong := asked(build, "has the text of another build", lambda: wrong_text(build, text, now)):
        raise BuildRefused(WRONG_TEXT[wrong])


def refusal(text: str, status: int) -> HttpResponse:
    return plain(f"{SIGNED}{cut(printable(text), LONGEST)}", status)


def refuse_frozen(build: BuildRequest, text: str) -> None:
    """Refuse a build that a freeze covers, unless edrone has announced that it overrides it.

    Raises:
        BuildRefused: saying until when, why, and by whom.
    """
    freezes = known_freezes.read()
    if freezes is None and settings.EDRONE_VALIDATE_STRICT:
        raise BuildRefused(NEVER_READ)
    if not freezes:
        return
    start = rule.start_of(build, target_of(build, text))
    freeze = rule.covering(freezes, start, timezone.now())
    if freeze and not overridden(build):
        raise BuildRefused(f"{cut(printable(str(rule.sentence(freeze, start))), LONGEST - len(HOW) - 1)} {HOW}")


def target_of(build: BuildRequest, text: str) -> str | None:
    """Return the target of a build's operation, as `operation_target`.

    A restart of only what failed has a text of before, of which today's tree may say nothing: its audit record comes first.
    """
    if build.event != "custom" or not build.action:
        return ""
    target = asked(build, "is a restart of only what failed", lambda: target_announced(build, text))
    return target or operation_target(build)


def target_announced(build: BuildRequest, text: str) -> str:
    """Return the target that the audit record of a restart of only what failed names; empty for all other builds."""
    record = record_with_text(build, text)
    known_targets = AuditRecord.objects.exclude(target=MASK).values_list("target", flat=True)
    return known_targets.filter(pk=record).first() or "" if record else ""


def overridden(build: BuildRequest) -> bool:
    """Claim the announcement of an override; while it cannot be read, there is none."""
    now = timezone.now()
    return asked(build, "overrides a freeze", lambda: claim(Kind.OVERRIDE, build, now)) is not None


def asked(build: BuildRequest, what: str, question: Callable[[], T | None]) -> T | None:
    """Ask edrone's own database about a build; None also where it does not answer, which the log says."""
    try:
        return known_freezes.ask(question)
    except NotDone as error:
        logger.warning("Whether %s %s is not known: %s", shortened(build.slug), what, error)
        return None
