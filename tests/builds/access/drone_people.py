"""Users of Drone and what they may do, as Drone writes them (store/user, store/batch2, handler/api/acl), for a recorded database."""

import time
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User

from builds.access.drone_rights import DAY
from tests.builds.conftest import Change, person

UIDS = {"ismewen/edrone": "1758264", "octocat/hello": "13229679", "shop/cart": "14365945"}  # of the recorded repositories


def now() -> int:
    return int(time.time())


def drone_user(change: Change, pk: int, login: str, **fields: Any) -> None:
    """Add a user as Drone does when somebody signs in."""
    row: dict[str, Any] = {
        "user_id": pk, "user_login": login, "user_email": f"{login}@example.com", "user_admin": False, "user_machine": False,
        "user_active": True, "user_avatar": "", "user_syncing": False, "user_synced": now(), "user_created": now(),
        "user_updated": now(), "user_last_login": now(), "user_oauth_expiry": 0, "user_hash": f"hash-of-{pk}",
    } | {f"user_{name}": value for name, value in fields.items()}  # fmt: skip
    insert(change, "users", row)


def listed(change: Change, user: int, slug: str, age: float = 0, **flags: bool) -> None:
    """Add the row that Drone writes when the forge lists a repository for a user; `age` in days."""
    perm(change, user, slug, **{"read": True, **flags}, synced=0, updated=now() - int(age * DAY))


def opened(change: Change, user: int, slug: str, age: float = 0, **flags: bool) -> None:
    """Add the row as it is after the user has opened the repository in Drone, which then asks the forge; `age` in days."""
    at = now() - int(age * DAY)
    perm(change, user, slug, **{"read": True, **flags}, synced=at, updated=at - 60)


def perm(change: Change, user: int, slug: str, **fields: Any) -> None:
    row = {
        "perm_user_id": user, "perm_repo_uid": UIDS.get(slug, slug), "perm_read": False, "perm_write": False, "perm_admin": False,
        "perm_synced": now(), "perm_created": now(), "perm_updated": now(),
    } | {f"perm_{name}": value for name, value in fields.items()}  # fmt: skip
    insert(change, "perms", row)


def insert(change: Change, table: str, row: dict[str, Any]) -> None:
    values = ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in row.values())
    change(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})")


def signed_in(name: str, login: str, uid: str = "", provider: str = "github", **fields: Any) -> User:
    """Make a user who signed in with an account at the forge."""
    user = person(name, **fields)
    account(user, login, uid or f"{provider}-id-of-{login}", provider)
    return user


def account(user: User, login: str, uid: str, provider: str = "github") -> None:
    SocialAccount.objects.create(user=user, provider=provider, uid=uid, extra_data={"login": login})
