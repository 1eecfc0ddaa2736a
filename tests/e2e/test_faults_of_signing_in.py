"""Faults of the providers that people sign in with: who comes back gets one page that says so, and nobody else waits.

edrone is one worker with few connections to PostgreSQL, so that whatever a sign-in holds while it waits would be missed elsewhere.
"""

import html
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from builds.access.throttle import BUSY
from builds.signing_in.errors import AWAY, NOT_ACCEPTED
from builds.signing_in.requests_out import ALL_REQUESTS, CONNECT, MOST
from demo.standin.http import LocalServer, Response
from tests import drones
from tests.e2e.running import SECRET as DRONES_SECRET
from tests.e2e.running import Server, administrator, answers, ask, manage, serving
from tests.e2e.test_many_processes import MASTER
from tests.server import wait_until
from tests.sign_in_providers import (
    CLIENT,
    DEEP,
    SECRET,
    TOKEN,
    Answer,
    OpenID,
    Provider,
    another_key,
    hangs,
    published,
    said,
    standing_in,
    trickles,
)

NAMES = {"github": "GitHub", "gitlab": "GitLab", "oidc": "Keycloak"}
ADDRESSES = {"github": "/login/oauth/access_token", "gitlab": "/api/v4/user", "oidc": "/keys"}  # where the fault is
CONFIGURATION = "/.well-known/openid-configuration"
SLOW: dict[str, Answer] = {"nothing": hangs, "a byte now and then": trickles}
WRONG: dict[str, Answer] = {
    "status 500": said(500, {"message": TOKEN}),
    "HTML": Response(200, b"<!DOCTYPE html><title>Maintenance</title>" + b"<p>" * 300_000, "text/html"),
    "half of its JSON": Response(200, b'{"access_token": "' + TOKEN.encode()),
    "JSON of 30 MB": Response(200, b'{"keys": "' + b"x" * 30_000_000 + b'"}'),
    "JSON nested too deep": DEEP,
    "a megabyte that is no text": Response(200, bytes(range(256)) * 4_000, "application/octet-stream"),
    "a redirect": Response(307, headers={"Location": "/elsewhere"}),
}
IN_TIME = ALL_REQUESTS + CONNECT + 10  # seconds; the last for a busy machine


@dataclass
class Person:
    """A browser on its way to a provider and back."""

    edrone: str
    kind: str
    session: requests.Session = field(default_factory=requests.Session)
    secrets: list[str] = field(default_factory=list)  # that came back with the person

    def begin(self) -> requests.Response:
        login = f"{self.edrone}/admin/login/"
        self.session.get(login, timeout=60)
        form = {"csrfmiddlewaretoken": self.session.cookies["csrftoken"], "next": "/admin/"}
        return self.session.post(f"{self.edrone}/admin/signin/{self.kind}/", form, headers={"Referer": login}, timeout=60)

    def agree(self) -> str:
        """Return the address to which the provider sends the browser back."""
        page = self.begin()
        assert page.status_code == 200, page.text
        asked = html.unescape(re.findall(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)[0])
        back = html.unescape(re.findall(r'id="yes" href="([^"]+)"', requests.get(asked, timeout=60).text)[0])
        self.secrets = [each for values in parse_qs(urlsplit(back).query).values() for each in values]
        return back

    def come_back(self, address: str) -> tuple[requests.Response, float]:
        """Return the answer and how many seconds it took."""
        begun = time.monotonic()
        answer = self.session.get(address, timeout=60, allow_redirects=False)
        return answer, time.monotonic() - begun

    def overview(self) -> int:
        """Return the status of the first page: 200 for whoever may see something, 302 for who is not signed in."""
        return self.session.get(f"{self.edrone}/admin/", timeout=60, allow_redirects=False).status_code


