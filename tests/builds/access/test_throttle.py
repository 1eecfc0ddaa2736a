"""Wrong passwords are limited."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connections
from django.test import Client

from builds.access import throttle
from builds.access.failure_models import Failures
from builds.access.models import Level
from builds.access.throttle import LOGIN, LOGIN_FROM_AN_ADDRESS, attempt, wait
from tests.builds.conftest import person

pytestmark = pytest.mark.django_db
NOW = "2026-11-24T12:00:00Z"


def login(name: str, password: str, address: str = "10.0.0.1"):
    data = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post("/admin/login/?next=/admin/", data)


def test_after_ten_wrong_passwords_even_the_right_one_has_to_wait_until_the_window_ends():
    person("ada", Level.VIEW, password="right-horse")
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(LOGIN_FROM_AN_ADDRESS.most):
            assert b"Please enter a correct" in login("ada", "wrong").content
        answer = login("ADA", "right-horse")
        assert answer.status_code == 200
        assert b"Too many wrong passwords. Try again in 15 minutes." in answer.content
        assert login("ada", "right-horse", "10.0.0.2").status_code == 302
        clock.shift(LOGIN_FROM_AN_ADDRESS.window.total_seconds() + 1)
        assert login("ada", "right-horse").status_code == 302


def test_guessing_from_many_addresses_is_slowed_down_too():
    person("ada", Level.VIEW, password="right-horse")
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(LOGIN.most):
            attempt(LOGIN, "ada")
        clock.shift(LOGIN.window.total_seconds() - 60)
        for _ in range(LOGIN_FROM_AN_ADDRESS.most):  # that are not looked at, so they do not count for the address
            assert b"Too many" in login("ada", "right-horse", "10.9.9.9").content
        clock.shift(61)
        assert login("ada", "right-horse", "10.9.9.9").status_code == 302


def test_no_header_gives_more_tries():
    person("ada", Level.VIEW, password="right-horse")
    for number in range(LOGIN_FROM_AN_ADDRESS.most):
        headers = dict.fromkeys(("x-forwarded-for", "x-real-ip", "x-client-ip"), f"10.1.1.{number}")
        client = Client(REMOTE_ADDR="10.0.0.1", headers=headers | {"forwarded": f"for=10.1.1.{number}"})
        client.post("/admin/login/", {"username": "ada", "password": "wrong"})
    assert b"Too many wrong passwords" in login("ada", "right-horse").content


def test_a_login_page_does_not_repeat_a_long_name():
    person("ada")
    answer = login("a" * 400_000, "wrong")
    assert b"Please enter a correct" in answer.content
    assert len(answer.content) < 20_000
    assert b'value="' + b"a" * 150 + b'"' in answer.content


@pytest.mark.parametrize(("passed", "minutes"), [(0.5, 15), (840, 1), (839, 2), (899.9, 1)])
def test_the_wait_is_said_in_minutes_begun(passed, minutes):
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(LOGIN_FROM_AN_ADDRESS.most):
            login("ada", "wrong")
        clock.shift(passed)
        assert f"Try again in {minutes} minutes.".encode() in login("ada", "wrong").content


def test_right_passwords_are_not_counted():
    person("ada", Level.VIEW, password="right-horse")
    for _ in range(LOGIN_FROM_AN_ADDRESS.most + 1):
        assert login("ada", "right-horse").status_code == 302


@pytest.mark.parametrize(("name", "password"), [("ada", ""), ("", "wrong"), ("", "")])
def test_where_nothing_is_tried_nothing_is_kept(name, password):
    assert b"This field is required." in login(name, password).content
    assert not Failures.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_parallel_wrong_passwords_only_as_many_are_looked_at_as_are_allowed():
    ada = person("ada", Level.VIEW, password="right-horse")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: from_a_thread(lambda: login("ada", "wrong").content), range(40)))
    assert sum(b"Please enter a correct" in answer for answer in answers) == LOGIN_FROM_AN_ADDRESS.most
    assert sum(b"Too many wrong passwords" in answer for answer in answers) == 40 - LOGIN_FROM_AN_ADDRESS.most
    assert [row.count for row in Failures.objects.all()] == [LOGIN_FROM_AN_ADDRESS.most] * 2, "refused tries are not counted"
    ada.delete()


def test_only_some_passwords_are_looked_at_at_once(monkeypatch):
    person("ada", Level.VIEW, password="right-horse")
    monkeypatch.setattr(throttle, "LONGEST_WAIT", 0.01)
    held = [throttle.looking.acquire(blocking=False) for _ in range(throttle.AT_ONCE)]
    try:
        answers = [login("ada", "right-horse"), login("nobody", "wrong")]
    finally:
        for _ in held:
            throttle.looking.release()
    assert all(b"Too many people are signing in" in answer.content for answer in answers)
    assert not Failures.objects.exists(), "what was not looked at is not counted"
    assert login("ada", "right-horse").status_code == 302


def from_a_thread(action: Callable[[], bytes]) -> bytes:
    try:
        return action()
    finally:
        connections.close_all()


def test_guessing_the_old_password_on_the_page_that_changes_it_is_slowed_down_too():
    client = Client(REMOTE_ADDR="10.0.0.1")
    client.force_login(person("ada", Level.VIEW, password="right-horse"))
    data = {"new_password1": "battery-staple", "new_password2": "battery-staple"}
    for _ in range(LOGIN_FROM_AN_ADDRESS.most):
        assert b"entered incorrectly" in client.post("/admin/password_change/", data | {"old_password": "wrong"}).content
    assert b"Too many wrong passwords" in client.post("/admin/password_change/", data | {"old_password": "right-horse"}).content
    assert b"Too many wrong passwords" in login("ada", "right-horse").content


def test_passwords_and_one_too_many_are_in_the_log_without_what_was_typed(caplog):
    caplog.set_level("INFO", "edrone.passwords")
    client = Client(REMOTE_ADDR="10.0.0.1")
    client.force_login(person("ada", Level.VIEW, password="right-horse"))
    login("ada", "right-horse")
    for _ in range(LOGIN_FROM_AN_ADDRESS.most - 1):
        login("ADA", "wrong-horse")
    client.post("/admin/password_change/", {"old_password": "wrong-horse", "new_password1": "x", "new_password2": "x"})
    login("ada", "right-horse")
    login("my-password-in-the-wrong-box", "x")
    login("", "wrong-horse")
    lines = [(entry.levelname, entry.getMessage()) for entry in caplog.records if entry.name == "edrone.passwords"]
    assert lines == [
        ("INFO", "outcome=right user=ada address=10.0.0.1"),
        *[("WARNING", "outcome=wrong user=ada address=10.0.0.1")] * LOGIN_FROM_AN_ADDRESS.most,
        ("WARNING", "outcome=throttled user=ada address=10.0.0.1"),
        ("WARNING", 'outcome=wrong user="unknown user" address=10.0.0.1'),
    ]
    assert "horse" not in caplog.text
    assert "my-password" not in caplog.text


def test_what_was_typed_is_not_kept():
    login("my-password-in-the-wrong-box", "x")
    assert all("my-password" not in row.who for row in Failures.objects.all())


def test_old_counts_are_deleted():
    with time_machine.travel(NOW) as clock:
        attempt(LOGIN, "ada")
        clock.shift(90_000)
        attempt(LOGIN, "bob")
        assert Failures.objects.count() == 1
        assert wait(LOGIN, "ada") == 0
