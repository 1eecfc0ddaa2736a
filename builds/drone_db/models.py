"""Drone's tables, as docs/drone.md 5.2 has them: only the columns that may be shown.

Users and their permissions are in people.py. Left out on purpose: the tables of secrets, templates and nodes, the repository's
keys (repo_signer, repo_secret), and builds.build_config_id, which Drone never writes. Fields have the names of Drone's API
(docs/drone.md 4.5).
Times are Unix seconds, 0 where it has not happened; beside each is an aware datetime with `_at`.
"""

from functools import cached_property
from typing import Any

from django.db import connections, models, router
from django.db.models import DO_NOTHING, CompositePrimaryKey, ForeignKey, OneToOneField

from builds.drone_db import catalogue
from builds.drone_db.fields import Bytes, JsonOfTexts, Moment, String, Truth, Whole, whole
from builds.drone_db.vocabulary import Event, LatestType, Status, Visibility


class DroneModel(models.Model):
    """A table that Drone writes and edrone only reads."""

    class Meta:
        abstract = True
        managed = False
        default_permissions = ()


class DroneForeignKey(ForeignKey[Any, Any]):
    """The id of a row that may be missing: Drone deletes repositories and leaves their builds."""

    def __init__(self, to: Any, on_delete: Any = DO_NOTHING, **options: Any) -> None:
        super().__init__(to, on_delete, **{"db_constraint": False} | options)

    def from_db_value(self, value: Any, *_: Any) -> int:
        """Read NULL and anything but a number as 0, which is no row's id."""
        if type(value) is int:
            return value
        try:
            return whole(value)
        except (ValueError, TypeError, OverflowError):
            return 0


class Repo(DroneModel):
    """A repository that Drone knows; only an active one has builds by hooks."""

    id = Whole(primary_key=True, db_column="repo_id")
    uid = String(db_column="repo_uid", unique=True)  # the forge's id
    user_id = Whole(db_column="repo_user_id")  # the owner; 0: never enabled
    namespace = String(db_column="repo_namespace")
    name = String(db_column="repo_name")
    slug = String(db_column="repo_slug")
    scm = String(db_column="repo_scm")
    git_http_url = String(db_column="repo_clone_url")
    git_ssh_url = String(db_column="repo_ssh_url")
    link = String(db_column="repo_html_url")
    default_branch = String(db_column="repo_branch")
    private = Truth(db_column="repo_private")
    visibility = String(db_column="repo_visibility", choices=Visibility)
    active = Truth(db_column="repo_active")
    config_path = String(db_column="repo_config")
    trusted = Truth(db_column="repo_trusted")
    protected = Truth(db_column="repo_protected")
    ignore_forks = Truth(db_column="repo_no_forks")
    ignore_pull_requests = Truth(db_column="repo_no_pulls")
    auto_cancel_pull_requests = Truth(db_column="repo_cancel_pulls")
    auto_cancel_pushes = Truth(db_column="repo_cancel_push")
    auto_cancel_running = Truth(db_column="repo_cancel_running")
    timeout = Whole(db_column="repo_timeout")  # minutes
    throttle = Whole(db_column="repo_throttle")
    counter = Whole(db_column="repo_counter")  # the last number given; a build of it need not be there
    synced = Whole(db_column="repo_synced")
    created = Whole(db_column="repo_created")
    updated = Whole(db_column="repo_updated")
    version = Whole(db_column="repo_version")
    synced_at, created_at, updated_at = Moment("synced"), Moment("created"), Moment("updated")

    class Meta(DroneModel.Meta):
        db_table = "repos"

    def __str__(self) -> str:
        return self.slug


class Build(DroneModel):
    """A build; its number counts within its repository, with gaps."""

    id = Whole(primary_key=True, db_column="build_id")
    repo = DroneForeignKey(Repo, db_column="build_repo_id", related_name="builds")
    trigger = String(db_column="build_trigger")  # @hook, @cron or a login; empty where the status is error
    number = Whole(db_column="build_number")
    parent = Whole(db_column="build_parent")  # number of the restarted or promoted build
    status = String(db_column="build_status", choices=Status)
    error = String(db_column="build_error")
    event = String(db_column="build_event", choices=Event)
    action = String(db_column="build_action")
    link = String(db_column="build_link")
    timestamp = Whole(db_column="build_timestamp")  # always 0
    title = String(db_column="build_title")
    message = String(db_column="build_message")
    before = String(db_column="build_before")
    after = String(db_column="build_after")  # the commit
    ref = String(db_column="build_ref")
    source_repo = String(db_column="build_source_repo")
    source = String(db_column="build_source")
    target = String(db_column="build_target")  # the branch that is built; of a pull request its base
    author_login = String(db_column="build_author")
    author_name = String(db_column="build_author_name")
    author_email = String(db_column="build_author_email")
    author_avatar = String(db_column="build_author_avatar")
    sender = String(db_column="build_sender")
    params = JsonOfTexts(db_column="build_params", default=dict)
    cron = String(db_column="build_cron")
    deploy_to = String(db_column="build_deploy")
    deploy_id = Whole(db_column="build_deploy_id")
    debug = Truth(db_column="build_debug")
    started = Whole(db_column="build_started")
    finished = Whole(db_column="build_finished")
    created = Whole(db_column="build_created")
    updated = Whole(db_column="build_updated")
    version = Whole(db_column="build_version")
    started_at, finished_at = Moment("started"), Moment("finished")
    created_at, updated_at = Moment("created"), Moment("updated")

    class Meta(DroneModel.Meta):
        db_table = "builds"

    def __str__(self) -> str:
        return f"#{self.number}"

    @cached_property
    def stages_in_order(self) -> list["Stage"]:
        """The stages by number; `with_stages` has read them already."""
        return list(self.stages.order_by("number"))


