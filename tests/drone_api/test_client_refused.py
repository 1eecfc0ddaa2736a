"""The client of Drone's API against everything that can go wrong: what comes out, and that nothing is asked twice."""

import logging
import socket
import ssl
import subprocess
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from requests.exceptions import SSLError
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError
from urllib3.exceptions import SSLError as ReasonOfTLS

from builds.drone_server.client import connected
from demo.standin.faults import FAULTS
from demo.standin.http import Response, serving
from drone_api.calls import Call
from drone_api.client import Client, CustomBuild, RepoName
from drone_api.errors import DroneError
from drone_api.failures import failure
from drone_api.transport import Transport
from tests.drone_api.conftest import TOKEN, Serve, client_of
from tests.server import free_port

EDRONE = RepoName("ismewen", "edrone")
# fault: status, permanent, uncertain, a part of the message; … stands for any words
EXPECTED = {
    "null": (422, False, False, "Drone made no build and gave no reason. Possible reasons: no pipeline's trigger matches this build;"),
    "400": (400, True, False, 'Drone rejected the request («Cannot approve a Pipeline with Status "success"»).'),
    "401": (502, True, False, "DRONE_TOKEN is not accepted"),
    "403": (502, True, False, "Set DRONE_TOKEN to the token of a Drone administrator"),
    "404": (404, True, False, "the repository, build, branch or commit, its forge did not answer, or the user of DRONE_TOKEN cannot see"),
    "409": (409, False, False, "Drone rejected the request («Optimistic Lock Error»)."),
    "429": (503, False, False, "overloaded"),
    "500": (502, False, False, "Drone reported an internal error («no pipeline for octocat/hello»)."),
    "501": (501, True, False, "has no promotions and no rollbacks"),
    "500-text": (502, False, True, "failed with status 500 and gave no reason; the request may have taken effect"),
    "408-text": (502, False, True, "failed with status 408 and gave no reason; the request may have taken effect"),
    "501-text": (502, False, True, "failed with status 501 and gave no reason; the request may have taken effect"),
    "524-text": (502, False, True, "failed with status 524 and gave no reason; the request may have taken effect"),
    "404-text": (502, False, False, "edrone cannot read the answer to …: its status is 404."),
    "502": (502, False, True, "A proxy in front of Drone got no answer from Drone (502); the request may have taken effect"),
    "503": (503, False, True, "overloaded or unavailable; the request may have taken effect"),
    "504": (504, False, True, "A proxy in front of Drone got no answer from Drone (504); the request may have taken effect"),
    "201": (502, False, True, "its status is 201"),
    "html": (502, False, True, "it is not JSON; the request may have taken effect: check the newest builds"),
    "empty": (502, False, True, "it is not JSON"),
    "list": (502, False, True, "build is not an object"),
    "zero": (502, False, True, "build.number is not greater than 0"),
    "no-number": (502, False, True, "build.number is missing"),
    "text-number": (502, False, True, "build.number is not a whole number"),
    "true-number": (502, False, True, "build.number is not a whole number"),
    "huge-number": (502, False, True, "build.number is not a whole number"),
    "number-params": (502, False, True, "build.params contains values that are not strings"),
    "null-stages": (502, False, True, "build.stages is not a list"),
    "deep": (502, False, True, "it is not JSON"),
    "redirect": (502, True, False, "redirects to https://drone.example.com, and edrone does not follow redirects. Set DRONE_SERVER"),
    "redirect-here": (502, True, False, "redirects, and edrone does not follow redirects. Set DRONE_SERVER"),
    "slow": (504, False, True, "Drone did not answer within 0 seconds; the request may have taken effect"),
    "drop": (502, False, True, "broke before its answer was complete; the request may have taken effect"),
    "hang-up": (502, False, True, "broke before its answer was complete"),
    "half": (502, False, True, "broke before its answer was complete"),
    "no-http": (502, False, True, "broke before its answer was complete"),
    "huge": (502, False, True, "more than 4194304 bytes"),
    "trickle": (504, False, True, "Drone did not answer within 0 seconds; the request may have taken effect"),
    "trickle-head": (504, False, True, "Drone did not answer within 0 seconds; the request may have taken effect"),
    "bomb": (502, False, True, "it is not JSON"),
}  # fmt: skip
SECRET = {"PASSWORD": "planted-parameter"}
CALLS: list[Callable[[Client], object]] = [
    lambda client: client.create(EDRONE, CustomBuild("develop"), SECRET),
    lambda client: client.restart(EDRONE, 1, SECRET),
    lambda client: client.promote(EDRONE, 1, "production", SECRET),
]


