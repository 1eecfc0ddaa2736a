"""edrone beside a real Drone server with a real runner: what Drone asks, runs, keeps and answers.

Drone 1.10.1, the newest whose source a Go proxy has, on PostgreSQL; edrone reads its tables as the role of `dronegrants`.
"""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest
import yaml
from playwright.sync_api import Browser, expect

from tests.e2e.beside import PASSWORD, SHOP, WEB, Place, beside_drone, pipeline
from tests.e2e.browsing import reader
from tests.e2e.drone import TOKEN, build, runner
from tests.e2e.running import manage
from tests.server import wait_until

PLANTED = "planted-secret-of-a-repository"
NEWER = {"archived": False, "auto_cancel_running": False}  # of a repository: keys that this Drone does not have yet


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("drone")
    with beside_drone(build(folder), folder) as started:
        yield started


def test_a_push_runs_what_the_tree_says_and_is_shown_as_drone_shows_it(place: Place):
    place.write("_shared/greet.yaml", "name: greet\ncommands:\n- echo hello from $DRONE_BRANCH\n")
    place.write("shop/master.yaml", pipeline("- extends: _shared/greet.yaml\n- name: after\n  commands: [echo done]"))
    number = place.started(place.drone.forge.push(SHOP, "master"))
    shown = place.ended(number)
    assert (shown["status"], [step["name"] for step in shown["stages"][0]["steps"]]) == ("success", ["greet", "after"])
    assert "hello from master" in place.log(number)
    served = yaml.safe_load(place.config(number))
    assert served["steps"] == [
        {"name": "greet", "commands": ["echo hello from $DRONE_BRANCH"]},
        {"name": "after", "commands": ["echo done"]},
    ]
    base = f"/api/repos/{SHOP}"
    for path in (
        "",
        "/builds",
        f"/builds/{number}",
        "/builds/latest",
        f"/builds/{number}/logs/1/1",
        f"/builds/{number}/logs/1/2",
    ):
        ours, theirs = place.shown(base + path), place.drone.call("GET", base + path).json()
        assert ours == (theirs if path else NEWER | theirs), path


def test_every_event_gets_the_file_of_its_branch(place: Place):
    say = "- name: say\n  commands: [echo {}]"
    place.write("web/default.yaml", pipeline(say.format("default")))
    place.write("web/feature/blue.yaml", pipeline(say.format("blue")))
    forge = place.drone.forge
    for answer, said in (
        (forge.push(WEB, "feature/blue"), "blue"),
        (forge.push(WEB, "feature/red"), "default"),
        (forge.pull(WEB, 7, "anything", "feature/blue"), "blue"),
        (forge.tag(WEB, "v1.0"), "default"),
    ):
        number = place.started(answer)
        assert place.ended(number, WEB)["status"] == "success"
        assert place.log(number, WEB).split("\n")[-2] == said
        assert place.config(number, WEB) == pipeline(say.format(said))


def test_a_build_keeps_its_pipeline_while_it_waits_whatever_becomes_of_the_tree(place: Place):
    def waiting(word: str) -> str:
        return pipeline(f"- name: say\n  commands: [echo {word}]", more="node:\n  kept: for-later\n\n")

    place.write("web/waits.yaml", waiting("before"))
    forge = place.drone.forge
    first = place.started(forge.pull(WEB, 8, "head", "waits"))  # Drone keeps no configuration of a pull request of Gogs
    pushed = place.started(forge.push(WEB, "waits"))
    place.write("web/waits.yaml", waiting("after"))
    for number in range(12):  # Drone itself keeps ten
        forge.push(SHOP, f"crowd-{number}")
    second = place.started(forge.pull(WEB, 9, "head", "waits"))
    (place.tree / "web/waits.yaml").unlink()
    with runner(place.programs["runner"], place.folder, place.drone, "kept:for-later"):
        for number, word in ((first, "before"), (pushed, "before"), (second, "after")):
            assert place.ended(number, WEB)["status"] == "success", number
            assert place.log(number, WEB).split("\n")[-2] == word
            assert place.config(number, WEB) == waiting(word)


def test_a_mistake_in_the_tree_is_a_failed_build_that_says_where(place: Place):
    place.write("shop/mistaken.yaml", pipeline("- extends: _shared/nowhere.yaml"))
    number = place.started(place.drone.forge.push(SHOP, "mistaken"))
    shown = place.ended(number)
    assert shown["status"] == "error"
    assert "shop/mistaken.yaml:9:3" in shown["error"], shown["error"]
    assert "_shared/nowhere.yaml" in shown["error"]
    place.write("shop/mistaken.yaml", pipeline("- name: mended\n  commands: [echo mended]"))
    wait_until(lambda: time.time() >= shown["created"] + 1, "Drone's cache takes the restart for another build")
    again = place.started(place.call("POST", f"/api/repos/{SHOP}/builds/{number}"))
    assert place.ended(again)["status"] == "success"


