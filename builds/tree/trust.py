"""Which repositories Drone trusts."""

from django.conf import settings

from builds.drone_db.models import Repo


def trusted() -> dict[str, bool] | None:
    """Return of each repository that Drone builds whether it trusts it, by slug; None where its database is not named.

    Raises:
        DroneDatabaseUnavailable: it does not answer.
    """
    if not settings.DRONE_DATABASE or settings.EDRONE_DEMO:
        return None
    rows = Repo.objects.filter(active=True).values_list("namespace", "name", "trusted")
    return {f"{namespace}/{name}": is_trusted for namespace, name, is_trusted in rows.order_by("id")}
