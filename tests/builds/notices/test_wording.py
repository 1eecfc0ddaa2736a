"""What notices say: what happened, and never what somebody who wrote a commit wants to happen."""

import re

import pytest
from django.utils import translation

from builds.drone_db.models import Build
from builds.drone_db.queries import build_of
from builds.notices.models import Topic
from builds.notices.wording import harmless, of_build
from tests.builds.notices.rows import Rows


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Raise Django to 5.2.4", "Raise Django to 5.2.4"),
        ("修复登录 (README.md, a_b, *c*)", "修复登录 (README.md, a_b, *c*)"),
        ('@everyone @channel <!channel> <@U123> <at user_id="all">', '＠everyone ＠channel ‹!channel› ‹＠U123› ‹at user_id="all"›'),
        ("see https://evil.example/x and www.evil.example", "see https[:]//evil.example/x and www[.]evil.example"),
        ("[click](https://evil.example) ![p](x.png) [a][b]", "[click] (https[:]//evil.example) ![p] (x.png) [a] [b]"),
        ("mailto:a@b.example tel:123 javascript:alert(1)", "mailto[:]a＠b.example tel[:]123 javascript[:]alert(1)"),
        ("```\ncode", "ˋˋˋ code"),
        ("a\x1b[31mred\x07 \u202edlrow\x00", "a[ESC] [31mred[BEL] [U+202E]dlrow[NUL]"),
        ("one\r\nSubject: two\n\n.\n", "one Subject: two ."),
        ("x" * 500, "x" * 100 + "…"),
        ("\ud800", "[U+D800]"),
        ("", ""),
    ],
)  # fmt: skip
def test_texts_of_others_mention_nobody_link_nowhere_and_hide_nothing(text, expected):
    assert harmless(text) == expected


def text_of(rows: Rows, build: int, topic: Topic = Topic.FAILED, target: str = "", started: str = ""):
    row = Build.objects.select_related("repo").get(pk=build)
    whole = build_of(row.repo.slug, row.number)
    assert whole
    return of_build(topic, row.repo.slug, whole, target, started)


def test_a_failure_says_what_failed_and_how(rows):
    build = rows.run("failure", message="Fix login\n\nmore", after="014fc4e8aa")
    rows.stage(build, "failure", "test", "unit", 1)
    text = text_of(rows, build)
    assert text.title == "Failed: shop/cart #1"
    assert text.body == "push · master · 014fc4e8\n“Fix login”\nby ann\ntest / unit: exit code 1"
    assert text.path == "/admin/builds/build/shop/cart/1/"


def test_an_operation_is_named_and_a_promotion_names_not_that_of_its_parent(rows):
    operation = rows.run("failure", event="custom", action="smoke-test", after="014fc4e8aa")
    assert text_of(rows, operation).body.startswith("custom · smoke-test · master · 014fc4e8\n")
    promotion = rows.run("failure", event="promote", action="smoke-test", deploy="production")
    assert "smoke-test" not in text_of(rows, promotion).body
    hostile = rows.run("failure", event="custom", action="<b>@all")
    assert "‹b›＠all" in text_of(rows, hostile).body


def test_many_failures_are_named_up_to_three(rows):
    build = rows.run("failure")
    for number in range(5):
        rows.stage(build, "failure", f"p{number}", "unit", number)
    assert text_of(rows, build).body.splitlines()[3:] == ["p0 / unit", "p1 / unit: exit code 1", "p2 / unit: exit code 2", "…"]


def test_an_error_is_quoted_and_a_deployment_says_who_and_where(rows):
    build = rows.run(
        "error", event="promote", deploy="production", trigger="edrone", error="linter: unsupported os: edrone: no file"
    )
    text = text_of(rows, build, Topic.DEPLOYED, "production", "wei")
    assert text.title == "Deployment to production failed: shop/cart #1"
    assert text.body.splitlines()[2:] == ["by wei", "no file"]


def test_notices_speak_the_language_of_the_channel(rows):
    build = rows.run("failure")
    with translation.override("zh-hans"):
        assert "shop/cart #1" in text_of(rows, build).title


NASTY = '@all <!here> [x](http://evil.example) \u202e`\x1b\n<at user_id="all"></at>'


def test_every_text_of_a_build_is_made_harmless(rows):
    nasty = dict.fromkeys(
        ("message", "title", "author", "author_name", "sender", "trigger", "after", "target", "error", "source"), NASTY
    )
    build = rows.run("failure", **nasty, ref=f"refs/heads/{NASTY}")
    rows.stage(build, "failure", NASTY, NASTY, 1)
    rows.execute("UPDATE builds SET build_error = ''")
    for text in (text_of(rows, build), text_of(rows, build, Topic.DEPLOYED, NASTY, NASTY)):
        for line in (text.title, *text.body.split("\n")):
            assert not re.search(r"[@<>`\x00-\x1f\u202e]|://|\]\(", line), line
        assert len(text.body) < 3000