def test_every_fault_has_its_expectation():
    assert EXPECTED.keys() == FAULTS.keys()


@pytest.mark.parametrize("fault", FAULTS)
def test_what_goes_wrong_is_one_error_in_words_and_nothing_is_asked_twice(serve: Serve, fault, caplog):
    caplog.set_level(logging.DEBUG)
    status, permanent, uncertain, words = EXPECTED[fault]
    for number, call in enumerate(CALLS if fault not in {"slow", "trickle", "trickle-head"} else CALLS[:1]):
        server = serve(lambda _: FAULTS[fault])
        started = time.monotonic()
        with pytest.raises(DroneError) as raised:
            call(client_of(server, writes=0.4))
        assert time.monotonic() - started < 5
        error = raised.value
        assert (error.status, error.permanent, error.uncertain) == (status, permanent, uncertain), error
        assert all(part in str(error) for part in words.split("…")), error
        assert str(error).endswith(".")
        assert len(server.requests) == 1, number
        seen = "".join(traceback.format_exception(error)) + caplog.text + repr(error.__context__) + repr(vars(error))
        assert "planted" not in seen
        assert error.__context__ is None


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - {"null", "400", "409"}))
def test_reading_fails_in_the_same_words_without_the_remark_about_builds(serve: Serve, fault):
    server = serve(lambda _: FAULTS[fault])
    with pytest.raises(DroneError) as raised:
        client_of(server, reads=0.4).version()
    assert not raised.value.uncertain
    assert "may have" not in str(raised.value)
    assert len(server.requests) == 1


def test_a_connection_that_drone_closed_meanwhile_is_replaced_without_asking_twice(serve: Serve):
    """An idle connection is looked at before it is used; one that breaks after the request was sent is not tried again."""
    answers = [Response(200, b'{"id":1,"number":1,"status":"pending"}', headers={"Connection": "close"})]

    def answer(_):
        return answers[0] if answers else FAULTS["hang-up"]

    server = serve(answer)
    client = client_of(server)
    client.restart(EDRONE, 1, {})
    client.restart(EDRONE, 1, {})
    assert len(server.requests) == 2
    answers.clear()
    with pytest.raises(DroneError, match="broke"):
        client.restart(EDRONE, 1, {})
    assert len(server.requests) == 3


def test_the_time_an_answer_may_take_begins_anew_with_each_call_on_one_connection(serve: Serve):
    def answer(_):
        time.sleep(0.8)
        return Response(200, b'{"id":1,"number":1,"status":"pending"}')

    server = serve(answer)
    client = client_of(server, writes=2.5)
    for _ in range(4):
        client.restart(EDRONE, 1, {})
    assert server.connections == 1


def test_50_megabytes_are_not_read(serve: Serve):
    sent: list[int] = []

    def huge(handler):
        handler.send_response_only(200)
        handler.send_header("Content-Length", str(50 * 1024 * 1024))
        handler.end_headers()
        handler.close_connection = True
        for _ in range(800):
            handler.wfile.write(b" " * 65536)
            sent.append(65536)

    with pytest.raises(DroneError, match="more than"):
        client_of(serve(lambda _: huge), writes=10).create(EDRONE, CustomBuild(), {})
    assert sum(sent) < 20 * 1024 * 1024  # what was read, and what the buffers of the connection hold


def test_nothing_listens():
    client = Client(Transport(f"http://127.0.0.1:{free_port()}", TOKEN))
    with pytest.raises(DroneError, match=r"^Drone cannot be reached at http://127.0.0.1:\d+; nothing was done") as raised:
        client.create(EDRONE, CustomBuild(), {})
    assert (raised.value.status, raised.value.uncertain, raised.value.permanent) == (503, False, False)


def test_a_host_without_a_name():
    client = Client(Transport("http://no-such-host.invalid", TOKEN))
    with pytest.raises(DroneError, match="cannot be reached"):
        client.version()


def test_a_host_that_takes_no_connections():
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        try:
            with pytest.raises(DroneError, match="cannot be reached") as raised:
                Client(Transport(f"http://127.0.0.1:{port}", TOKEN, connect=0.3)).create(EDRONE, CustomBuild(), {})
            assert (raised.value.status, raised.value.uncertain) == (503, False)
        finally:
            for each in waiting:
                each.close()


