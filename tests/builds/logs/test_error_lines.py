"""Which lines look like errors; the rule is in docs/browsing.md."""

import pytest

from builds.logs.error_lines import looks_like_error


@pytest.mark.parametrize(
    "line",
    [
        "error: no such file",
        "ERROR in ./src/index.js",
        "[Error] it broke",
        "Traceback (most recent call last):",
        "E       assert 1 == 2",
        "AssertionError: expected 200, got 502",
        "Caused by: java.io.IOException: broken pipe",
        "panic: runtime error: index out of range",
        "1 failed, 25 passed in 4.30s",
        "--- FAIL: TestCart (0.00s)",
        "npm ERR! code 1",
        "make: *** [Makefile:12: test] Error 1",
        "exit code 2",
        "The command returned exit status: 1",
        "FATAL:  password authentication failed",
        "3 errors, 0 warnings",
        "0 errors, 2 failures",
    ],
)
def test_a_line_looks_like_an_error(line):
    assert looks_like_error(line)
    assert looks_like_error(f"fine\n{line}\nfine")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "0 errors, 0 warnings",
        "no failures",
        "errors: 0, failed=0",
        "compiling src/error.go",
        "ok errors.test.js",
        "pytest --fail-on-error -Werror",
        "test_error_is_shown PASSED",
        "terror in the mirror",
        "exit code 0",
        "failsafe plugin",
        "console.error(x) is allowed",
    ],
)
def test_a_line_does_not(line):
    assert not looks_like_error(line)
