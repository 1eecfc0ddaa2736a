"""Guessing passwords is slowed down."""

import pytest
import time_machine
from django.test import Client

from builds.models.failures import Failures
from builds.throttle import LOGIN, LOGIN_FROM_AN_ADDRESS, failed, wait
from tests.builds.conftest import person

pytestmark = pytest.mark.django_db
NOW = "2026-11-24T12:00:00Z"


def login(name: str, password: str, address: str = "10.0.0.1"):
    data = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post("/admin/login/?next=/admin/", data)


def test_after_ten_wrong_passwords_even_the_right_one_has_to_wait_until_the_window_ends():
    person("ada", password="right-horse", is_staff=True)
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(LOGIN_FROM_AN_ADDRESS.most):
            assert b"Please enter the correct" in login("ada", "wrong").content
        answer = login("ADA", "right-horse")
        assert answer.status_code == 200
        assert b"Too many wrong passwords. Try again in 16 minutes." in answer.content
        assert login("ada", "right-horse", "10.0.0.2").status_code == 302
        clock.shift(LOGIN_FROM_AN_ADDRESS.window.total_seconds() + 1)
        assert login("ada", "right-horse").status_code == 302


def test_guessing_from_many_addresses_is_slowed_down_too():
    person("ada", password="right-horse", is_staff=True)
    for _ in range(LOGIN.most):
        failed(LOGIN, "ada")
    assert b"Too many" in login("ada", "right-horse", "10.9.9.9").content


def test_right_passwords_are_not_counted():
    person("ada", password="right-horse", is_staff=True)
    for _ in range(LOGIN_FROM_AN_ADDRESS.most + 1):
        assert login("ada", "right-horse").status_code == 302


def test_what_was_typed_is_not_kept():
    login("my-password-in-the-wrong-box", "x")
    assert all("my-password" not in row.who for row in Failures.objects.all())


def test_old_counts_are_deleted():
    with time_machine.travel(NOW) as clock:
        failed(LOGIN, "ada")
        clock.shift(90_000)
        failed(LOGIN, "bob")
        assert Failures.objects.count() == 1
        assert wait(LOGIN, "ada") == 0
