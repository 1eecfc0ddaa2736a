"""Own files that extend the tree, and protected repositories whose builds edrone has signed, at a real Drone server."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.beside import PASSWORD, SHOP, WEB, Place, beside_drone, pipeline
from tests.e2e.browsing import reader
from tests.e2e.drone import build, runner
from tests.recorded_extensions import files, read

LATER = "node:\n  kept: for-later\n\n"  # no runner takes it before one with this label starts


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("own")
    with beside_drone(build(folder, as_newer=True), folder, EDRONE_SIGN="true") as started:
        started.write("web/default.yaml", "kind: repository\n")
        yield started


def own_file(place: Place, more: str = "", reference: str = "_shared/say.yaml") -> None:
    """Give the repository a file of its own, in the forge."""
    place.drone.forge.own_files[WEB] = pipeline(f"- extends: {reference}\n", more=more)


def say(place: Place, word: str) -> None:
    place.write("_shared/say.yaml", f"name: say\ncommands: ['echo {word} to=$DRONE_DEPLOY_TO']\n")


def said(place: Place, number: int) -> str:
    assert place.ended(number, WEB)["status"] == "success", place.ended(number, WEB)
    return place.log(number, WEB).split("\n")[-2]


def test_a_pushed_file_runs_the_shared_step_and_is_shown_converted(place: Place):
    own_file(place)
    say(place, "hello")
    number = place.started(place.drone.forge.push(WEB, "first"))
    assert said(place, number) == "hello to="
    assert "name: say\n  commands: ['echo hello to=$DRONE_DEPLOY_TO']" in place.config(number, WEB)
    assert "extends" not in place.config(number, WEB)


def test_a_build_keeps_its_text_while_it_waits_whatever_becomes_of_the_tree(place: Place):
    own_file(place, LATER)
    say(place, "before")
    forge = place.drone.forge
    pull = place.started(forge.pull(WEB, 8, "head", "waits"))
    pushed = place.started(forge.push(WEB, "waits"))
    say(place, "after")
    later = place.started(forge.push(WEB, "waits"))
    (place.tree / "_shared/say.yaml").unlink()
    with runner(place.programs["runner"], place.folder, place.drone, "kept:for-later"):
        assert [said(place, number) for number in (pull, pushed, later)] == ["before to=", "before to=", "after to="]


def test_restarts_and_promotions_are_new_builds_with_the_tree_of_their_time(place: Place):
    """With Drone's cache of conversions the last two run what the first two were given (docs/own-files.md)."""
    own_file(place)
    builds = f"/api/repos/{WEB}/builds"
    say(place, "v1")
    number = place.started(place.drone.forge.push(WEB, "release"))
    assert said(place, number) == "v1 to="
    for path, word in (
        (f"/{number}", "v2 to="),
        (f"/{number}/promote?target=staging", "v3 to=staging"),
        (f"/{number}/promote?target=production", "v4 to=production"),
    ):
        say(place, word.split()[0])
        time.sleep(1 - time.time() % 1)  # Drone asks once a second for the configuration of a commit
        assert said(place, place.started(place.call("POST", builds + path))) == word


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("_shared/nowhere.yaml", "no such file."),
        ("web/default.yaml", "a repository's own file may extend _shared/ and @acme/_shared/ only."),
    ],
)
def test_a_mistake_is_the_error_of_the_build(place: Place, reference: str, why: str):
    own_file(place, reference=reference)
    shown = place.ended(place.started(place.drone.forge.push(WEB, "mistaken")), WEB)
    assert (shown["status"], shown["error"]) == ("error", f'edrone: .drone.yml:9:3: extends "{reference}": {why}')


@pytest.fixture
def protected(place: Place) -> Iterator[None]:
    for slug in (SHOP, WEB):
        assert place.drone.call("PATCH", f"/api/repos/{slug}", json={"protected": True}).ok
    yield
    for slug in (SHOP, WEB):
        assert place.drone.call("PATCH", f"/api/repos/{slug}", json={"protected": False}).ok


def stages(place: Place, number: int, slug: str = SHOP) -> list[str]:
    return [stage["status"] for stage in place.shown(f"/api/repos/{slug}/builds/{number}")["stages"]]


@pytest.mark.usefixtures("protected")
def test_a_protected_repository_builds_what_the_tree_says_without_an_approval(place: Place):
    place.write("shop/default.yaml", pipeline("- name: say\n  commands: [echo let in]"))
    forge = place.drone.forge
    for answer in (forge.push(SHOP, "signed"), forge.tag(SHOP, "v2"), forge.pull(SHOP, 3, "head", "signed")):
        number = place.started(answer)
        assert place.ended(number)["status"] == "success"
        assert "let in" in place.log(number)
        assert re.search(r"\n---\nkind: signature\nhmac: [0-9a-f]{64}\n", place.config(number))


@pytest.mark.usefixtures("protected")
def test_forks_and_own_files_of_a_protected_repository_wait_for_an_approval(place: Place):
    place.write("shop/default.yaml", pipeline("- name: say\n  commands: [echo let in]"))
    own_file(place)
    say(place, "hello")
    forge = place.drone.forge
    for answer, slug in (
        (forge.pull(SHOP, 4, "head", "signed", fork="mallory/shop"), SHOP),
        (forge.push(WEB, "signed"), WEB),
    ):
        number = place.started(answer)
        assert stages(place, number, slug) == ["blocked"]
        assert "kind: signature" not in place.config(number, slug)
        assert place.call("POST", f"/api/repos/{slug}/builds/{number}/approve/1").ok
        assert place.ended(number, slug)["status"] == "success"
    unsigned = re.findall(
        r'^edrone_config_unsigned_total\{reason="(\w+)"\} ([1-9])', place.edrone.get("/metrics").text, re.MULTILINE
    )
    assert unsigned == [("fork", "1")]


def signed_texts() -> dict[str, str]:
    """Return each text that a running Drone was seen to sign, but those behind which it would not look for a signature."""
    texts = {path.stem: read(path).get("data", "") for path in files("5-signing-*.json")}
    return {
        name: text
        for name, text in texts.items()
        if text and not re.search(r"^(\.\.\.|kind: signature|.{65536})", text, re.MULTILINE)
    }


@pytest.mark.usefixtures("protected")
def test_drone_takes_edrones_signature_behind_every_text_that_it_signed(place: Place):
    for number, (name, text) in enumerate(signed_texts().items()):
        place.write(f"shop/form-{number}.yaml", text)
        made: Any = place.drone.forge.push(SHOP, f"form-{number}").json()
        refused = "missing kind attribute" in made.get("error", "")  # with or without a signature
        assert refused == (name in {"5-signing-comment-before-leading-", "5-signing-empty-document-at-the-end"}), (name, made)
        assert refused or "blocked" not in stages(place, made["number"]), name


def test_the_page_of_a_build_shows_the_conversion(place: Place, browser: Any):
    own_file(place)
    say(place, "shown")
    number = place.started(place.drone.forge.push(WEB, "shown"))
    place.ended(number, WEB)
    with reader(browser, place.edrone.url, "ada", PASSWORD) as page:
        page.goto(f"{place.edrone.url}/admin/builds/build/{WEB}/{number}/")
        page.get_by_role("link", name="Configuration").click()
        text = page.locator("pre.served").inner_text()
    assert ("echo shown" in text, "extends" in text) == (True, False)