def test_what_failed_runs_alone_and_its_dependants_after_it(place: Place):
    mended = place.folder / "mended"
    texts = {
        "lint": pipeline("- name: lint\n  commands: [echo linted]", "lint"),
        "test": pipeline(f"- name: test\n  commands: [test -e {mended}, echo tested]", "test", "depends_on: [lint]\n\n"),
        "ship": pipeline("- name: ship\n  commands: [echo shipped]", "ship", "depends_on: [lint, test]\n\n"),
    }
    place.write("shop/flaky.yaml", "---\n".join(texts.values()))
    first = place.started(place.drone.forge.push(SHOP, "flaky"))
    assert [stage["status"] for stage in place.ended(first)["stages"]] == ["success", "failure", "skipped"]
    mended.touch()
    place.write("shop/flaky.yaml", texts["lint"].replace("lint", "renamed"))
    again = place.started(place.call("POST", f"/api/repos/{SHOP}/builds/{first}?only=failed"))
    shown = place.ended(again)
    assert shown["status"] == "success"
    assert [stage["name"] for stage in shown["stages"]] == ["test", "ship"]
    assert "shipped" in place.drone.call("GET", f"/api/repos/{SHOP}/builds/{again}/logs/2/1").text
    refused = place.call("POST", f"/api/repos/{SHOP}/builds/{again}?only=failed")
    assert (refused.status_code, refused.json()["message"]) == (409, f"No pipeline of #{again} failed.")
    time.sleep(
        1
    )  # in one second, Drone would give it the text of the one before; where it asks edrone's validation, that refuses
    whole = place.started(place.drone.call("POST", f"/api/repos/{SHOP}/builds/{first}?only=failed"))
    assert [stage["name"] for stage in place.ended(whole)["stages"]] == ["renamed"]


def test_an_ordinary_build_is_started_with_parameters_and_is_on_record(place: Place):
    place.write("shop/by-hand.yaml", pipeline("- name: say\n  commands: ['echo colour $COLOUR']"))
    made = place.call("POST", f"/api/repos/{SHOP}/builds", json={"branch": "by-hand", "params": {"COLOUR": "blue"}})
    number = place.started(made)
    shown = place.ended(number)
    assert (shown["status"], shown["event"], shown["sender"]) == ("success", "custom", "octocat")
    assert "colour blue" in place.log(number)
    (record,) = place.shown(f"/api/audit?repository={SHOP}&build={number}")
    assert (record["user"], record["outcome"], record["verb"]) == ("ada", "done", "create")


def test_builds_are_restarted_cancelled_promoted_and_rolled_back(place: Place):
    place.write("shop/release.yaml", pipeline(
        "- name: say\n  commands: ['echo $DRONE_BUILD_EVENT to=$DRONE_DEPLOY_TO', 'if [ $DRONE_BUILD_EVENT = custom ]; then sleep 600; fi']"
    ))  # fmt: skip
    builds = f"/api/repos/{SHOP}/builds"
    number = place.started(place.drone.forge.push(SHOP, "release"))
    assert place.ended(number)["status"] == "success"
    restarted = place.started(place.call("POST", f"{builds}/{number}"))
    assert (place.ended(restarted)["status"], place.shown(f"{builds}/{restarted}")["event"]) == ("success", "push")
    assert place.config(restarted) == place.config(number)
    newer = place.started(place.drone.forge.push(SHOP, "release"))
    assert place.ended(newer)["status"] == "success"
    for verb, event, shipped in (("promote", "promote", number), ("promote", "promote", newer), ("rollback", "rollback", number)):
        deployed = place.started(place.call("POST", f"{builds}/{shipped}/{verb}?target=production"))
        shown = place.ended(deployed)
        assert (shown["status"], shown["event"], shown["deploy_to"]) == ("success", event, "production")
        assert f"{event} to=production" in place.log(deployed)
    live = place.call("POST", f"{builds}/{number}/rollback?target=production")
    assert (live.status_code, "is deployed there now" in live.text) == (409, True)
    endless = place.started(place.call("POST", f"{builds}?branch=release"))
    wait_until(lambda: place.shown(f"{builds}/{endless}")["status"] == "running", "it runs")
    assert place.call("DELETE", f"{builds}/{endless}").status_code in {200, 204}
    assert place.ended(endless)["status"] == "killed"
    refused = place.call("POST", f"{builds}/9999")
    assert (refused.status_code, set(refused.json())) == (404, {"message"})