def test_what_is_not_unicode_is_not_sent(serve: Serve):
    server = serve(lambda _: Response(500))
    with pytest.raises(DroneError, match="not Unicode") as raised:
        client_of(server).create(EDRONE, CustomBuild("\udc80"), {})
    assert (raised.value.status, server.requests) == (400, [])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, crt = folder / "key.pem", folder / "crt.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(crt)],
        check=True, capture_output=True,
    )  # fmt: skip
    return crt, key


def test_a_certificate_is_verified_and_a_file_of_certificates_may_say_by_what(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving(lambda _: Response(200, b'{"version":"2.28.1"}')) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = server.url.replace("http:", "https:")
        assert Client(Transport(url, TOKEN, str(certificate[0]))).version() == "2.28.1"
        with pytest.raises(
            DroneError, match=r"does not trust the certificate of https://127.0.0.1:[0-9]+\. Set DRONE_CA_FILE"
        ) as raised:
            Client(Transport(url, TOKEN)).version()
        assert (raised.value.status, raised.value.permanent) == (502, True)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_of_certificates_that_has_gone_since_the_start_is_called_so_and_nothing_is_called_done(tmp_path, content):
    file = tmp_path / "certificates.pem"
    if content is not None:
        file.write_bytes(content)
    with serving(lambda _: Response(200, b"null")) as server:
        client = Client(Transport(server.url.replace("http:", "https:"), TOKEN, str(file)))
        with pytest.raises(DroneError, match="The certificates of DRONE_CA_FILE cannot be read; nothing was done.") as raised:
            client.restart(EDRONE, 1, {})
    assert (raised.value.status, raised.value.permanent, raised.value.uncertain) == (502, True, False)


def test_an_answer_over_tls_has_the_same_time_limit(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving(lambda _: FAULTS["trickle"]) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        client = Client(Transport(server.url.replace("http:", "https:"), TOKEN, str(certificate[0])), reads=0.4)
        with pytest.raises(DroneError, match="did not answer within"):
            client.version()


def test_without_settings_it_says_which_to_set(settings):
    settings.DRONE_SERVER, settings.DRONE_TOKEN = "", ""
    with pytest.raises(DroneError, match="set DRONE_SERVER and DRONE_TOKEN") as raised:
        connected()
    assert (raised.value.status, raised.value.permanent) == (503, True)


def test_the_settings_name_the_server_and_one_client_serves_all(settings):
    with serving(lambda _: Response(200, b'{"version":"2.28.1"}')) as server:
        settings.DRONE_SERVER, settings.DRONE_TOKEN = server.url, TOKEN
        assert connected().version() == "2.28.1"
        assert connected() is connected()
        assert server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_neither_the_client_nor_its_parts_show_the_token(serve: Serve):
    client = client_of(serve(lambda _: Response(500)))
    assert TOKEN not in repr(client) + repr(client.transport) + str(client.transport.session)


def hang_up(server: socket.socket) -> None:
    server.accept()[0].close()


@pytest.mark.parametrize("broken", [False, True])
def test_a_handshake_that_hangs_or_breaks_has_done_nothing(broken):
    with socket.create_server(("127.0.0.1", 0)) as server:
        if broken:
            threading.Thread(target=hang_up, args=(server,), daemon=True).start()
        client = Client(Transport(f"https://127.0.0.1:{server.getsockname()[1]}", TOKEN, connect=0.3), writes=60)
        with pytest.raises(DroneError, match="cannot be reached at .*; nothing was done") as raised:
            client.create(EDRONE, CustomBuild(), SECRET)
    assert (raised.value.status, raised.value.uncertain) == (503, False)


def test_an_encrypted_connection_that_breaks_after_the_request_may_have_done_something():
    reason = ReasonOfTLS(ssl.SSLEOFError(8, "EOF occurred in violation of protocol"))
    pool = HTTPSConnectionPool("127.0.0.1")
    error = failure(SSLError(MaxRetryError(pool, "/", reason)), Call("POST", "/", (), 1, 1), "https://127.0.0.1")
    assert (error.status, error.uncertain) == (502, True)


def test_no_library_logs_the_address_with_the_parameters_in_it(serve: Serve, caplog):
    def answer(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nno header at all\r\n\r\nnull")
        handler.close_connection = True

    with pytest.raises(DroneError):
        client_of(serve(lambda _: answer)).create(EDRONE, CustomBuild("develop"), SECRET)
    assert "planted" not in caplog.text
