"""What Drone says of people: every rule through REST and on a page, on both databases."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Permission, User
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builds.access.binding import accept, refuse
from builds.access.drone_bindings import BindingState, DroneBinding
from builds.access.drone_rights import Standing, drone_rights
from builds.access.models import Grant, Level
from builds.access.rules import level_of
from builds.access.token_models import ApiToken, make_token
from builds.signing_in.accounts import user_of
from builds.signing_in.known import Identity
from configs.endpoint.drone_server import known
from configs.records.models import LastError
from tests import drones
from tests.builds.access.drone_people import account, drone_user, listed, opened, perm, signed_in
from tests.builds.api import Api, body
from tests.builds.conftest import Change, person

pytestmark = pytest.mark.django_db
EDRONE = "ismewen/edrone"


@pytest.fixture(autouse=True)
def from_drone(settings: Any) -> Any:
    settings.EDRONE_GRANTS_FROM_DRONE, settings.EDRONE_DRONE_FORGE = True, "github"
    yield
    known.login = ""


def seen(user: User) -> dict[str, str]:
    """Ask REST and the pages which repositories a user sees, which must agree; give what may be done in each."""
    api, client = Api(user), Client()
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    repos = {repo["slug"]: body(api.get(f"/api/repos/{repo['slug']}"))["permissions"] for repo in body(api.get("/api/repos"))}
    page = client.get("/admin/builds/repo/?all=yes").content.decode()
    for slug in (EDRONE, "octocat/hello", "shop/cart"):
        allowed = slug in repos
        assert api.get(f"/api/repos/{slug}").status_code == (200 if allowed else 404)
        assert client.get(f"/admin/builds/repo/{slug}/").status_code in ({200} if allowed else {403, 404})
        assert (f"/admin/builds/repo/{slug}/" in page) == allowed
    assert {build["slug"] for build in body(api.get("/api/builds?per_page=100"))} <= set(repos)
    words = {(False, False): "view", (True, False): "run", (True, True): "deploy"}
    return {slug: words[perms["write"], perms["admin"]] for slug, perms in repos.items()}


def standing(user: User) -> Standing:
    return drone_rights(User.objects.get(pk=user.pk)).standing


def test_read_write_and_admin_are_view_run_and_deploy(change: Change) -> None:
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE)
    opened(change, 7, "octocat/hello", write=True)
    opened(change, 7, "shop/cart", write=True, admin=True)
    assert seen(signed_in("somebody", "ann")) == {EDRONE: "view", "octocat/hello": "run", "shop/cart": "deploy"}


def test_a_row_that_says_no_gives_nothing(change: Change) -> None:
    drone_user(change, 7, "ann")
    perm(change, 7, EDRONE)
    assert seen(signed_in("ann", "ann")) == {}


def test_an_administrator_of_drone_may_everything(change: Change) -> None:
    drone_user(change, 7, "ann", admin=True)
    everything = seen(signed_in("ann", "ann"))
    assert set(everything) >= {EDRONE, "octocat/hello", "shop/cart", "shop/checkout"}
    assert set(everything.values()) == {"deploy"}


@pytest.mark.parametrize(
    ("admin", "answers"),
    [
        (False, {EDRONE: 201, "octocat/hello": 403, "ismewen/*": 403, "*": 403}),
        (True, {EDRONE: 201, "octocat/hello": 201, "ismewen/*": 201, "*": 201}),
    ],
)
def test_who_may_deploy_because_drone_says_so_may_freeze_as_much(change: Change, admin: bool, answers: dict[str, int]) -> None:
    drone_user(change, 7, "ann", admin=admin)
    opened(change, 7, EDRONE, write=True, admin=True)
    opened(change, 7, "octocat/hello", write=True)
    ann = signed_in("ann", "ann", is_staff=True)
    asked = {"targets": "production", "reason": "Stocktaking"}
    assert {pattern: Api(ann).post("/api/freezes", {"pattern": pattern} | asked).status_code for pattern in answers} == answers
    client = Client()
    client.force_login(ann)
    assert 'name="targets"' in client.get("/admin/builds/freezes/").content.decode()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"active": False}, Standing.INACTIVE),
        ({"machine": True}, Standing.MACHINE),
        ({"last_login": 0}, Standing.NEVER_THERE),  # as of a user that an administrator or DRONE_USER_CREATE made
    ],
)
@pytest.mark.parametrize("admin", [True, False])
def test_who_is_no_active_person_gets_nothing(change: Change, fields: Any, reason: Standing, admin: bool) -> None:
    drone_user(change, 7, "ann", admin=admin, **fields)
    opened(change, 7, EDRONE, admin=True)
    user = signed_in("ann", "ann")
    assert seen(user) == {}
    assert standing(user) == reason
    assert not DroneBinding.objects.exists()


def test_the_login_of_drone_token_is_nobody(change: Change, settings: Any) -> None:
    drone_user(change, 7, "robot", admin=True)
    user = signed_in("ann", "robot")
    settings.DRONE_TOKEN = "x" * 32
    assert seen(user) == {}
    assert standing(user) == Standing.TOKEN_UNKNOWN  # until Drone has said whose the token is
    known.login = "robot"
    assert seen(user) == {}
    assert standing(user) == Standing.OWN_TOKEN
    known.login = "other"
    assert EDRONE in seen(user)


def test_only_the_account_at_the_forge_counts_and_never_the_name_of_the_user(change: Change) -> None:
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE)
    assert seen(person("ann")) == {}
    assert seen(signed_in("ann2", "ann", provider="gitlab")) == {}
    assert seen(signed_in("ann3", "bob")) == {}
    assert seen(signed_in("somebody", "ann")) == {EDRONE: "view"}


@pytest.mark.parametrize("login", ["Ann", "ANN", "ann ", "\u0430nn", "a\u0000nn", "", "%", "ann' OR '1'='1"])
def test_a_login_counts_to_the_letter(change: Change, login: str) -> None:
    drone_user(change, 7, "ann", admin=True)
    assert seen(signed_in("somebody", login, uid="1")) == {}
    assert not DroneBinding.objects.exists()


def test_switched_off_drone_gives_nothing(change: Change, settings: Any) -> None:
    drone_user(change, 7, "ann", admin=True)
    settings.EDRONE_GRANTS_FROM_DRONE = False
    assert seen(signed_in("ann", "ann")) == {}


def test_who_is_deactivated_at_edrone_gets_nothing(change: Change) -> None:
    drone_user(change, 7, "ann", admin=True)
    user = signed_in("ann", "ann", is_active=False)
    assert level_of(user, EDRONE) is None
    assert Api(user).get("/api/repos").status_code == 403


def test_who_was_deactivated_is_somebody_new_by_an_account_that_was_not_connected(change: Change) -> None:
    """docs/threat-model.md says so."""
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE)
    person("ann", Level.DEPLOY, is_active=False)
    assert seen(user_of(Identity("github", "100", "ann"))) == {EDRONE: "view"}


def test_a_lost_right_counts_from_the_next_request(change: Change) -> None:
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE, write=True)
    user = signed_in("ann", "ann")
    assert seen(user) == {EDRONE: "run"}
    change("UPDATE perms SET perm_write = false WHERE perm_user_id = 7")
    assert seen(user) == {EDRONE: "view"}
    change("DELETE FROM perms WHERE perm_user_id = 7")
    assert seen(user) == {}


def test_grants_and_drone_add_up(change: Change) -> None:
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE, write=True)
    opened(change, 7, "octocat/hello")
    user = signed_in("ann", "ann")
    Grant.objects.create(user=user, pattern="ismewen/*", level=Level.VIEW)
    Grant.objects.create(user=user, pattern="octocat/hello", level=Level.DEPLOY, only="staging")
    Grant.objects.create(user=user, pattern="shop/cart", level=Level.RUN)
    assert seen(user) == {EDRONE: "run", "octocat/hello": "deploy", "shop/cart": "run"}


# How old a row may be.


def test_a_stale_row_gives_nothing_and_the_page_says_what_to_do(change: Change, settings: Any) -> None:
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE, age=7.01, admin=True)
    opened(change, 7, "octocat/hello", age=6.99, admin=True)
    user = signed_in("ann", "ann")
    assert seen(user) == {"octocat/hello": "deploy"}
    client = Client()
    client.force_login(user)
    assert "Open Drone once" in client.get("/admin/builds/repo/").content.decode()
    settings.EDRONE_PERMS_MAX_AGE = 30
    assert set(seen(user)) == {EDRONE, "octocat/hello"}
    assert "Open Drone once" not in client.get("/admin/builds/repo/").content.decode()
    settings.EDRONE_PERMS_MAX_AGE = 1
    assert seen(user) == {}


def test_what_the_forge_has_listed_lately_may_be_seen_and_no_more(change: Change) -> None:
    """After a sync no row is asked about yet: what it says of writing may be a year old."""
    drone_user(change, 7, "ann")
    listed(change, 7, EDRONE, age=1)
    listed(change, 7, "octocat/hello", age=1, write=True, admin=True)
    listed(change, 7, "shop/cart", age=8)
    assert seen(signed_in("ann", "ann")) == {EDRONE: "view", "octocat/hello": "view"}


# Whose login it is.


def test_another_account_with_that_login_waits_for_a_decision(change: Change, caplog: Any) -> None:
    caplog.set_level("INFO", "builds.access.binding")
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE)
    first = signed_in("first", "ann", uid="100")
    second = signed_in("second", "ann", uid="200")
    assert seen(first) == {EDRONE: "view"}
    assert seen(second) == {}
    assert standing(second) == Standing.WAITING
    assert seen(first) == {EDRONE: "view"}
    assert [entry.getMessage() for entry in caplog.records if entry.name == "builds.access.binding"] == [
        "ann of github counts as Drone's user 7",
        "ann of github waits for a decision whether it counts as Drone's user 7",
    ]
    accept(DroneBinding.objects.get(state=BindingState.WAITING))
    assert seen(second) == {EDRONE: "view"}
    assert seen(first) == {}
    assert standing(first) == Standing.WAITING  # nobody refused them


def test_who_signs_in_with_a_login_takes_it_from_its_former_owner(change: Change) -> None:
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE)
    first = user_of(Identity("github", "100", "ann"))
    api = Api(first)
    assert len(body(api.get("/api/repos"))) == 1
    second = user_of(Identity("github", "200", "ann"))
    assert (standing(first), standing(second)) == (Standing.NO_LOGIN, Standing.WAITING)
    assert body(api.get("/api/repos")) == []
    accept(DroneBinding.objects.get(state=BindingState.WAITING))
    assert (standing(first), standing(second)) == (Standing.NO_LOGIN, Standing.COUNTS)
    assert user_of(Identity("github", "100", "ann")) == first  # it came back to her
    assert (standing(first), standing(second)) == (Standing.WAITING, Standing.NO_LOGIN)


def test_a_login_in_other_letters_is_the_same_at_a_forge_and_taken_too(change: Change) -> None:
    drone_user(change, 7, "Ann")  # Drone's SQLite gives it to who signs in there as `ann`
    opened(change, 7, EDRONE)
    first = user_of(Identity("github", "100", "Ann"))
    assert standing(first) == Standing.COUNTS
    second = user_of(Identity("github", "200", "ann"))
    assert (standing(first), standing(second)) == (Standing.NO_LOGIN, Standing.UNKNOWN)


def test_only_the_same_login_of_the_same_forge_is_taken(change: Change) -> None:
    drone_user(change, 7, "ann")
    ann = user_of(Identity("github", "100", "ann"))
    for number, (provider, login) in enumerate((("gitlab", "ann"), ("oidc", "ann"), ("github", "a_n"), ("github", "anne"))):
        user_of(Identity(provider, str(number), login))
    assert standing(ann) == Standing.COUNTS


def test_a_refused_account_asks_no_more(change: Change) -> None:
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE)
    first = signed_in("first", "ann", uid="100")
    second = signed_in("second", "ann", uid="200")
    assert (seen(first), seen(second)) == ({EDRONE: "view"}, {})
    refuse(DroneBinding.objects.get(state=BindingState.WAITING))
    assert seen(second) == {}
    assert (standing(first), standing(second)) == (Standing.COUNTS, Standing.REFUSED)
    assert not DroneBinding.objects.filter(state=BindingState.WAITING).exists()


def test_who_takes_another_login_does_not_become_who_had_it(change: Change) -> None:
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE)
    drone_user(change, 8, "bob", admin=True)
    user = signed_in("ann", "ann", uid="100")
    assert seen(user) == {EDRONE: "view"}
    SocialAccount.objects.update(extra_data={"login": "bob"})
    assert seen(user) == {}
    assert standing(user) == Standing.WAITING
    SocialAccount.objects.update(extra_data={"login": "ann"})
    assert seen(user) == {EDRONE: "view"}


def test_who_was_renamed_is_a_new_user_of_drone_and_waits(change: Change) -> None:
    drone_user(change, 7, "ann")
    user = signed_in("ann", "ann", uid="100")
    assert seen(user) == {}
    SocialAccount.objects.update(extra_data={"login": "anna"})
    assert standing(user) == Standing.UNKNOWN  # Drone makes the new user when she signs in there
    drone_user(change, 9, "anna")
    opened(change, 9, EDRONE)
    assert standing(user) == Standing.WAITING
    accept(DroneBinding.objects.get(state=BindingState.WAITING))
    assert seen(user) == {EDRONE: "view"}
    SocialAccount.objects.update(extra_data={"login": "ann"})
    assert standing(user) == Standing.WAITING  # renamed back: nobody refused that
    accept(DroneBinding.objects.get(state=BindingState.WAITING))
    assert standing(user) == Standing.COUNTS


def test_two_accounts_of_one_person_are_the_one_that_was_first(change: Change) -> None:
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE)
    drone_user(change, 8, "ann-at-work", admin=True)
    user = signed_in("ann", "ann")
    account(user, "ann-at-work", "other")
    assert seen(user) == {EDRONE: "view"}


# Repositories that come and go.


def test_a_repository_that_came_back_as_another_one_is_another_one(change: Change) -> None:
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE)
    user = signed_in("ann", "ann")
    change("DELETE FROM repos WHERE repo_id = 1")
    assert seen(user) == {}
    change(
        "INSERT INTO repos (repo_id, repo_uid, repo_slug, repo_namespace, repo_name) VALUES (99, 'new', 'ismewen/edrone', 'ismewen', 'edrone')"
    )
    assert seen(user) == {}
    opened(change, 7, "new")
    assert seen(user) == {EDRONE: "view"}


def test_what_was_recorded_is_of_the_name(change: Change) -> None:
    LastError.objects.create(slug="new/cart", ref="refs/heads/master", message="of the one before", time=timezone.now())
    change("UPDATE repos SET repo_slug = 'new/cart', repo_namespace = 'new' WHERE repo_slug = 'shop/cart'")
    drone_user(change, 7, "ann")
    opened(change, 7, "shop/cart")
    client = Client()
    client.force_login(signed_in("ann@github", "ann"))
    assert "of the one before" in client.get("/admin/builds/repo/new/cart/-/configuration/").content.decode()


def test_a_renamed_repository_keeps_who_may_see_it(change: Change) -> None:
    drone_user(change, 7, "ann")
    opened(change, 7, EDRONE)
    change("UPDATE repos SET repo_slug = 'ismewen/renamed', repo_name = 'renamed' WHERE repo_id = 1")
    assert seen(signed_in("ann", "ann")) == {"ismewen/renamed": "view"}


# Databases.


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_drone_1_0_0_says_it_as_well(db: None, tmp_path: Any, request: Any, kind: str) -> None:
    if kind == "sqlite":
        file = tmp_path / "drone.sqlite"
        file.write_bytes((drones.RECORDED / "drone-1.0.0.sqlite").read_bytes())
        database = drones.sqlite_database(file)

        def change(statement: str) -> None:
            with closing(sqlite3.connect(file)) as connection, connection:
                connection.execute(statement)
    else:
        database = drones.recorded_postgres(request.getfixturevalue("postgres"), "1.0.0", "people_of_1_0_0")

        def change(statement: str) -> None:
            drones.execute(database, statement)

    with drones.connected(database):
        drone_user(change, 7, "ann")
        opened(change, 7, EDRONE, write=True)
        assert seen(signed_in("ann", "ann")) == {EDRONE: "run"}


def test_an_account_that_a_superuser_connected_counts_from_its_first_sign_in_on(change: Change) -> None:
    drone_user(change, 7, "ann")
    listed(change, 7, EDRONE)
    user, root, client = signed_in("ann", "", uid="1"), person("root", is_superuser=True), Client()
    token = make_token(user, "x", ends_with_rights=True)
    answer = Api(token=token.text).get("/api/repos")
    sentence = "edrone does not know the login of this account. Sign in to edrone with the forge once."
    assert (answer.status_code, body(answer)["message"]) == (403, f"Forbidden: {sentence}")
    client.force_login(root)
    assert sentence in client.get("/admin/builds/people/?q=ann").content.decode()
    SocialAccount.objects.update(extra_data={"login": "ann"})
    assert len(body(Api(token=token.text).get("/api/repos"))) == 1


def test_a_database_that_is_away_is_503_and_no_access(no_drone: None) -> None:
    user = signed_in("ann", "ann", is_staff=True)
    api, client = Api(user), Client()
    client.force_login(user)
    for path in ("/api/repos", f"/api/repos/{EDRONE}", "/api/builds"):
        assert api.get(path).status_code == 503
    for path in ("/admin/builds/repo/", f"/admin/builds/repo/{EDRONE}/", "/admin/builds/build/"):
        assert client.get(path).status_code == 503


def test_while_it_is_away_whom_only_drone_may_know_gets_no_page_and_no_token(no_drone: None) -> None:
    stranger, client = signed_in("stranger", "nobody-here"), Client()
    client.force_login(stranger)
    for path in ("/admin/", "/admin/builds/apitoken/", "/admin/builds/apitoken/add/", "/admin/builds/notices/"):
        assert client.get(path).status_code == 503, path
    assert client.post("/admin/builds/apitoken/add/", {"name": "x", "days": 30}).status_code == 503
    assert not ApiToken.objects.exists()
    assert client.post("/admin/logout/").status_code == 200


@pytest.mark.parametrize("way", ["grant", "permission"])
def test_while_it_is_away_who_has_more_than_drone_says_gets_the_pages_without_builds(way: str, no_drone: None) -> None:
    user, client = signed_in("ann", "ann"), Client()
    if way == "grant":
        Grant.objects.create(user=user, pattern="shop/*", level=Level.VIEW)
    else:
        user.user_permissions.add(Permission.objects.get(codename="view_auditrecord"))
    client.force_login(user)
    assert client.get("/admin/builds/apitoken/add/").status_code == 200


def test_a_role_of_an_older_dronegrants_gives_no_access_and_all_else_goes_on(db: None, postgres: Any) -> None:
    database = drones.recorded_postgres(postgres, "2.28.2", "older_grants")
    drones.execute(database, "DO $$ BEGIN CREATE ROLE older_reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    drones.execute(database, "GRANT SELECT ON repos, builds, stages, steps, logs, cron, latest TO older_reader")
    drone_user(lambda statement: drones.execute(database, statement), 7, "ann", admin=True)
    user = signed_in("ann", "ann")
    Grant.objects.create(user=user, pattern="shop/cart", level=Level.VIEW)
    with drones.connected({**database, "USER": "older_reader"}):
        assert seen(user) == {"shop/cart": "view"}
        client = Client()
        client.force_login(user)
        assert "manage.py dronegrants" in client.get("/admin/builds/repo/").content.decode()


@pytest.mark.parametrize("flag", ["NULL", "2"])
def test_odd_values_give_nothing(db: None, tmp_path: Any, flag: str) -> None:
    file = drones.recorded_sqlite(tmp_path / "drone.sqlite")
    with drones.connected(drones.sqlite_database(file)):

        def change(statement: str) -> None:
            with closing(sqlite3.connect(file)) as connection, connection:
                connection.execute(statement)

        drone_user(change, 7, "ann")
        opened(change, 7, EDRONE)
        change(f"UPDATE users SET user_machine = {flag} WHERE user_id = 7")
        assert seen(signed_in("ann", "ann")) == {}


# One query of edrone's own finds the account, and one of Drone's what Drone says, whatever that is.


@pytest.mark.parametrize(
    "path",
    [
        f"/api/repos/{EDRONE}",
        f"/api/repos/{EDRONE}/builds/1",
        "/api/repos",
        "/api/repos?latest=true",
        "/api/user/builds",
        "/api/builds",
    ],
)
def test_the_number_of_queries_does_not_grow_with_what_drone_says(change: Change, path: str) -> None:
    by_grants = person("bob")
    drone_user(change, 7, "ann")
    for slug in (EDRONE, "octocat/hello", "shop/cart"):
        opened(change, 7, slug)
        Grant.objects.create(user=by_grants, pattern=slug, level=Level.VIEW)
    _, of_drone = queries(Api(by_grants), path)
    assert queries(Api(signed_in("ann", "ann")), path) == (3, of_drone + 1)  # of its own: token, grants, account


def queries(api: Api, path: str) -> tuple[int, int]:
    api.get("/api/user")  # the last use of the token is written
    api.get(path)  # the account is bound
    with CaptureQueriesContext(connections["default"]) as mine, CaptureQueriesContext(connections["drone"]) as theirs:
        assert api.get(path).status_code == 200
    return len(mine), len(theirs)