def test_what_was_promoted_is_shown_where_it_is_deployed(place: Place, browser: Browser):
    place.write("web/shipped.yaml", pipeline("- name: say\n  commands: [echo shipped]"))
    number = place.started(place.drone.forge.push(WEB, "shipped"))
    assert place.ended(number, WEB)["status"] == "success"
    promoted = place.started(place.call("POST", f"/api/repos/{WEB}/builds/{number}/promote?target=moon"))
    assert place.ended(promoted, WEB)["status"] == "success"
    with reader(browser, place.edrone.url, "ada", PASSWORD) as page:
        page.goto(f"{place.edrone.url}/admin/builds/repo/{WEB}/")
        expect(page.locator(".repo-places li")).to_contain_text(f"moon #{promoted}")


def test_stages_that_wait_for_approval_are_approved_and_declined(place: Place):
    place.write("shop/protected.yaml", pipeline("- name: say\n  commands: [echo let in]"))
    assert place.drone.call("PATCH", f"/api/repos/{SHOP}", json={"protected": True}).ok
    builds = f"/api/repos/{SHOP}/builds"
    try:
        numbers = [place.started(place.drone.forge.push(SHOP, "protected")) for _ in range(2)]
        stages = [place.shown(f"{builds}/{number}")["stages"][0] for number in numbers]
        assert [stage["status"] for stage in stages] == ["blocked", "blocked"]
        place.write("shop/protected.yaml", pipeline("- name: say\n  commands: [echo edited while it waited]"))
        assert place.call("POST", f"{builds}/{numbers[0]}/approve/1").ok
        assert place.ended(numbers[0])["status"] == "success"
        assert "let in" in place.log(numbers[0])
        assert place.call("POST", f"{builds}/{numbers[1]}/decline/1").ok
        assert place.ended(numbers[1])["status"] == "declined"
    finally:
        assert place.drone.call("PATCH", f"/api/repos/{SHOP}", json={"protected": False}).ok


def test_what_this_drone_is_too_old_for_is_said(place: Place):
    place.write("shop/_operations/check.yaml", "kind: operation\n---\n" + pipeline("- name: say\n  commands: [echo checked]"))
    refused = place.call("POST", f"/api/repos/{SHOP}/builds", json={"branch": "master", "action": "check"})
    assert refused.status_code == 501, refused.text
    assert "2.19" in refused.json()["message"]


def test_every_build_runs_what_is_shown_of_it_while_the_tree_is_edited(place: Place):
    """One build, one YAML: forty builds in a crowd, a new text every few milliseconds."""

    def version(number: int) -> str:
        return pipeline(f"- name: say\n  commands: ['echo version {number} $DRONE_COMMIT']")

    place.write("web/crowd.yaml", version(0))
    ended = False

    def edit() -> None:
        number = 0
        while not ended:
            number += 1
            place.write("web/crowd.yaml", version(number))

    def start(number: int) -> int:
        forge = place.drone.forge
        return place.started(forge.pull(WEB, 100 + number, "head", "crowd") if number % 2 else forge.push(WEB, "crowd"))

    with ThreadPoolExecutor(9) as threads:
        editing = threads.submit(edit)
        try:
            numbers = list(threads.map(start, range(40)))
            for number in numbers:
                assert place.ended(number, WEB)["status"] == "success"
        finally:
            ended = True
            editing.result(10)
    seen = set()
    for number in numbers:
        (said,) = re.findall(r"^version (\d+)", place.log(number, WEB), re.MULTILINE)
        assert place.config(number, WEB) == version(int(said)), number
        seen.add(said)
    assert len(seen) > 3, "the tree was edited meanwhile"


def test_no_secret_of_drone_comes_out_of_edrone(place: Place):
    made = place.drone.call("POST", f"/api/repos/{SHOP}/secrets", json={"name": "password", "data": PLANTED})
    assert made.ok, made.text
    place.write("shop/secret.yaml", pipeline(
        "- name: say\n  commands: [echo it is $IT]\n  environment:\n    IT:\n      from_secret: password"
    ))  # fmt: skip
    number = place.started(place.drone.forge.push(SHOP, "secret"))
    assert place.ended(number)["status"] == "success"
    assert "it is [secret:password]" in place.log(number)
    base = f"/api/repos/{SHOP}"
    texts = [place.call("GET", base + path).text for path in ("", "/builds", f"/builds/{number}", f"/builds/{number}/config")]
    said = place.edrone.log.read_text() + "".join(texts) + place.edrone.get("/metrics").text
    for secret in (PLANTED, TOKEN, "token-of-the-forge"):
        assert secret not in said


