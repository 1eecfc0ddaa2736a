"""API tokens that may less than their owner, or end with something: through REST, as the endpoints decide."""

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.test import Client

from builds.access.binding import accept
from builds.access.drone_bindings import BindingState, DroneBinding
from builds.access.models import Grant, Level
from builds.access.token_models import ApiToken, make_token
from builds.starting.models import AuditRecord
from configs.endpoint.drone_server import known
from tests import drones
from tests.builds.access.drone_people import drone_user, opened, signed_in
from tests.builds.api import Api, body
from tests.builds.conftest import Change, Standin, person

pytestmark = pytest.mark.django_db
REPO = "/api/repos/ismewen/edrone"
LISTS = ("/api/repos", "/api/user/repos", "/api/builds?per_page=100", "/api/user/builds")


@pytest.fixture
def drone(db: None) -> Any:
    with drones.connected(drones.sqlite_database(drones.RECORDED / "drone-2.28.2.sqlite")):
        yield


def of(user: User, **limits: Any) -> Api:
    return Api(token=make_token(user, "narrow", **limits).text)


@pytest.mark.parametrize("owner", ["superuser", "everything", "some"])
def test_a_token_of_some_repositories_sees_no_others(drone: None, owner: str) -> None:
    user = person("ann", is_superuser=owner == "superuser")
    if owner != "superuser":
        Grant.objects.create(user=user, pattern="*" if owner == "everything" else "shop/*", level=Level.DEPLOY)
        Grant.objects.create(user=user, pattern="ismewen/edrone", level=Level.VIEW)
    api = of(user, pattern="shop/*")
    for path in LISTS:
        assert {entry["slug"].partition("/")[0] for entry in body(api.get(path))} == {"shop"}
    missing = api.get("/api/repos/ismewen/nosuch")
    for path in (REPO, f"{REPO}/builds", f"{REPO}/builds/1", f"{REPO}/builds/1/logs/1/1", f"{REPO}/config", f"{REPO}/operations"):
        assert api.get(path).status_code == 404
    assert api.get(REPO).content == missing.content.replace(b"nosuch", b"edrone")
    assert api.get("/api/repos/shop/cart").status_code == 200


def test_audit_records_of_other_repositories_are_not_shown(drone: None) -> None:
    for slug in ("shop/cart", "ismewen/edrone"):
        AuditRecord.objects.create(username="ann", means="", verb="cancel", slug=slug, number=1)
    records = body(of(person("ann", is_superuser=True), pattern="shop/*").get("/api/audit"))
    assert len(records) == 1
    assert "shop/cart" in str(records)


def test_a_token_gives_nothing_that_its_owner_has_not(drone: None) -> None:
    api = of(person("ann", Level.VIEW, "ismewen/edrone"), pattern="*", level=Level.DEPLOY)
    assert body(api.get(REPO))["permissions"] == {"read": True, "write": False, "admin": False}
    assert api.get("/api/repos/shop/cart").status_code == 404


@pytest.mark.parametrize(
    ("level", "permissions"),
    [
        (None, {"read": True, "write": True, "admin": True}),
        (Level.DEPLOY, {"read": True, "write": True, "admin": True}),
        (Level.RUN, {"read": True, "write": True, "admin": False}),
        (Level.VIEW, {"read": True, "write": False, "admin": False}),
    ],
)
@pytest.mark.parametrize("superuser", [True, False])
def test_a_token_may_at_most_its_level(drone: None, level: Any, permissions: Any, superuser: bool) -> None:
    user = person("ann", None if superuser else Level.DEPLOY, is_superuser=superuser)
    assert body(of(user, level=level).get(REPO))["permissions"] == permissions


def test_a_token_for_reading_changes_nothing_and_says_why(standin: Standin, people: dict[str, User]) -> None:
    for name in ("deployer", "superuser", "outsider"):
        api = of(people[name], level=Level.VIEW)
        for method, path in (("POST", f"{REPO}/builds"), ("POST", f"{REPO}/builds/1"), ("DELETE", f"{REPO}/builds/1"),
                             ("POST", f"{REPO}/builds/1/promote?target=x"), ("POST", f"{REPO}/builds/1/decline")):  # fmt: skip
            answer = api.client.generic(method, path)
            assert answer.status_code == 403
            assert body(answer)["message"] == "Forbidden: this token is for reading only. Make one that may run or deploy."
    assert standin.writes == []
    assert not AuditRecord.objects.exists()


