"""Drone's users, and what each may do in which repository: only what edrone's own rules need (docs/drone.md 4.2).

Left out on purpose: mail addresses, OAuth tokens, and `user_hash`, which is a user's API token in clear text.
"""

from django.db.models import DO_NOTHING, CompositePrimaryKey, ForeignKey

from builds.drone_db.fields import String, Truth, Whole
from builds.drone_db.models import DroneForeignKey, DroneModel, Repo


class DroneUser(DroneModel):
    """A user of Drone. What is not readable counts against the user: not active, a machine, never logged in."""

    id = Whole(primary_key=True, db_column="user_id")
    login = String(db_column="user_login")  # SQLite compares it in any case, PostgreSQL as it is
    active = Truth(db_column="user_active")
    admin = Truth(db_column="user_admin")
    machine = Truth(db_column="user_machine", default=True)  # only what it was made as: Drone's updates leave it out
    last_login = Whole(db_column="user_last_login")  # Unix seconds; 0: never, as of a user that somebody else made

    class Meta(DroneModel.Meta):
        db_table = "users"

    def __str__(self) -> str:
        return self.login


class Perm(DroneModel):
    """What the forge said a user may do in a repository. Rows of deleted repositories stay, and meet no repository."""

    pk = CompositePrimaryKey("user_id", "repo_id")
    user = DroneForeignKey(DroneUser, db_column="perm_user_id", related_name="perms")
    repo: ForeignKey[Repo, Repo] = ForeignKey(
        Repo, DO_NOTHING, to_field="uid", db_column="perm_repo_uid", db_constraint=False, related_name="perms"
    )
    read = Truth(db_column="perm_read")
    write = Truth(db_column="perm_write")
    admin = Truth(db_column="perm_admin")
    synced = Whole(db_column="perm_synced")  # when the forge was asked about this repository; 0: not since the last sync of all
    created = Whole(db_column="perm_created")
    updated = Whole(db_column="perm_updated")  # where `synced` is 0: when the forge last listed the repository for this user

    class Meta(DroneModel.Meta):
        db_table = "perms"

    def __str__(self) -> str:
        return f"{self.user_id} in {self.repo_id}"