def test_a_running_build_is_followed_in_the_browser_until_its_end(place: Place, browser: Browser):
    go_on = place.folder / "go-on"
    place.write("shop/slow.yaml", pipeline(
        "- name: wait\n  commands:\n  - printf '\\033[31mred <script>alert(1)</script>\\n'\n"
        f"  - for i in $(seq 600); do [ -e {go_on} ] && break; sleep 0.1; done\n  - echo the end"
    ))  # fmt: skip
    number = place.started(place.drone.forge.push(SHOP, "slow", "a <script>alert(2)</script> commit"))
    with reader(browser, place.edrone.url, "ada", PASSWORD) as page:
        expect(page.get_by_role("link", name=f"#{number}").first).to_be_visible()
        page.goto(f"{place.edrone.url}/admin/builds/build/{SHOP}/{number}/")
        expect(page.get_by_role("heading", level=1)).to_contain_text("running")
        expect(page.locator("#log")).to_contain_text("red <script>alert(1)</script>")
        expect(page.locator("#log")).not_to_contain_text("\033")
        go_on.touch()
        expect(page.get_by_role("heading", level=1)).to_contain_text("success")
        expect(page.locator("#log")).to_contain_text("+ echo the end")
        page.get_by_role("link", name="Configuration").click()
        expect(page.locator("pre.served")).to_contain_text("name: wait")


def test_a_job_of_cron_gets_the_file_of_its_branch(place: Place):
    place.write("web/nightly.yaml", pipeline("- name: say\n  commands: [echo it is night]"))
    made = place.drone.call("POST", f"/api/repos/{WEB}/cron", json={"name": "night", "expr": "@yearly", "branch": "nightly"})
    assert made.ok, made.text
    connection = psycopg2.connect(place.drone.datasource)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cron SET cron_next = 1")  # a year has passed
    connection.close()

    def of_cron() -> list[dict[str, Any]]:
        return [build for build in place.shown(f"/api/repos/{WEB}/builds") if build["event"] == "cron"]

    wait_until(of_cron, "Drone has started the job")
    (begun,) = of_cron()
    assert place.ended(begun["number"], WEB)["status"] == "success"
    assert "it is night" in place.log(begun["number"], WEB)
    assert place.shown(f"/api/repos/{WEB}/builds?event=cron")[0]["cron"] == "night"


def test_pipelines_that_depend_on_each_other_run_and_fail_as_written(place: Place):
    first = pipeline("- name: say\n  commands: [echo first]", "first")
    second = pipeline(
        "- name: fail\n  commands: [exit 3]\n- name: never\n  commands: [echo never]", "second", "depends_on: [first]\n"
    )
    third = pipeline("- name: say\n  commands: [echo third]", "third", "depends_on: [second]\n")
    other = pipeline("- name: say\n  commands: [echo other]", "other", "trigger:\n  event: [tag]\n")
    place.write("web/chain.yaml", f"{first}---\n{second}---\n{third}---\n{other}")
    number = place.started(place.drone.forge.push(WEB, "chain"))
    shown = place.ended(number, WEB)
    assert shown["status"] == "failure"
    stages = {stage["name"]: stage["status"] for stage in shown["stages"]}
    assert stages == {"first": "success", "second": "failure", "third": "skipped"}
    assert [step.get("exit_code", 0) for step in shown["stages"][1]["steps"]] == [3, 0]


def test_edrone_knows_this_drone(place: Place):
    found = manage("checkdrone", DRONE_DATABASE_URL=place.database, DRONE_SERVER=place.drone.url, DRONE_TOKEN=TOKEN)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "1.10.1 or newer" in found.stdout
    assert "may not" not in found.stdout


def test_all_that_drone_has_by_now_is_shown_as_drone_shows_it(place: Place):
    """The last of these tests: by now there are builds of every event and of almost every status."""
    for slug in (SHOP, WEB):
        base = f"/api/repos/{slug}"
        listed = place.drone.call("GET", f"{base}/builds?per_page=100").json()
        # Drone orders by id: of builds that were made at once that is not always the order of their numbers.
        assert place.shown(f"{base}/builds?per_page=100") == sorted(listed, key=lambda build: -build["number"])
        paths = ["/builds/latest?branch=master"]
        for one in listed:
            found = place.drone.call("GET", f"{base}/builds/{one['number']}").json()
            paths.append(f"/builds/{one['number']}")
            paths += [
                f"/builds/{one['number']}/logs/{stage['number']}/{step['number']}"
                for stage in found.get("stages", [])
                for step in stage.get("steps", [])
            ]
        for path in paths:
            ours, theirs = place.call("GET", base + path), place.drone.call("GET", base + path)
            assert ours.status_code == theirs.status_code, path
            if theirs.ok:
                assert ours.json() == theirs.json(), path
