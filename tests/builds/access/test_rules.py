"""Who may do what: `may`, and the grants that it reads."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from builds.access.models import Grant, Level
from builds.access.rules import level_of, may
from tests.builds.conftest import person

pytestmark = pytest.mark.django_db
EDRONE = "ismewen/edrone"


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("outsider", []),
        ("viewer", [Level.VIEW]),
        ("runner", [Level.VIEW, Level.RUN]),
        ("deployer", [Level.VIEW, Level.RUN, Level.DEPLOY]),
        ("inactive", []),
        ("superuser", [Level.VIEW, Level.RUN, Level.DEPLOY]),
    ],
)
def test_each_level_includes_those_before_it(people, name, levels):
    assert [level for level in Level if may(people[name], level, EDRONE)] == levels
    assert level_of(people[name], EDRONE) == (levels[-1] if levels else None)


def test_guests_and_inactive_superusers_may_nothing():
    for user in (AnonymousUser(), person("gone", is_superuser=True, is_active=False)):
        assert not may(user, Level.VIEW, EDRONE)
        assert level_of(user, EDRONE) is None


@pytest.mark.parametrize(
    ("pattern", "slug", "matches"),
    [
        ("*", "a/b", True),
        ("a/*", "a/b", True),
        ("a/*", "a/sub/b", True),
        ("a/sub/*", "a/sub/b", True),
        ("a/sub/*", "a/b", False),
        ("a/*", "ab/c", False),
        ("a/*", "A/b", False),
        ("a/b", "a/b", True),
        ("a/b", "a/B", False),
        ("a/b", "a/bc", False),
        ("a/b", "a/b/c", False),
        ("a/b.c", "a/bxc", False),
        ("a/b%c", "a/b%c", True),
        ("公司/*", "公司/商店", True),
    ],
)
def test_a_pattern_covers(pattern, slug, matches):
    user = person("somebody", Level.VIEW, pattern)
    assert may(user, Level.VIEW, slug) is matches


@pytest.mark.parametrize(
    "pattern", ["", "a", "a/", "/a", "**", "a/**", "a*/b", "*/b", "a/b*", "a b/c", "a//b", "a/b\n", "a/\x00"]
)
def test_a_pattern_that_would_match_nothing_or_too_much_is_refused(pattern):
    with pytest.raises(ValidationError):
        Grant(user=person("somebody"), pattern=pattern, level=Level.VIEW).full_clean()


def test_a_grant_is_for_a_user_or_a_group_and_the_database_says_so_too():
    user, group = person("somebody"), Group.objects.create(name="shop")
    for whom in ({}, {"user": user, "group": group}):
        with pytest.raises(ValidationError, match="Choose either a user or a group"):
            Grant(pattern="*", level=Level.VIEW, **whom).full_clean()
    with pytest.raises(IntegrityError):
        Grant.objects.create(pattern="*", level=Level.VIEW)


def test_the_database_refuses_a_level_that_there_is_not():
    with pytest.raises(IntegrityError):
        Grant.objects.create(user=person("somebody"), pattern="*", level=4)


def test_groups_grant_to_their_users_until_they_leave():
    user, group = person("somebody"), Group.objects.create(name="shop")
    Grant.objects.create(group=group, pattern="shop/*", level=Level.RUN)
    assert not may(user, Level.VIEW, "shop/cart")
    user.groups.add(group)
    user = User.objects.get(pk=user.pk)
    assert may(user, Level.RUN, "shop/cart")
    assert not may(user, Level.DEPLOY, "shop/cart")


def test_a_higher_level_on_one_repository_says_nothing_of_others():
    user = person("somebody", Level.VIEW)
    Grant.objects.create(user=user, pattern="shop/cart", level=Level.DEPLOY)
    assert may(user, Level.DEPLOY, "shop/cart")
    assert not may(user, Level.RUN, "shop/checkout")


def test_only_limits_what_may_be_started_and_not_what_may_be_seen():
    user = person("somebody", Level.DEPLOY, "shop/*", only="check, smoke-*, staging")
    assert may(user, Level.VIEW, "shop/cart")
    for what in ("check", "smoke-eu", "staging"):
        assert may(user, Level.RUN, "shop/cart", what)
        assert may(user, Level.DEPLOY, "shop/cart", what)
    for what in ("", "production", "checks", "Check"):
        assert not may(user, Level.RUN, "shop/cart", what)
    every_target = person("another", Level.DEPLOY, "shop/*", only="*")
    assert may(every_target, Level.DEPLOY, "shop/cart", "production")
    assert not may(every_target, Level.RUN, "shop/cart")  # a normal build


def test_only_of_one_grant_does_not_limit_another():
    user = person("somebody", Level.DEPLOY, "shop/*", only="staging")
    Grant.objects.create(user=user, pattern="shop/cart", level=Level.RUN)
    assert may(user, Level.RUN, "shop/cart")
    assert may(user, Level.DEPLOY, "shop/cart", "staging")
    assert not may(user, Level.DEPLOY, "shop/cart", "production")


def test_only_is_kept_in_one_form_and_makes_no_sense_for_seeing():
    grant = Grant(user=person("somebody"), pattern="*", level=Level.RUN, only=" a,b  c ,")
    grant.full_clean()
    assert grant.only == "a, b, c"
    grant.level = Level.VIEW
    with pytest.raises(ValidationError, match="A view grant cannot be limited"):
        grant.full_clean()


def test_grants_are_read_once_for_a_user_of_a_request(people, django_assert_num_queries):
    with django_assert_num_queries(1):
        for level in Level:
            may(people["runner"], level, EDRONE)
