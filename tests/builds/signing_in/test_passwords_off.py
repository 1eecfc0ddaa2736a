"""Passwords can be switched off, once people sign in otherwise."""

from typing import Any

import pytest
from django.test import Client

from builds.access.models import Level
from tests.builds.conftest import person
from tests.builds.signing_in.conftest import Browser
from tests.builds.signing_in.test_forges import text, who
from tests.sign_in_providers import Provider

FORM = {"username": "root", "password": "right-horse"}


@pytest.fixture
def off(settings: Any, github: Provider) -> None:
    settings.EDRONE_PASSWORDS = False
    settings.AUTHENTICATION_BACKENDS = ["builds.signing_in.backend.ElsewhereBackend"]


def test_the_login_page_offers_both(browser: Browser, github: Provider):
    page = text(browser.get("/admin/login/?next=/admin/builds/repo/"))
    assert "Sign in with GitHub" in page
    assert 'name="password"' in page
    assert page.count('name="next" value="/admin/builds/repo/"') == 2


def test_without_a_provider_it_offers_passwords_alone(browser: Browser):
    page = text(browser.get("/admin/login/"))
    assert "Sign in with" not in page
    assert 'name="password"' in page


def test_no_password_is_asked_for_or_taken(off: None, browser: Browser):
    person("root", is_superuser=True, password="right-horse")
    page = text(browser.get("/admin/login/"))
    assert "Sign in with GitHub" in page
    assert 'name="password"' not in page
    answer = browser.post("/admin/login/", FORM)
    assert (answer.status_code, who(browser)) == (200, None)
    assert "edrone takes no passwords here" in text(answer)


def test_sessions_that_began_with_one_end(browser: Client, settings: Any, github: Provider):
    person("root", is_superuser=True, password="right-horse")
    browser.post("/admin/login/", FORM)
    assert browser.get("/admin/").status_code == 200
    settings.AUTHENTICATION_BACKENDS = ["builds.signing_in.backend.ElsewhereBackend"]
    assert browser.get("/admin/").status_code == 302


def test_nobody_changes_their_own(off: None, browser: Browser):
    browser.force_login(person("ada", Level.VIEW, password="right-horse"))
    assert browser.get("/admin/password_change/").status_code == 404