class Stage(DroneModel):
    """A pipeline of a build that a runner takes; numbers count from 1 within the build."""

    id = Whole(primary_key=True, db_column="stage_id")
    repo = DroneForeignKey(Repo, db_column="stage_repo_id", related_name="+")
    build = DroneForeignKey(Build, db_column="stage_build_id", related_name="stages")
    number = Whole(db_column="stage_number")
    name = String(db_column="stage_name")
    kind = String(db_column="stage_kind")
    type = String(db_column="stage_type")
    status = String(db_column="stage_status", choices=Status)
    error = String(db_column="stage_error")
    errignore = Truth(db_column="stage_errignore")
    exit_code = Whole(db_column="stage_exit_code")
    machine = String(db_column="stage_machine")
    os = String(db_column="stage_os")
    arch = String(db_column="stage_arch")
    variant = String(db_column="stage_variant")
    kernel = String(db_column="stage_kernel")
    limit = Whole(db_column="stage_limit")
    throttle = Whole(db_column="stage_limit_repo")
    started = Whole(db_column="stage_started")
    stopped = Whole(db_column="stage_stopped")
    created = Whole(db_column="stage_created")
    updated = Whole(db_column="stage_updated")
    version = Whole(db_column="stage_version")
    on_success = Truth(db_column="stage_on_success")
    on_failure = Truth(db_column="stage_on_failure")
    depends_on = JsonOfTexts(db_column="stage_depends_on", default=list)
    labels = JsonOfTexts(db_column="stage_labels", default=dict)
    started_at, stopped_at = Moment("started"), Moment("stopped")
    created_at, updated_at = Moment("created"), Moment("updated")

    class Meta(DroneModel.Meta):
        db_table = "stages"

    def __str__(self) -> str:
        return self.name

    @cached_property
    def steps_in_order(self) -> list["Step"]:
        """The steps by number; `with_stages` has read them already."""
        return list(self.steps.order_by("number"))


class Step(DroneModel):
    """A step of a stage; it is there once a runner has started the stage."""

    id = Whole(primary_key=True, db_column="step_id")
    stage = DroneForeignKey(Stage, db_column="step_stage_id", related_name="steps")
    number = Whole(db_column="step_number")
    name = String(db_column="step_name")
    status = String(db_column="step_status", choices=Status)
    error = String(db_column="step_error")
    errignore = Truth(db_column="step_errignore")
    exit_code = Whole(db_column="step_exit_code")
    started = Whole(db_column="step_started")
    stopped = Whole(db_column="step_stopped")
    version = Whole(db_column="step_version")
    depends_on = JsonOfTexts(db_column="step_depends_on", default=list)
    image = String(db_column="step_image")
    detached = Truth(db_column="step_detached")
    schema = String(db_column="step_schema")
    started_at, stopped_at = Moment("started"), Moment("stopped")

    class Meta(DroneModel.Meta):
        db_table = "steps"

    def __str__(self) -> str:
        return self.name


class Log(DroneModel):
    """What a step printed; none where the step has not ended, or Drone keeps logs elsewhere (docs/drone.md 5.3)."""

    step = OneToOneField(Step, DO_NOTHING, db_constraint=False, primary_key=True, db_column="log_id", related_name="log")
    data = Bytes(db_column="log_data")  # JSON lines as of docs/drone.md 4.6; builds/logs/log_lines.py reads them

    class Meta(DroneModel.Meta):
        db_table = "logs"

    def __str__(self) -> str:
        return f"log of step {self.pk}"


class Cron(DroneModel):
    id = Whole(primary_key=True, db_column="cron_id")
    repo = DroneForeignKey(Repo, db_column="cron_repo_id", related_name="crons")
    name = String(db_column="cron_name")
    expr = String(db_column="cron_expr")  # six fields, seconds first
    next = Whole(db_column="cron_next")
    prev = Whole(db_column="cron_prev")
    event = String(db_column="cron_event", choices=Event)
    branch = String(db_column="cron_branch")
    target = String(db_column="cron_target")
    disabled = Truth(db_column="cron_disabled")
    created = Whole(db_column="cron_created")
    updated = Whole(db_column="cron_updated")
    version = Whole(db_column="cron_version")
    next_at, prev_at = Moment("next"), Moment("prev")
    created_at, updated_at = Moment("created"), Moment("updated")

    class Meta(DroneModel.Meta):
        db_table = "cron"

    def __str__(self) -> str:
        return self.name


class LatestManager(models.Manager["Latest"]):
    """Empty where the table is not there: it came with Drone 1.7.0."""

    def get_queryset(self) -> models.QuerySet["Latest"]:
        rows = super().get_queryset()
        using = self._db or router.db_for_read(Latest)
        return rows if catalogue.has_table(connections[using], "latest") else rows.none()


class Latest(DroneModel):
    """The newest build of a branch, a pull request or a deployment target."""

    pk = CompositePrimaryKey("repo_id", "type", "name")
    repo = DroneForeignKey(Repo, db_column="latest_repo_id", related_name="+")
    build = DroneForeignKey(Build, db_column="latest_build_id", related_name="+")
    type = String(db_column="latest_type", choices=LatestType)
    name = String(db_column="latest_name")
    created = Whole(db_column="latest_created")
    updated = Whole(db_column="latest_updated")
    created_at, updated_at = Moment("created"), Moment("updated")
    objects = LatestManager()

    class Meta(DroneModel.Meta):
        db_table = "latest"

    def __str__(self) -> str:
        return f"{self.type} {self.name}"