def test_a_token_that_may_run_deploys_nothing(standin: Standin, people: dict[str, User]) -> None:
    for name in ("deployer", "superuser"):
        api = of(people[name], level=Level.RUN)
        answer = api.post(f"{REPO}/builds/1/promote?target=production")
        assert answer.status_code == 403
        assert "this token may not do what needs the level deploy" in body(answer)["message"]
        assert standin.writes == []
        assert api.post(f"{REPO}/builds?branch=master").status_code == 200
        standin.server.requests.clear()


def test_a_narrowed_token_narrows_what_drone_says_too(change: Change, settings: Any) -> None:
    settings.EDRONE_GRANTS_FROM_DRONE, settings.EDRONE_DRONE_FORGE = True, "github"
    drone_user(change, 7, "ann", admin=True)
    drone_user(change, 8, "bob")
    opened(change, 8, "shop/cart", admin=True)
    opened(change, 8, "ismewen/edrone", admin=True)
    for user in (signed_in("ann", "ann"), signed_in("bob", "bob")):
        api = of(user, pattern="shop/cart", level=Level.RUN)
        assert {repo["slug"] for repo in body(api.get("/api/repos"))} == {"shop/cart"}
        assert api.get(REPO).status_code == 404
        assert body(api.get("/api/repos/shop/cart"))["permissions"] == {"read": True, "write": True, "admin": False}


# Tokens that end with something.


@pytest.mark.parametrize("ends", [True, False])
def test_a_token_made_to_end_with_the_password_does(drone: None, ends: bool) -> None:
    user = person("ann", Level.VIEW, password="old-battery-staple", is_staff=True)
    api, client = of(user, ends_with_password=ends), Client()
    client.force_login(user)
    words = {"old_password": "old-battery-staple", "new_password1": "new-battery-staple", "new_password2": "new-battery-staple"}
    assert client.post("/admin/password_change/", words | {"new_password2": "other"}).status_code == 200
    assert api.get(REPO).status_code == 200
    assert client.post("/admin/password_change/", words).status_code == 302
    assert api.get(REPO).status_code == (401 if ends else 200)


def test_so_it_does_where_an_administrator_changes_or_takes_away_the_password(drone: None) -> None:
    client = Client()
    client.force_login(person("root", is_superuser=True, is_staff=True))
    for data in (
        {"usable_password": "true", "password1": "battery-staple", "password2": "battery-staple", "set-password": "x"},
        {"usable_password": "false", "unset-password": "x"},
    ):
        user = person(f"user-{len(data)}", Level.VIEW, password="x")
        api = of(user, ends_with_password=True)
        assert client.post(f"/admin/auth/user/{user.pk}/password/", data).status_code == 302
        assert api.get(REPO).status_code == 401


def test_a_hash_that_is_renewed_at_a_login_is_no_new_password(drone: None, settings: Any) -> None:
    user = person("ann", Level.VIEW, password="battery-staple")
    api = of(user, ends_with_password=True)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS]
    assert user.check_password("battery-staple")
    assert User.objects.get().password.startswith("pbkdf2")
    assert api.get(REPO).status_code == 200


def test_a_token_made_to_end_with_the_rights_does_for_good(drone: None) -> None:
    user = person("ann")
    group = Group.objects.create(name="devs")
    user.groups.add(group)
    Grant.objects.create(group=group, pattern="shop/*", level=Level.VIEW)
    ending, other = of(user, ends_with_rights=True), of(user)
    assert ending.get("/api/user").status_code == 200
    user.groups.clear()
    answer = ending.get("/api/user")
    assert answer.status_code == 401
    assert "made to end with its user's rights" in body(answer)["message"]
    user.groups.add(group)
    assert ending.get("/api/user").status_code == 401
    assert other.get("/api/user").status_code == 200


def test_so_it_does_when_its_owner_is_deactivated(drone: None) -> None:
    user = person("ann", is_superuser=True)
    api = of(user, ends_with_rights=True)
    assert api.get("/api/user").status_code == 200
    User.objects.update(is_active=False)
    assert api.get("/api/user").status_code == 401
    assert not ApiToken.objects.exists()


def test_a_token_does_not_end_while_nobody_can_tell_what_drone_says(no_drone: None, settings: Any) -> None:
    settings.EDRONE_GRANTS_FROM_DRONE, settings.EDRONE_DRONE_FORGE = True, "github"
    api = of(signed_in("ann", "ann"), ends_with_rights=True)
    assert api.get("/api/user").status_code == 503
    assert ApiToken.objects.exists()


