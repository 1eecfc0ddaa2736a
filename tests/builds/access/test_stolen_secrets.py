"""What some secrets do not open to whoever has nothing else."""

from typing import Any

import pytest
import time_machine
from django.contrib.sessions.backends import signed_cookies
from django.test import Client

from builds.access.models import Level
from builds.access.token_models import ApiToken, make_token
from tests.builds.conftest import person
from tests.conftest import every_row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_drone")]
PASSWORD = "right-horse-battery"
DAY = 86_400  # seconds


def logged_in() -> Client:
    person("root", is_superuser=True, password=PASSWORD)
    client = Client()
    assert client.post("/admin/login/", {"username": "root", "password": PASSWORD}).status_code == 302
    return client


def test_a_token_opens_no_page_and_makes_no_token() -> None:
    token = make_token(person("root", is_superuser=True), "all").text
    client = Client(headers={"Authorization": f"Bearer {token}"})
    for path in (
        "/admin/",
        "/admin/builds/apitoken/",
        "/admin/builds/apitoken/add/",
        "/admin/builds/people/",
        "/admin/auth/user/",
    ):
        assert client.get(path).headers["Location"].startswith("/admin/login/")
    client.post("/admin/builds/apitoken/add/", {"name": "another", "days": 365})
    assert ApiToken.objects.count() == 1


def test_secret_key_alone_makes_no_session() -> None:
    """As it would with sessions that are kept in a signed cookie."""
    forged = signed_cookies.SessionStore()
    forged.update(dict(logged_in().session.items()))
    forged.save()
    client = Client()
    client.cookies["sessionid"] = str(forged.session_key)
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")


def test_a_copy_of_the_database_holds_sessions_and_neither_passwords_nor_tokens() -> None:
    token = make_token(person("ann", Level.VIEW), "hers").text
    rows = every_row() if (session := logged_in().session.session_key) else ""
    assert str(session) in rows
    assert PASSWORD not in rows
    assert token not in rows


def test_another_secret_key_ends_every_session(settings: Any) -> None:
    client = logged_in()
    assert client.get("/admin/").status_code != 302
    settings.SECRET_KEY = "another one, of more than thirty-two characters"
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")


def test_a_session_does_not_change_the_password_without_the_old_one() -> None:
    client = Client()
    client.force_login(person("ann", Level.VIEW, password=PASSWORD))
    new = {"new_password1": "another-battery", "new_password2": "another-battery"}
    assert client.post("/admin/password_change/", new | {"old_password": "guessed"}).status_code == 200
    assert Client().login(username="ann", password=PASSWORD)


def test_a_login_by_password_lasts_two_weeks_and_nothing_makes_it_last_longer() -> None:
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False) as clock:
        client = logged_in()
        clock.shift(13 * DAY)
        session = client.session
        session["noted"] = True
        session.save()
        assert client.get("/admin/").status_code != 302
        clock.shift(DAY + 1)
        assert client.get("/admin/").headers["Location"].startswith("/admin/login/")
