"""Conversions through Django: what Drone sends of own files, and what it is told."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import time_machine

from configs.client import drone_request
from configs.endpoint.signature import CONFIGURATION, CONVERSION
from configs.records.models import LastError, ServedConfig
from tests.conftest import RECORDED, SECRET, push

OTHERS = RECORDED.with_name("other-requests")
STEP = "name: build\nimage: docker\n"
OWN = "kind: pipeline\ntype: docker\nname: own\nsteps:\n- extends: _shared/docker.yaml\n"
CONVERTED = "kind: pipeline\ntype: docker\nname: own\nsteps:\n- name: build\n  image: {}\n"
TREE: dict[str, str | bytes] = {"default.yaml": "kind: repository\n", "_shared/docker.yaml": STEP}
MIB = 1024 * 1024


def send(drone, request, text=OWN, *, created=0, path="/edrone/convert", accept=CONVERSION.accept, **more):
    body = drone_request.body(request, created=created, text=text)
    return post(drone, body, path=path, accept=accept, **more)


def post(drone, body, *, path="/edrone/convert", accept=CONVERSION.accept, secret=SECRET, now=None, signed=drone_request.SIGNED):
    headers = drone_request.signed_headers(body, secret, now or datetime.now(UTC), signed, accept=accept)
    return drone.send(body, headers, path)


@pytest.mark.parametrize("file", sorted(OTHERS.glob("convert-*.json")), ids=lambda file: file.stem)
def test_every_recorded_request_is_taken_and_what_extends_nothing_stays(file, tree, drone):
    tree(TREE)
    request = json.loads(file.read_text())
    headers = dict(map(tuple, request["headers"]))
    with time_machine.travel(parsedate_to_datetime(headers["Date"]), tick=False):
        answer = drone.send(request["body"].encode(), headers, "/edrone/convert")
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("path", ["/edrone/convert", "/edrone/convert/"])
def test_what_an_own_file_extends_is_written_out(tree, drone, path):
    tree(TREE)
    answer = send(drone, push(), path=path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == {"Data": CONVERTED.format("docker")}
    assert send(drone, push(), answer.json()["Data"]).status_code == 204


@pytest.mark.parametrize(("reference", "status"), [("_shared/nowhere.yaml", 422), ("shop/default.yaml", 422)])
def test_an_error_is_one_sentence_that_drone_shows_as_it_is(tree, drone, reference, status):
    tree(TREE | {"shop/default.yaml": "kind: pipeline\n"})
    answer = send(drone, push(), OWN.replace("_shared/docker.yaml", reference))
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/plain; charset=utf-8")
    assert answer.content.decode().startswith(f'edrone: .drone.yml:5:3: extends "{reference}": ')
    assert b"\n" not in answer.content


def test_no_error_is_longer_than_drones_column(tree, drone):
    tree(TREE)
    answer = send(drone, push(), OWN.replace("_shared/docker.yaml", "_shared/" + "ü/" * 2000))
    assert answer.status_code == 422
    assert 100 < len(answer.content) <= 500


def test_a_tree_that_is_not_there_is_no_server_error(settings, drone, tmp_path):
    settings.EDRONE_PROJECTS = tmp_path / "nowhere"
    assert send(drone, push()).status_code == 422
    assert send(drone, push(), "kind: pipeline\n").status_code == 204


# Who may ask, and what


@pytest.mark.parametrize("accept", [CONFIGURATION.accept, "application/vnd.drone.validate.v1+json", "application/json"])
def test_a_request_for_another_address_is_refused(tree, drone, accept):
    tree(TREE)
    answer = send(drone, push(), accept=accept)
    assert (answer.status_code, b"DRONE_CONVERT_PLUGIN_ENDPOINT" in answer.content) == (406, True)


def test_a_request_to_convert_gets_no_configuration(tree, drone):
    tree(TREE | {"default.yaml": "kind: pipeline\n"})
    assert send(drone, push(), path="/edrone").status_code == 406


def test_events_signatures_and_strangers_get_nothing(tree, drone):
    tree(TREE)
    body = drone_request.body(push(), created=0, text=OWN)
    assert post(drone, body, signed=["date", "digest"]).status_code == 406
    assert post(drone, body, secret="another").status_code == 401
    assert drone.send(body, {"content-type": "application/json"}, "/edrone/convert").status_code == 401
    assert post(drone, body, now=datetime.now(UTC) - timedelta(minutes=25)).status_code == 401


def test_a_wrong_clock_is_said(tree, drone):
    tree(TREE)
    answer = send(drone, push(), now=datetime.now(UTC) - timedelta(minutes=25))
    assert b"Drone's clock is 25 minutes behind" in answer.content


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"{}", b"[" * 10_000, b"\xff"], ids=range(6))
def test_a_malformed_body_is_400_with_a_sentence(tree, drone, body):
    tree(TREE)
    answer = post(drone, body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain; charset=utf-8")


@pytest.mark.parametrize("config", [None, 7, {}, {"data": None}, {"data": 7}])
def test_a_body_without_the_yaml_is_400(tree, drone, config):
    tree(TREE)
    content = json.loads(drone_request.body(push(), created=0)) | {"config": config}
    answer = post(drone, json.dumps(content).encode())
    assert (answer.status_code, b"config" in answer.content) == (400, True)


def test_eight_megabytes_are_read_and_more_are_not(tree, drone):
    tree(TREE)
    head = len(drone_request.body(push(), created=0, text=""))
    assert send(drone, push(), "#" * (8 * MIB - head)).status_code == 204
    refused = send(drone, push(), "#" * (8 * MIB - head + 1))
    assert (refused.status_code, b"larger than 8388608 bytes" in refused.content) == (400, True)


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_other_methods_are_told_what_the_address_is_for(drone, method):
    answer = getattr(drone.client, method)("/edrone/convert")
    assert (answer.status_code, b"DRONE_CONVERT_PLUGIN_ENDPOINT" in answer.content) == (405, True)


def test_neither_text_nor_token_is_logged(tree, drone, logged):
    tree(TREE)
    body = json.loads(drone_request.body(push(), created=0, text=f"{OWN}# planted-text\n")) | {
        "token": {"access": "planted-token"}
    }
    assert post(drone, json.dumps(body).encode()).status_code == 200
    assert "asked=conversion" in logged.getvalue()
    assert "planted" not in logged.getvalue()


# One build, one text


BUILD = push(repo_id=3, after="c0ffee")


def edit(tree):
    tree({"_shared/docker.yaml": STEP.replace("docker", "podman")})


def text(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["Data"]


def test_a_stage_gets_what_its_build_was_served_whatever_became_of_the_tree(records, tree, drone):
    tree(TREE)
    assert drone.post(drone_request.body(BUILD, created=1000)).status_code == 204
    before = text(send(drone, BUILD, created=1000))
    edit(tree)
    assert text(send(drone, BUILD, created=1000)) == before
    stage = replace(BUILD, build_id=70, number=7)
    assert drone.post(drone_request.body(stage, created=1001)).status_code == 204
    for _ in range(2):
        assert text(send(drone, stage, created=1001)) == before
    (tree({}) / "_shared/docker.yaml").unlink()
    assert text(send(drone, stage, created=1001)) == before
    assert sorted(ServedConfig.objects.values_list("conversion", "build_id", "number")) == [(False, 70, 7), (True, 70, 7)]


def test_a_restart_is_a_new_build_with_todays_tree(records, tree, drone):
    tree(TREE)
    assert text(send(drone, BUILD, created=1000)) == CONVERTED.format("docker")
    edit(tree)
    assert text(send(drone, replace(BUILD, parent=7), created=1010)) == CONVERTED.format("podman")


def test_two_promotions_of_one_second_to_two_targets_have_a_record_each(records, tree, drone):
    tree(TREE)
    for target in ("staging", "production"):
        send(drone, replace(BUILD, event="promote", deploy_to=target), created=1000)
    assert ServedConfig.objects.filter(conversion=True).count() == 2


def test_another_own_file_never_gets_the_text_of_the_first(records, tree, drone):
    tree(TREE)
    send(drone, BUILD, created=1000)
    assert text(send(drone, BUILD, OWN.replace("own", "other"), created=1000)) == CONVERTED.format("docker").replace(
        "own", "other"
    )


def test_what_extends_nothing_leaves_no_record(records, tree, drone):
    tree(TREE)
    assert send(drone, BUILD, "kind: pipeline\n", created=1000).status_code == 204
    assert not ServedConfig.objects.exists()


def test_an_error_is_noted_and_a_person_who_asks_leaves_nothing(records, tree, drone):
    tree(TREE)
    broken = OWN.replace("docker.yaml", "nowhere.yaml")
    send(drone, BUILD, broken)
    assert not LastError.objects.exists()
    send(drone, BUILD, broken, created=1000)
    assert "_shared/nowhere.yaml" in LastError.objects.get().message
