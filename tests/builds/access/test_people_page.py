"""People and access: who can do what where, and why; what is done from there, and by whom."""

import html
import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from builds.access.drone_bindings import BindingState, DroneBinding
from builds.access.models import Grant, Level
from builds.access.token_models import ApiToken, make_token
from tests.builds.access.drone_people import drone_user, listed, opened, signed_in
from tests.builds.api import Api
from tests.builds.conftest import Change, person

pytestmark = pytest.mark.django_db
PAGE = "/admin/builds/people/"
EDRONE = "ismewen/edrone"
HOSTILE = "<script>alert(1)</script>\u202egnp"


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def root(db: None) -> Client:
    return logged_in(person("root", is_staff=True, is_superuser=True))


@pytest.fixture
def keeper(db: None) -> Client:
    """Somebody who may change grants, and is no superuser."""
    user = person("keeper", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_grant"))
    return logged_in(user)


def text(answer: Any, status: int = 200) -> str:
    """Give what the page says, without its markup."""
    assert answer.status_code == status
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


def people_of(answer: Any) -> list[str]:
    return [row.holder.username for row in answer.context["people"].rows]


def post(client: Client, **data: Any) -> Any:
    return client.post(PAGE, data)


# Who may see it.


def test_who_may_not_change_grants_gets_403_and_changes_nothing(no_drone: None) -> None:
    ann = person("ann", Level.DEPLOY, is_staff=True)
    client = logged_in(ann)
    token = make_token(ann, "x")
    assert client.get(PAGE).status_code == 403
    for data in ({"do": "grant", "user": ann.pk, "pattern": "*", "level": 3}, {"do": "revoke", "id": Grant.objects.get().pk},
                 {"do": "end", "user": ann.pk}, {"do": "deactivate", "user": ann.pk}):  # fmt: skip
        assert post(client, **data).status_code == 403
    assert Grant.objects.count() == ApiToken.objects.filter(pk=token.pk).count() == 1
    assert Client().get(PAGE).status_code == 302


def test_who_may_change_grants_does_nothing_to_a_superuser_and_deactivates_nobody(keeper: Client, no_drone: None) -> None:
    root, ann = person("root", is_superuser=True), person("ann")
    for do in ("end", "deactivate", "activate", "grant"):
        assert post(keeper, do=do, user=root.pk, pattern="*", level=1).status_code == 403
    hers = Grant.objects.create(user=root, pattern="*", level=Level.VIEW)
    assert post(keeper, do="revoke", id=hers.pk).status_code == 403
    assert Grant.objects.exists()
    assert post(keeper, do="deactivate", user=ann.pk).status_code == 403
    assert "Deactivate" not in text(keeper.get(PAGE))
    assert post(keeper, do="grant", user=ann.pk, pattern="shop/*", level=2).status_code == 302
    assert User.objects.filter(is_active=True).count() == 3


# What it says.


def test_it_says_who_can_do_what_where_and_why(root: Client, no_drone: None) -> None:
    ann = person("ann", Level.DEPLOY, "shop/*", only="staging")
    group = Group.objects.create(name="devs")
    ann.groups.add(group)
    Grant.objects.create(group=group, pattern=EDRONE, level=Level.VIEW)
    person("bob")
    page = text(root.get(PAGE))
    assert "deploy shop/* limited to staging grant Remove" in page
    assert f"view {EDRONE} group devs" in page
    assert "bob May see no repository." in page
    assert "deploy * superuser, who may also change everything here" in page
    groups = text(root.get(PAGE, {"show": "groups"}))
    assert f"devs 1 member view {EDRONE} grant Remove" in groups


def test_it_finds_people_by_name_and_group_and_by_what_they_may_see(root: Client, no_drone: None) -> None:
    person("ann", Level.VIEW, "shop/*")
    person("bob", Level.RUN, "shop/cart")
    person("cid", Level.VIEW, "shop/checkout")
    dee = person("dee")
    group = Group.objects.create(name="devs")
    dee.groups.add(group)
    Grant.objects.create(group=group, pattern="*", level=Level.VIEW)
    assert people_of(root.get(PAGE, {"q": "AN"})) == ["ann"]
    assert people_of(root.get(PAGE, {"q": "dev"})) == ["dee"]
    assert people_of(root.get(PAGE, {"repo": "shop/cart"})) == ["ann", "bob", "dee", "root"]
    assert people_of(root.get(PAGE, {"repo": "shop/cart/deeper"})) == ["ann", "dee", "root"]
    assert people_of(root.get(PAGE, {"repo": "nobody/knows"})) == ["dee", "root"]
    for odd in ("\0", "*", "%", "'", "x" * 10_000, HOSTILE):
        assert root.get(PAGE, {"q": odd, "repo": odd, "after": odd}).status_code == 200


def test_every_page_is_reached_by_a_cursor(root: Client, no_drone: None) -> None:
    User.objects.bulk_create(User(username=f"user-{number:03}") for number in range(60))
    seen, address = [], PAGE
    while address:
        answer = root.get(address)
        seen += people_of(answer)
        address = answer.context["next"]
    assert seen == sorted(User.objects.values_list("username", flat=True))


def test_hostile_names_are_only_text(root: Client, no_drone: None) -> None:
    person(HOSTILE, Level.RUN, only=HOSTILE.replace(" ", ""))
    group = Group.objects.create(name=HOSTILE)
    Grant.objects.create(group=group, pattern="*", level=Level.VIEW)
    for address in (PAGE, f"{PAGE}?show=groups"):
        page = root.get(address).content.decode()
        assert "<script>alert" not in page
        assert "\u202e" not in page


def test_what_drone_says_is_there_with_the_reason(root: Client, change: Change, settings: Any) -> None:
    settings.EDRONE_GRANTS_FROM_DRONE, settings.EDRONE_DRONE_FORGE = True, "github"
    drone_user(change, 7, "ann-at-github")
    opened(change, 7, EDRONE, write=True, admin=True)
    listed(change, 7, "shop/cart")
    listed(change, 7, "octocat/hello", age=9)
    drone_user(change, 8, "boss", admin=True)
    drone_user(change, 9, "robot", machine=True)
    for name, login in (("ann", "ann-at-github"), ("bob", "boss"), ("cid", "robot"), ("dee", "nobody")):
        signed_in(name, login)
    page = text(root.get(PAGE))
    assert "deploy 1 repository Drone: ann-at-github view 1 repository Drone: ann-at-github" in page
    assert "Open Drone once" in page
    assert "deploy * Drone: boss is an administrator there" in page
    assert "Drone's user “robot” is a machine" in page
    assert "Drone has no user “nobody”" in page
    assert not DroneBinding.objects.exists()  # looking at people binds nobody
    assert people_of(root.get(PAGE, {"repo": EDRONE})) == ["ann", "bob", "root"]
    assert f"deploy {EDRONE} Drone: ann-at-github" in text(root.get(PAGE, {"repo": EDRONE}))
    assert people_of(root.get(PAGE, {"q": "at-git"})) == ["ann"]


def test_the_page_is_there_while_drones_database_is_not(root: Client, no_drone: None, settings: Any) -> None:
    settings.EDRONE_GRANTS_FROM_DRONE, settings.EDRONE_DRONE_FORGE = True, "github"
    Grant.objects.create(user=signed_in("ann", "ann"), pattern="shop/*", level=Level.VIEW)
    for address in (PAGE, f"{PAGE}?repo=shop/cart"):
        page = text(root.get(address))
        assert "view shop/* grant" in page
        assert "What Drone says of people is not shown." in page
    page = text(root.get(PAGE, headers={"Accept-Language": "zh-hans"}))
    assert "edrone 没有连接 Drone 的数据库。" in page


def test_the_number_of_queries_does_not_grow_with_people(root: Client, change: Change, settings: Any) -> None:
    settings.EDRONE_GRANTS_FROM_DRONE, settings.EDRONE_DRONE_FORGE = True, "github"
    group = Group.objects.create(name="devs")
    Grant.objects.create(group=group, pattern="*", level=Level.VIEW)

    def add(number: int) -> None:
        user = signed_in(f"user-{number}", f"login-{number}")
        user.groups.add(group)
        Grant.objects.create(user=user, pattern="shop/*", level=Level.VIEW)
        make_token(user, "x")
        drone_user(change, 100 + number, f"login-{number}")
        opened(change, 100 + number, EDRONE)

    def queries(address: str) -> tuple[int, int]:
        root.get(address)
        with CaptureQueriesContext(connections["default"]) as mine, CaptureQueriesContext(connections["drone"]) as theirs:
            assert root.get(address).status_code == 200
        return len(mine), len(theirs)

    add(1)
    before = [queries(address) for address in (PAGE, f"{PAGE}?repo={EDRONE}", f"{PAGE}?show=groups")]
    for number in range(2, 20):
        add(number)
    assert [queries(address) for address in (PAGE, f"{PAGE}?repo={EDRONE}", f"{PAGE}?show=groups")] == before
    assert before == [(10, 2), (10, 3), (6, 0)]


# What is done from there.


def test_a_grant_is_made_and_removed(root: Client, no_drone: None) -> None:
    ann, group = person("ann"), Group.objects.create(name="devs")
    answer = root.post(f"{PAGE}?q=ann", {"do": "grant", "user": ann.pk, "pattern": "shop/*", "level": 3, "only": "staging"})
    assert answer.headers["Location"] == f"{PAGE}?q=ann"
    assert "Granted: ann: deploy shop/*, limited to staging." in text(root.get(PAGE))
    post(root, do="grant", group=group.pk, pattern="*", level=1)
    assert {str(grant) for grant in Grant.objects.all()} == {"ann: deploy shop/*, limited to staging", "devs: view *"}
    for grant in Grant.objects.all():
        assert post(root, do="revoke", id=grant.pk).status_code == 302
    assert not Grant.objects.exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"pattern": "shop"}, "“shop” is not a valid repository pattern"),
        ({"pattern": ""}, "repositories: This field is required."),
        ({"pattern": "a/\0"}, "repositories: Null characters are not allowed."),
        ({"pattern": "a/" + "b" * 500}, "at most 500 characters"),
        ({"level": "4"}, "level: Select a valid choice"),
        ({"level": "x"}, "level: Select a valid choice"),
        ({"level": "1", "only": "x"}, "A view grant cannot be limited"),
        ({"only": " "}, "There is no name in this list: write one, or leave the list empty."),
        ({"only": ", ,"}, "There is no name in this list"),
        ({"only": "a\0"}, "limited to: Null characters are not allowed."),
        ({"only": ",".join(f"{number:03}" for number in range(125))}, "at most 500 characters (it has 623)"),
        ({"pattern": "was/there"}, "This grant already exists."),
        ({"pattern": "<script>alert(1)"}, "“<script>alert(1)” is not a valid repository pattern"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused_with_a_sentence(root: Client, no_drone: None, data: Any, sentence: str) -> None:
    ann = person("ann", Level.RUN, "was/there")
    answer = post(root, **{"do": "grant", "user": ann.pk, "pattern": "shop/*", "level": 2} | data)
    assert sentence in text(answer, 422)
    assert "<script>alert" not in answer.content.decode()
    assert ('value="2" selected' in answer.content.decode()) is ("level" not in data)  # what was chosen stays chosen
    assert Grant.objects.count() == 1


def test_what_was_refused_stays_in_the_form_of_that_person_only(root: Client, no_drone: None) -> None:
    ann, _bob, group = person("ann"), person("bob"), Group.objects.create(name="devs")
    for page, holder in ((PAGE, {"user": ann.pk}), (f"{PAGE}?show=groups", {"group": group.pk})):
        Group.objects.get_or_create(name="others")
        answer = root.post(page, holder | {"do": "grant", "pattern": "shop", "level": 3, "only": "staging"})
        forms = re.findall(r"<details open>.*?</details>|<details>.*?</details>", answer.content.decode(), re.DOTALL)
        kept = [form for form in forms if re.search(r'value="shop"|value="3" selected|value="staging"', form)]
        assert len(kept) == 1
        assert kept[0].startswith("<details open>")
        assert f'value="{next(iter(holder.values()))}"' in kept[0]


def test_of_two_equal_grants_at_once_the_second_is_refused_with_a_sentence(
    root: Client, no_drone: None, monkeypatch: Any
) -> None:
    ann, checked = person("ann"), Grant.full_clean

    def check_and_be_late(grant: Grant) -> None:
        checked(grant)
        Grant.objects.create(user=grant.user, pattern=grant.pattern, level=grant.level)

    monkeypatch.setattr(Grant, "full_clean", check_and_be_late)
    answer = post(root, do="grant", user=ann.pk, pattern="shop/*", level=2)
    assert "This grant already exists." in text(answer, 422)
    assert Grant.objects.count() == 1


@pytest.mark.parametrize("only", [" ", ","])
def test_the_list_of_grants_takes_no_limit_without_a_name_either(root: Client, no_drone: None, only: str) -> None:
    answer = root.post("/admin/builds/grant/add/", {"user": person("ann").pk, "pattern": "shop/*", "level": 3, "only": only})
    assert "There is no name in this list: write one, or leave the list empty." in text(answer)
    assert not Grant.objects.exists()


def test_what_a_refused_grant_was_limited_to_comes_back_whole(root: Client, no_drone: None) -> None:
    only = ", ".join(f"target-{number}" for number in range(40))
    ann = person("ann", Level.VIEW, is_staff=True)
    page = post(root, do="grant", user=ann.pk, level=1, pattern="shop", only=only).content.decode()
    assert f'name="only" value="{only}"' in page


@pytest.mark.parametrize("data", [{"do": "x"}, {}, {"do": "end"}, {"do": "end", "user": "x"}, {"do": "end", "user": "9" * 30},
                                  {"do": "end", "user": 999_999}, {"do": "revoke", "id": "²"}, {"do": "accept", "id": 1},
                                  {"do": "grant", "group": "1", "pattern": "*", "level": 1}])  # fmt: skip
def test_what_is_not_there_is_404(root: Client, no_drone: None, data: Any) -> None:
    assert post(root, **data).status_code == 404


def test_sessions_and_tokens_of_a_person_end_and_those_of_others_do_not(root: Client, no_drone: None) -> None:
    ann, bob = person("ann", Level.VIEW, is_staff=True, password="x"), person("bob", Level.VIEW, is_staff=True)
    hers, his = logged_in(ann), logged_in(bob)
    token, other = make_token(ann, "hers"), make_token(bob, "his")
    again = logged_in(ann)
    assert post(root, do="end", user=ann.pk).status_code == 302
    assert "Ended 2 sessions and 1 API token of ann." in text(root.get(PAGE))
    assert hers.get("/admin/builds/apitoken/").status_code == again.get("/admin/builds/apitoken/").status_code == 302
    assert his.get("/admin/builds/apitoken/").status_code == 200
    assert Api(token=token.text).get("/api/user").status_code == 401
    assert Api(token=other.text).get("/api/user").status_code == 200
    assert logged_in(ann).get("/admin/builds/apitoken/").status_code == 200  # who may sign in may do so again


def test_a_deactivated_person_can_do_nothing_and_nothing_comes_back(root: Client, no_drone: None) -> None:
    ann = person("ann", Level.VIEW, is_staff=True)
    hers, token = logged_in(ann), make_token(ann, "hers")
    assert post(root, do="deactivate", user=ann.pk).status_code == 302
    assert hers.get("/admin/").status_code == 302
    assert Api(token=token.text).get("/api/user").status_code == 401
    post(root, do="activate", user=ann.pk)
    assert User.objects.get(pk=ann.pk).is_active
    assert hers.get("/admin/").status_code == 302
    assert Session.objects.count() == 1  # of who did it
    assert not ApiToken.objects.exists()


def test_nobody_deactivates_themselves(root: Client, no_drone: None) -> None:
    assert "You cannot deactivate yourself." in text(post(root, do="deactivate", user=User.objects.get().pk), 422)
    assert User.objects.get().is_active


def test_who_is_unticked_on_the_page_of_users_loses_sessions_and_tokens_too(root: Client, no_drone: None) -> None:
    ann = person("ann", is_staff=True)
    hers = logged_in(ann)
    make_token(ann, "hers")
    form = root.get(f"/admin/auth/user/{ann.pk}/change/").context["adminform"].form
    data = {name: value for name, value in form.initial.items() if isinstance(value, (str, int)) and value is not False}
    data |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    del data["is_active"]
    assert root.post(f"/admin/auth/user/{ann.pk}/change/", data).status_code == 302
    assert not User.objects.get(pk=ann.pk).is_active
    assert not ApiToken.objects.exists()
    assert hers.get("/admin/").status_code == 302


@pytest.mark.parametrize("decision", ["accept", "refuse"])
def test_a_binding_is_decided_once(root: Client, no_drone: None, decision: str) -> None:
    old = DroneBinding.objects.create(provider="github", uid="1", login="ann", drone_user_id=7, state=BindingState.BOUND)
    new = DroneBinding.objects.create(provider="github", uid="2", login=HOSTILE, drone_user_id=7, state=BindingState.WAITING)
    page = root.get(PAGE)
    assert "Waiting for your decision" in text(page)
    assert "<script>alert" not in page.content.decode()
    assert post(root, do=decision, id=new.pk).status_code == 302
    states = {new.pk: BindingState.BOUND} if decision == "accept" else {old.pk: BindingState.BOUND, new.pk: BindingState.REFUSED}
    assert dict(DroneBinding.objects.values_list("pk", "state")) == states
    assert post(root, do=decision, id=new.pk).status_code == 404


def test_a_refused_account_can_be_decided_about_again(root: Client, no_drone: None) -> None:
    refused = DroneBinding.objects.create(provider="github", uid="2", login=HOSTILE, drone_user_id=7, state=BindingState.REFUSED)
    page = root.get(PAGE)
    assert "Refused accounts" in text(page)
    assert "<script>alert" not in page.content.decode()
    assert post(root, do="accept", id=refused.pk).status_code == 404
    assert post(root, do="reconsider", id=refused.pk).status_code == 302
    page = root.get(PAGE)
    assert "Waiting for your decision" in text(page)
    assert "Refused accounts" not in text(page)
    assert post(root, do="accept", id=refused.pk).status_code == 302
    assert post(root, do="reconsider", id=refused.pk).status_code == 404
    assert DroneBinding.objects.get().state == BindingState.BOUND


# What is kept of it.


def test_who_did_what_to_whom_is_in_the_log_and_in_djangos_history(root: Client, no_drone: None, caplog: Any) -> None:
    caplog.set_level("INFO", "edrone.people")
    ann, group = person("ann"), Group.objects.create(name="devs")
    logged_in(ann)
    make_token(ann, "hers")
    binding = DroneBinding.objects.create(provider="github", uid="2", login=HOSTILE, drone_user_id=7, state=BindingState.WAITING)
    post(root, do="grant", user=ann.pk, pattern="shop/*", level=3, only="staging")
    post(root, do="grant", group=group.pk, pattern="shop/" + "x" * 300, level=1)
    post(root, do="revoke", id=Grant.objects.get(user=ann).pk)
    for do in ("end", "deactivate", "activate"):
        post(root, do=do, user=ann.pk)
    for do in ("refuse", "reconsider", "accept"):
        post(root, do=do, id=binding.pk)
    account = 'provider=github account=2 login="<script>alert(1)</script>\\u202egnp" drone_user=7'
    lines = [entry.getMessage() for entry in caplog.records if entry.name == "edrone.people"]
    assert lines == [
        "did=grant by=root user=ann pattern=shop/* level=deploy only=staging",
        f'did=grant by=root group=devs pattern="shop/{"x" * 195}\\u2026" level=view only=""',
        "did=revoke by=root user=ann pattern=shop/* level=deploy only=staging",
        "did=end by=root user=ann sessions=1 tokens=1",
        "did=deactivate by=root user=ann",
        "did=activate by=root user=ann",
        *[f"did={do} by=root {account}" for do in ("refuse", "reconsider", "accept")],
    ]
    kept = LogEntry.objects.filter(user__username="root").order_by("pk").values_list("content_type__model", "action_flag")
    assert list(kept) == [*[("grant", 1)] * 2, ("grant", 3), *[("user", 2)] * 3, *[("dronebinding", 2)] * 3]
    assert "Ended 1 session and 1 API token of ann." in text(root.get(f"/admin/auth/user/{ann.pk}/history/"))


@pytest.mark.parametrize("data", [{"do": "grant", "pattern": "shop", "level": 1}, {"do": "deactivate"}])
def test_what_was_refused_is_in_no_history(root: Client, no_drone: None, caplog: Any, data: Any) -> None:
    caplog.set_level("INFO", "edrone.people")
    assert post(root, user=User.objects.get().pk, **data).status_code == 422
    assert not LogEntry.objects.exists()
    assert "edrone.people" not in caplog.text
