"""The pages of what was served: who may see them, what they show, and that they count nothing."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from builds.access.models import Grant, Level
from configs.client import drone_request
from configs.endpoint.signature import CONVERSION
from configs.records.models import LastError, ServedConfig
from tests.conftest import SECRET, push, shown_error

pytestmark = pytest.mark.usefixtures("records")
LIST = "/admin/configs/servedconfig/"
ERRORS = "/admin/configs/lasterror/"
HOSTILE = "</pre><script>alert(1)</script>\u202e"


@pytest.fixture
def viewer() -> Client:
    """Somebody who may look, and nothing else."""
    user = User.objects.create_user("viewer", is_staff=True)
    return looking(user, "*")


def looking(user: User, *patterns: str) -> Client:
    """Log in somebody who may look at what there is of the repositories of some patterns."""
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_servedconfig", "view_lasterror"]))
    for pattern in patterns:
        Grant.objects.create(user=user, pattern=pattern, level=Level.VIEW)
    client = Client()
    client.force_login(user)
    return client


def build(drone: Any, number: int = 0, created: int = 1_795_426_889, **fields: Any) -> None:
    request = push(**{"repo_id": 1, "number": number, "build_id": number} | fields)
    assert drone.post(drone_request.body(request, created=created)).status_code in {200, 204}


def page(client: Client, address: str = LIST, **parameters: Any) -> str:
    answer = client.get(address, parameters)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def address(record: ServedConfig) -> str:
    return reverse("admin:configs_servedconfig_change", args=[record.pk])


@pytest.mark.parametrize("path", [LIST, ERRORS, f"{LIST}1/change/", f"{ERRORS}1/change/"])
def test_outsiders_see_nothing(path, tree, drone):
    tree({"default.yaml": "kind: pipeline\n"})
    build(drone)
    stranger, plain, staff = Client(), Client(), Client()
    plain.force_login(User.objects.create_user("plain"))
    staff.force_login(User.objects.create_user("staff", is_staff=True))
    assert [client.get(path).status_code for client in (stranger, plain, staff)] == [302, 403, 403]


@pytest.mark.parametrize(
    ("patterns", "seen"),
    [
        ([], set()),
        (["octocat/*"], set()),
        (["shop/*"], {"shop/cart"}),
        (["ismewen/edrone", "shop/cart"], {"ismewen/edrone", "shop/cart"}),
        (["*"], {"ismewen/edrone", "shop/cart"}),
        (None, {"ismewen/edrone", "shop/cart"}),
    ],
)
def test_people_see_what_repositories_of_their_grants_were_served_and_superusers_all(patterns, seen, tree, drone, admin_client):
    root = tree({"default.yaml": "kind: pipeline\nname: served\n"})
    repos = {"ismewen/edrone": 1, "shop/cart": 3}
    for slug, repo in repos.items():
        build(drone, repo, slug=slug, repo_id=repo)
    (root / "default.yaml").write_text("")
    for slug, repo in repos.items():
        build(drone, slug=slug, repo_id=repo, after="e" * 40)
    some = admin_client if patterns is None else looking(User.objects.create_user("some", is_staff=True), *patterns)
    for model, listed in ((ServedConfig, LIST), (LastError, ERRORS)):
        rows: list[Any] = list(model.objects.all())
        assert {row.slug for row in rows} == set(repos)
        for parameters in ({}, {"q": "shop/cart"}, {"q": "ismewen/edrone"}):
            shown = some.get(listed, parameters).context["cl"].result_list
            assert {row.slug for row in shown} == seen & (set(parameters.values()) or set(repos))
        for row in rows:
            for page_of_it in ("change", "history"):
                answer = some.get(f"{listed}{row.pk}/{page_of_it}/")
                assert answer.status_code == (200 if row.slug in seen else 302)
                assert row.slug in seen or answer["Location"] == "/admin/"
    for words in ("default.yaml", "master", "3"):
        assert {row.slug for row in some.get(LIST, {"q": words}).context["cl"].result_list} == (
            seen & {"shop/cart"} if words == "3" else seen
        )


def test_what_a_word_means_does_not_depend_on_what_is_hidden(tree, drone):
    tree({"default.yaml": "kind: pipeline\n"})
    build(drone, 1, branch="v1")
    build(drone, 3, slug="shop/cart", repo_id=3, event="tag", ref="refs/tags/v1", target="")
    some = looking(User.objects.create_user("some", is_staff=True), "shop/*")
    assert [row.slug for row in some.get(LIST, {"q": "v1"}).context["cl"].result_list] == ["shop/cart"]


def test_nobody_writes_here(tree, drone, admin_client, viewer):
    tree({"default.yaml": "kind: pipeline\n"})
    build(drone)
    record = ServedConfig.objects.get()
    for client in (viewer, admin_client):
        for action in ("add/", f"{record.pk}/delete/"):
            assert client.get(LIST + action).status_code == 403
            assert client.post(LIST + action, {"post": "yes"}).status_code == 403
        assert client.post(address(record), {"slug": "x/y"}).status_code == 403
        assert client.post(LIST, {"action": "delete_selected", "_selected_action": record.pk}).status_code in {200, 302, 403}
    assert ServedConfig.objects.get().slug == "ismewen/edrone"


def test_records_are_found_by_repository_event_ref_number_time_and_file(tree, drone, viewer):
    tree({"edrone/default.yaml": "a: 1\n", "cart/master.yaml": "b: 1\n"})
    build(drone, 7)
    build(drone, 8, slug="shop/cart", repo_id=3, event="tag", ref="refs/tags/v1", target="")
    ServedConfig.objects.filter(number=8).delete()
    build(drone, 9, slug="shop/cart", repo_id=3, event="cron")
    hits: dict[str, list[dict[str, Any]]] = {
        "edrone": [{"q": "ismewen/edrone"}, {"slug": "ismewen/edrone"}, {"event": "push"}, {"q": "7"}, {"number": 7},
                   {"q": "edrone/default.yaml"}, {"q": "projects/edrone/default.yaml"}, {"q": "ismewen/edrone master"}],
        "cart": [{"q": "shop/cart"}, {"event": "cron"}, {"q": "9 shop/cart"}, {"q": "cart/master.yaml"}],
        "edrone cart": [{}, {"q": "master"}, {"q": "refs/heads/master"}, {"time": "hour"}, {"time": "month"}],
        "": [{"q": "octocat/hello"}, {"q": "9" * 40}, {"q": "none.yaml"}, {"event": "tag"}, {"time": "-hour"}, {"q": "'; --"}],
    }  # fmt: skip
    for names, many in hits.items():
        for parameters in many:
            shown = page(viewer, **parameters)
            seen = [name for name in ("edrone", "cart") if f"projects/{name}/" in shown]
            assert seen == names.split(), parameters


def test_one_record_shows_its_text_its_sources_and_what_changed(tree, drone, viewer):
    extending, base = "extends: _shared/base.yaml\nname: x\n", "kind: pipeline\ntype: docker\n"
    root = tree({"edrone/master.yaml": extending, "_operations/check.yaml": extending, "_shared/base.yaml": base})
    build(drone, after="1", created=1)
    (root / "_shared/base.yaml").write_text("kind: pipeline\ntype: exec\n")
    build(drone, after="1", created=2, event="custom", action="check")
    build(drone, after="2", created=3, author="ann")
    shown = page(viewer, address(ServedConfig.objects.get(created=3)))
    assert "# projects/_shared/base.yaml:2" in shown
    assert '<span class="nt">type</span>' in shown
    assert '<span class="gd">-type: docker' in shown
    assert '<span class="gi">+type: exec' in shown
    assert address(ServedConfig.objects.get(created=1)) in shown
    assert "ann" in shown
    assert "no earlier record" in page(viewer, address(ServedConfig.objects.get(created=2)))


def test_a_repository_with_its_own_file_is_shown_too(tree, drone, viewer):
    root = tree({"default.yaml": "kind: pipeline\n"})
    build(drone, created=1)
    (root / "default.yaml").write_text("kind: repository\n")
    build(drone, created=2)
    assert "uses its own file" in page(viewer, address(ServedConfig.objects.get(created=2)))


def test_hostile_names_and_texts_are_shown_and_do_nothing(tree, drone, viewer):
    tree({"default.yaml": f"x: {HOSTILE}\n"})
    build(drone, branch=HOSTILE, ref=HOSTILE, author=HOSTILE, sender=HOSTILE, trigger=HOSTILE, action=HOSTILE, deploy_to=HOSTILE)
    for shown in (page(viewer), page(viewer, address(ServedConfig.objects.get())), page(viewer, q=HOSTILE)):
        assert "<script>alert" not in shown
        assert "style=" not in shown
        assert "\u202e" not in shown
        assert "[U+202E]" in shown
    tree({"default.yaml": ""})
    shown_error(drone.post(drone_request.body(push(ref=HOSTILE, slug=f"a/{HOSTILE}"), created=5)))
    for shown in (
        page(viewer, ERRORS),
        page(viewer, reverse("admin:configs_lasterror_change", args=[LastError.objects.get().pk])),
    ):
        assert "<script>alert" not in shown
        assert "\u202e" not in shown
        assert "[U+202E]" in shown


def test_a_text_of_a_megabyte_is_shown_without_colours(tree, drone, viewer):
    tree({"default.yaml": "- <b>\n" * 170_000})
    build(drone)
    assert "- &lt;b&gt;\n- &lt;b&gt;" in page(viewer, address(ServedConfig.objects.get()))


def test_lists_count_nothing_and_every_page_is_reached(tree, drone, viewer):
    tree({"default.yaml": "kind: pipeline\n"})
    build(drone)
    (first,) = ServedConfig.objects.values()
    rows = [first | {"id": None, "identity": None, "build_id": number, "number": number} for number in range(2, 122)]
    ServedConfig.objects.bulk_create(ServedConfig(**row) for row in rows)
    seen: list[int] = []
    parameters: dict[str, Any] = {"event": "push", "_facets": "True"}
    while True:
        with CaptureQueriesContext(connection) as queries:
            answer = viewer.get(LIST, parameters)
        assert not any("COUNT(" in query["sql"] or "OFFSET" in query["sql"] for query in queries)
        assert len(queries) <= 7  # with the grants
        assert not re.search("\\d+ results?", answer.content.decode())
        seen += [record.pk for record in answer.context["cl"].result_list]
        older = answer.context["cl"].paginator.older
        if older is None:
            break
        assert f"id__lt={older}" in answer.content.decode()
        parameters["id__lt"] = older
    assert seen == sorted(ServedConfig.objects.values_list("pk", flat=True), reverse=True)
    assert len(seen) == 121


def test_the_last_errors_are_listed(tree, drone, viewer):
    tree({"default.yaml": ""})
    build(drone)
    build(drone, slug="shop/cart")
    assert "projects/default.yaml: is empty" in page(viewer, ERRORS)
    assert "shop/cart" not in page(viewer, ERRORS, q="ismewen/edrone").split('id="result_list"')[1]


@pytest.mark.parametrize("lookup", ["slug__contains", "after", "trigger__startswith", "file__text__hash"])
def test_a_list_is_not_narrowed_by_what_no_index_finds(lookup, tree, drone, viewer):
    tree({"default.yaml": "kind: pipeline\n"})
    build(drone)
    assert viewer.get(LIST, {lookup: "x"}).status_code == 400


def test_the_record_of_a_conversion_says_that_it_is_one(tree, drone, admin_client):
    tree({"default.yaml": "kind: repository\n", "_shared/say.yaml": "name: say\n"})
    build(drone)
    own_file = "kind: pipeline\nname: own\nsteps:\n- extends: _shared/say.yaml\n"
    body = drone_request.body(push(repo_id=1), created=1_795_426_889, text=own_file)
    headers = drone_request.signed_headers(body, SECRET, datetime.now(UTC), accept=CONVERSION.accept)
    assert drone.send(body, headers, "/edrone/convert").status_code == 200
    for record in ServedConfig.objects.all():
        text = page(admin_client, address(record))
        (field,) = re.findall(r'field-conversion.*?alt="(\w+)"', text, re.DOTALL)
        assert field == str(record.conversion)
        assert (".drone.yml" in text, "_shared/say.yaml" in text) == (record.conversion, record.conversion)