@dataclass
class Site:
    providers: dict[str, Provider]
    running: dict[str, ExitStack] = field(default_factory=dict)  # providers that are
    servers: dict[str, LocalServer] = field(default_factory=dict)  # the last ones of providers
    edrone: Server = field(init=False)

    def person(self, kind: str) -> Person:
        return Person(self.edrone.url, kind)

    def sign_in(self, kind: str) -> Person:
        person = self.person(kind)
        answer, _ = person.come_back(person.agree())
        assert answer.status_code == 302, answer.text
        return person

    def start(self, kind: str) -> None:
        stack, port = ExitStack(), urlsplit(self.providers[kind].url).port or 0
        self.servers[kind] = stack.enter_context(standing_in(self.providers[kind], port))
        self.running[kind] = stack

    def stop(self, kind: str) -> None:
        self.running[kind].close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """edrone with a provider of each kind; ada@github may view everything."""
    folder = tmp_path_factory.mktemp("site")
    made = Site({"github": Provider(), "gitlab": Provider(), "oidc": OpenID()})
    with ExitStack() as stack:
        for kind in NAMES:
            made.start(kind)
            stack.callback(made.stop, kind)
        postgres, drone = stack.enter_context(drones.postgres_server()), drones.recorded_sqlite(folder / "drone.sqlite")
        settings = {
            "EDRONE_WORKERS": "1", "EDRONE_DATABASE_CONNECTIONS": "4",
            "DATABASE_URL": postgres.get_uri(), "DRONE_DATABASE_URL": f"sqlite:///{drone}",
            "EDRONE_OIDC_ISSUER": made.providers["oidc"].url, "EDRONE_OIDC_NAME": NAMES["oidc"],
            "EDRONE_GITHUB_SERVER": made.providers["github"].url, "EDRONE_GITLAB_SERVER": made.providers["gitlab"].url,
        }  # fmt: skip
        for kind in NAMES:
            settings |= {f"EDRONE_{kind.upper()}_CLIENT_ID": CLIENT, f"EDRONE_{kind.upper()}_CLIENT_SECRET": SECRET}
        administrator("admin", DRONES_SECRET, **settings)
        made.edrone = stack.enter_context(serving(folder / "state", **settings))
        made.sign_in("github")
        granted = manage("grant", "ada@github", "*", "view", **settings)
        assert granted.returncode == 0, granted.stderr
        yield made


def sentence_of(page: requests.Response) -> str:
    """Return the one sentence that a page says."""
    [said] = re.findall(r'<div class="notice">\s*<p>(.*?)</p>', page.text)
    assert 'href="/admin/login/"' in page.text
    return html.unescape(said)


def check_secrets(site: Site, people: list[Person], pages: list[requests.Response]) -> None:
    everything = site.edrone.log.read_text() + "".join(page.text for page in pages)
    assert "Traceback" not in everything
    for secret in [SECRET, TOKEN, *(secret for person in people for secret in person.secrets)]:
        assert secret not in everything


