"""The client of Drone's API against a server that answers what a real Drone answered."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from demo.standin.http import Request, Response
from drone_api.client import Client, CustomBuild, RepoName
from drone_api.errors import DroneError
from tests.drone_api.conftest import TOKEN, Serve, client_of
from tests.server import ROOT

SESSION: list[dict[str, Any]] = json.loads((ROOT / "tests/recorded/api-session.json").read_text())
EDRONE = RepoName("ismewen", "edrone")


def recorded(path: str, method: str = "POST") -> Response:
    """Give the recorded answer to an administrator."""
    found = next(
        each
        for each in SESSION
        if each["method"] == method and each["path"] == path and each["authenticated"] and each["status"] != 401
    )
    return Response(found["status"], found["body"].encode(), found["content_type"])


CALLS: list[Any] = [
    ("POST", "?branch=develop&action=check&TARGET=staging", lambda c: c.create(EDRONE, CustomBuild("develop", action="check"), {"TARGET": "staging"})),
    ("POST", "?branch=develop&commit=84a516841ba77a5b4648de2cd0dfcb30ea46dbb4&message=By+hand&action=smoke&FAIL=yes", lambda c: c.create(EDRONE, CustomBuild("develop", "84a516841ba77a5b4648de2cd0dfcb30ea46dbb4", "By hand", "smoke"), {"FAIL": "yes"})),
    ("POST", "", lambda c: c.create(EDRONE, CustomBuild(), {})),
    ("POST", "/2/promote?target=production&REPLICAS=3", lambda c: c.promote(EDRONE, 2, "production", {"REPLICAS": "3"})),
    ("POST", "/2/rollback?target=production", lambda c: c.rollback(EDRONE, 2, "production", {})),
    ("POST", "/2", lambda c: c.restart(EDRONE, 2, {})),
    ("POST", "/1?debug=true&X=1", lambda c: c.restart(EDRONE, 1, {"X": "1"}, debug=True)),
    ("POST", "?branch=oserror1", lambda c: c.create(EDRONE, CustomBuild("oserror1"), {})),
    ("DELETE", "/1", lambda c: c.cancel(EDRONE, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "call"), CALLS, ids=[f"{method} {path}" for method, path, _ in CALLS])
def test_each_call_asks_as_was_recorded_and_hands_on_every_key_of_the_answer(serve: Serve, method, path, call):
    whole = f"/api/repos/ismewen/edrone/builds{path}"
    answer = recorded(whole, method)
    asked: list[Request] = []

    def answers(request: Request) -> Response:
        asked.append(request)
        return answer

    build = call(client_of(serve(answers)))
    expected = json.loads(answer.body)
    assert build.json == expected
    assert (build.number, build.status) == (expected["number"], expected["status"])
    (request,) = asked
    query = "&".join(f"{name}={value.replace(' ', '+')}" for name, value in request.query)
    assert f"{request.method} {request.path}{'?' if query else ''}{query}" == f"{method} {whole}"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("call", "path"),
    [(lambda c: c.approve(EDRONE, 7, 2), "/7/approve/2"), (lambda c: c.decline(EDRONE, 7, 2), "/7/decline/2"), (lambda c: c.decline(EDRONE, 7), "/7/decline")],
)  # fmt: skip
def test_approving_and_declining_name_the_stage_and_expect_nothing_back(serve: Serve, call, path):
    server = serve(lambda _: Response(204))
    call(client_of(server))
    assert [(each.method, each.path) for each in server.requests] == [("POST", f"/api/repos/ismewen/edrone/builds{path}")]


def test_a_log_is_handed_on_byte_for_byte(serve: Serve):
    bodies = [
        recorded("/api/repos/ismewen/edrone/builds/1/logs/1/1", "GET").body,
        b"null\n",
        b"plain text, as a person put it there\n",
    ]
    answers = iter(bodies)
    server = serve(lambda _: Response(200, next(answers)))
    client = client_of(server)
    assert [client.log(EDRONE, 1, 1, 1) for _ in bodies] == bodies
    assert {each.path for each in server.requests} == {"/api/repos/ismewen/edrone/builds/1/logs/1/1"}


@pytest.mark.parametrize("body", ["<html>", "\n<!DOCTYPE html>"])
def test_a_proxys_page_is_no_log(serve: Serve, body):
    with pytest.raises(DroneError, match="cannot read the answer to .*: it is a web page"):
        client_of(serve(lambda _: Response(200, body.encode()))).log(EDRONE, 1, 1, 1)


def test_keys_that_edrone_does_not_know_are_not_handed_on(serve: Serve):
    body = b'{"id":1,"number":5,"status":"pending","secret":"x","stages":[{"id":1,"number":1,"status":"pending","token":"x"}]}'
    build = client_of(serve(lambda _: Response(200, body))).restart(EDRONE, 4, {})
    assert build.json == {"id": 1, "number": 5, "status": "pending", "stages": [{"id": 1, "number": 1, "status": "pending"}]}


@pytest.mark.parametrize("branch", ["release/1.2", "a b&c=d#e?f%2F", "ветка", "功能/🚀", "..", "+", "\\", "'\"<>;"])
def test_branches_and_parameters_arrive_as_they_are_whatever_is_in_them(serve: Serve, branch):
    server = serve(lambda _: recorded("/api/repos/ismewen/edrone/builds"))
    client_of(server).create(EDRONE, CustomBuild(branch), {"KEY": branch, branch: "value", "EMPTY": ""})
    assert server.requests[0].query == [("branch", branch), ("KEY", branch), (branch, "value"), ("EMPTY", "")]
    assert server.requests[0].path == "/api/repos/ismewen/edrone/builds"


@pytest.mark.parametrize("name", ["access_token", "branch", "commit", "message", "action", ""])
def test_a_parameter_never_changes_what_is_asked(serve: Serve, name):
    server = serve(lambda _: Response(500))
    for call in (
        lambda client: client.create(EDRONE, CustomBuild(), {name: "x"}),
        lambda client: client.restart(EDRONE, 1, {name: "x"}),
        lambda client: client.promote(EDRONE, 1, "p", {name: "x"}),
    ):
        with pytest.raises(DroneError, match="A parameter cannot be named") as refused:
            call(client_of(server))
        assert (refused.value.status, refused.value.permanent) == (400, True)
    for refuses in (
        lambda client: client.restart(EDRONE, 1, {"debug": "x"}),
        lambda client: client.promote(EDRONE, 1, "p", {"target": "x"}),
        lambda client: client.rollback(EDRONE, 1, "p", {"target": "x"}),
    ):
        with pytest.raises(DroneError, match="A parameter cannot be named"):
            refuses(client_of(server))
    assert server.requests == []


@pytest.mark.parametrize(
    "repo", [("..", "x"), ("x", ".."), (".", "x"), ("", "x"), ("x", ""), ("x", "a\nb"), ("x", "\udc80"), ("x", "\x7f")]
)
def test_a_name_that_would_lead_elsewhere_is_not_asked_for(serve: Serve, repo):
    server = serve(lambda _: Response(500))
    with pytest.raises(DroneError, match="no such repository") as refused:
        client_of(server).restart(RepoName(*repo), 1, {})
    assert (refused.value.status, server.requests) == (404, [])


def test_slashes_and_percent_signs_in_names_stay_in_the_name(serve: Serve):
    server = serve(lambda _: recorded("/api/repos/ismewen/edrone/builds/2"))
    client_of(server).restart(RepoName("group/sub", "a%2Fb?c#d"), 2, {})
    assert server.requests[0].path == "/api/repos/group%2Fsub/a%252Fb%3Fc%23d/builds/2"


def test_the_version_is_asked_once_and_a_failure_is_not_remembered(serve: Serve):
    answers = iter([Response(500), Response(200, b"{}"), recorded("/version", "GET")])
    server = serve(lambda _: next(answers))
    client = client_of(server)
    for _ in range(2):
        with pytest.raises(DroneError):
            client.version()
    assert [client.version() for _ in range(3)] == ["2.28.1"] * 3
    assert len(server.requests) == 3


def test_connections_are_used_again(serve: Serve):
    server = serve(lambda _: recorded("/api/repos/ismewen/edrone/builds/2"))
    client = client_of(server)
    for _ in range(20):
        client.restart(EDRONE, 2, {})
    assert (len(server.requests), server.connections) == (20, 1)


def test_many_threads_may_ask_at_once(serve: Serve):
    server = serve(lambda request: Response(200, b'{"id":1,"status":"pending","number":%d}' % int(request.query[0][1])))
    client = client_of(server, writes=10.0)
    with ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(lambda number: client.restart(EDRONE, 2, {"N": str(number)}).number, range(1, 201)))
    assert numbers == list(range(1, 201))
    assert server.connections <= 16


def test_neither_proxies_nor_netrc_of_the_environment_are_used(serve: Serve, monkeypatch, tmp_path):
    server = serve(lambda _: recorded("/api/repos/ismewen/edrone/builds/2"))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", str(netrc))
    client_of(server).restart(EDRONE, 2, {})
    assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_cookies_are_not_kept(serve: Serve):
    answer = recorded("/api/repos/ismewen/edrone/builds/2")
    answer.headers = {"Set-Cookie": "_session_=x; Path=/"}
    server = serve(lambda _: answer)
    client: Client = client_of(server)
    for _ in range(2):
        client.restart(EDRONE, 2, {})
    assert "cookie" not in server.requests[1].headers