@pytest.fixture
def ann(change: Change, settings: Any) -> tuple[User, Api]:
    """Somebody whom only Drone gives something, with a token that ends with that."""
    settings.EDRONE_GRANTS_FROM_DRONE, settings.EDRONE_DRONE_FORGE = True, "github"
    drone_user(change, 7, "ann")
    opened(change, 7, "ismewen/edrone")
    user = signed_in("ann", "ann")
    api = of(user, ends_with_rights=True)
    assert api.get(REPO).status_code == 200
    return user, api


HOLIDAY = "UPDATE perms SET perm_synced = perm_synced {0} 8 * 86400, perm_updated = perm_updated {0} 8 * 86400"


def test_a_token_ends_when_drone_says_that_its_owner_may_do_nothing(change: Change, ann: tuple[User, Api]) -> None:
    change("DELETE FROM perms WHERE perm_user_id = 7")
    assert ann[1].get(REPO).status_code == 401
    assert not ApiToken.objects.exists()


def test_a_token_of_an_administrator_of_drone_does_not_end_before_edrone_knows_whose_drones_token_is(
    change: Change, settings: Any, ann: tuple[User, Api], monkeypatch: Any
) -> None:
    change("DELETE FROM perms WHERE perm_user_id = 7", "UPDATE users SET user_admin = true WHERE user_id = 7")
    settings.DRONE_TOKEN = "x" * 32
    monkeypatch.setattr(known, "login", "")
    answer = ann[1].get(REPO)
    assert answer.status_code == 503
    assert "does not know the login of DRONE_TOKEN yet" in body(answer)["message"]
    monkeypatch.setattr(known, "login", "robot")
    assert ann[1].get(REPO).status_code == 200


@pytest.mark.parametrize(
    ("away", "status", "words", "back"),
    [
        ("ALTER TABLE perms RENAME TO elsewhere", 503, "manage.py dronegrants", "ALTER TABLE elsewhere RENAME TO perms"),
        (HOLIDAY.format("-"), 403, "Open Drone once", HOLIDAY.format("+")),
    ],
    ids=["what Drone says may not be read", "its owner is on holiday"],
)
def test_a_token_outlives_what_goes_by(
    change: Change, ann: tuple[User, Api], away: str, status: int, words: str, back: str
) -> None:
    change(away)
    answer = ann[1].get(REPO)
    assert answer.status_code == status
    assert words in body(answer)["message"]
    change(back)
    assert ann[1].get(REPO).status_code == 200


def test_a_token_waits_for_a_decision_about_its_owner(change: Change, ann: tuple[User, Api]) -> None:
    drone_user(change, 8, "anna")
    opened(change, 8, "ismewen/edrone")
    SocialAccount.objects.update(extra_data={"login": "anna"})
    answer = ann[1].get(REPO)
    assert answer.status_code == 403
    assert "An edrone administrator decides" in body(answer)["message"]
    accept(DroneBinding.objects.get(state=BindingState.WAITING))
    assert ann[1].get(REPO).status_code == 200


# The page.


def test_a_token_is_narrowed_on_the_page_and_the_list_says_how(no_drone: None) -> None:
    client = Client()
    client.force_login(person("ann", Level.VIEW, is_staff=True))
    data = {"name": "reader", "days": 30, "pattern": "shop/*", "level": 1, "ends_with_password": "on", "ends_with_rights": "on"}
    made = client.post("/admin/builds/apitoken/add/", data).content.decode()
    assert 'data-copies="token"' in made
    token = ApiToken.objects.get()
    assert (token.level, token.pattern, token.ends_with_password, token.ends_with_rights) == (1, "shop/*", True, True)
    assert "view (reading only), shop/*" in client.get("/admin/builds/apitoken/").content.decode()
    assert client.get(f"/admin/builds/apitoken/{token.pk}/change/").status_code == 200
    for wrong, sentence in (
        ({"pattern": "shop"}, "is not a valid repository pattern"),
        ({"pattern": " "}, "is not a valid repository pattern"),
        ({"pattern": ","}, "is not a valid repository pattern"),
        ({"level": 4}, "Select a valid choice"),
    ):
        answer = client.post("/admin/builds/apitoken/add/", data | wrong)
        assert sentence in answer.content.decode()
    assert ApiToken.objects.count() == 1