@pytest.mark.parametrize("fault", SLOW | WRONG)
def test_while_providers_answer_wrongly_or_not_at_all_nobody_is_signed_in_and_nobody_else_waits(fault: str, shared: Site):
    member = shared.sign_in("github")
    people = [shared.person(kind) for kind in NAMES for _ in range(MOST // 2)]  # more than may wait at once
    ways_back = [person.agree() for person in people]
    for kind, provider in shared.providers.items():
        provider.answers = {ADDRESSES[kind]: (SLOW | WRONG)[fault]}
    try:
        with ThreadPoolExecutor(len(people)) as pool:
            calls = [pool.submit(person.come_back, address) for person, address in zip(people, ways_back, strict=True)]
            others_go_on(shared, member, calls)
    finally:
        for provider in shared.providers.values():
            provider.answers = {}
    pages = [call.result()[0] for call in calls]
    for person, page in zip(people, pages, strict=True):
        right = (503, AWAY) if fault in SLOW else (403, NOT_ACCEPTED)
        expected = {(status, str(words % {"name": NAMES[person.kind]})) for status, words in (right, (503, BUSY))}
        assert (page.status_code, sentence_of(page)) in expected
        assert person.overview() == 302
    assert sum(page.status_code == 503 and "Too many" in page.text for page in pages) < len(pages) // 2
    assert max(seconds for _, seconds in (call.result() for call in calls)) < IN_TIME
    assert not any(request.path == "/elsewhere" for server in shared.servers.values() for request in server.requests)
    check_secrets(shared, people, pages)
    assert member.overview() == 200
    for kind in NAMES:
        shared.sign_in(kind)


def others_go_on(site: Site, member: Person, calls: list["Future[tuple[requests.Response, float]]"]) -> None:
    """Be Drone, and somebody with a session, until all calls have ended."""
    times = list[float]()
    while len(times) < 20 or not all(call.done() for call in calls):
        begun = time.monotonic()
        assert ask(site.edrone.url).json()["Data"] == MASTER
        times.append(time.monotonic() - begun)
        assert member.overview() == 200
    assert max(times) < 2, times


def test_a_provider_that_is_down_is_said_to_be_and_can_be_used_once_it_is_back(shared: Site):
    member = shared.sign_in("github")
    people = [shared.person(kind) for kind in NAMES]
    ways_back = [person.agree() for person in people]
    for kind in NAMES:
        shared.stop(kind)
    try:
        pages = [person.come_back(address)[0] for person, address in zip(people, ways_back, strict=True)]
        assert member.overview() == 200
    finally:
        for kind in NAMES:
            shared.start(kind)
    for person, page in zip(people, pages, strict=True):
        assert (page.status_code, sentence_of(page)) == (503, AWAY % {"name": NAMES[person.kind]})
        assert person.overview() == 302
    check_secrets(shared, people, pages)
    for kind in NAMES:
        shared.sign_in(kind)


def test_a_wrong_key_signs_nobody_in_and_a_changed_one_counts_at_once(shared: Site):
    oidc = shared.providers["oidc"]
    assert isinstance(oidc, OpenID)
    person = shared.person("oidc")
    back = person.agree()
    before = oidc.key, oidc.header
    try:
        oidc.key = another_key
        page, _ = person.come_back(back)
        assert (page.status_code, sentence_of(page)) == (403, NOT_ACCEPTED % {"name": NAMES["oidc"]})
        assert person.overview() == 302
        oidc.header = {"kid": "two"}
        oidc.answers = {"/keys": said(200, {"keys": [published(another_key(), "two")]})}
        shared.sign_in("oidc")
    finally:
        oidc.answers = {}
        oidc.key, oidc.header = before
    check_secrets(shared, [person], [page])


def test_a_provider_that_does_not_say_what_it_is_is_asked_again_at_the_next_try(shared: Site):
    """Where its configuration cannot be had, a sign-in does not even begin."""
    [worker] = shared.edrone.workers()
    os.kill(worker, signal.SIGKILL)  # it may have asked already, and keeps that for a while
    wait_until(lambda: shared.edrone.workers() not in ([], [worker]) and answers(shared.edrone.url), "there is another worker")
    oidc, pages = shared.providers["oidc"], []
    try:
        for fault, answer in (SLOW | WRONG).items():
            oidc.answers = {CONFIGURATION: answer}
            pages.append(page := shared.person("oidc").begin())
            expected, words = (503, AWAY) if fault in SLOW else (403, NOT_ACCEPTED)
            assert (page.status_code, sentence_of(page)) == (expected, words % {"name": NAMES["oidc"]}), fault
    finally:
        oidc.answers = {}
    shared.stop("oidc")
    pages.append(page := shared.person("oidc").begin())
    shared.start("oidc")
    assert (page.status_code, sentence_of(page)) == (503, AWAY % {"name": NAMES["oidc"]})
    check_secrets(shared, [], pages)
    shared.sign_in("oidc")
