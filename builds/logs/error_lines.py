"""Which lines of a log look like errors, so that a reader can go from one to the next. Pure; described in docs/browsing.md.

A line looks like an error if one of these stands in it:

- the word error, errors, fatal, failed, failure, failures, panic, exception or traceback, in any case, unless it is a part of
  a path, a file's name, an option or an identifier (`errors.go`, `--fail-on-error`, `test_error`);
- a name that ends with Error or Exception and begins with a capital (`AssertionError`, `java.io.IOException`);
- `FAIL` or `ERR!` in capitals; `E` and three blanks at the beginning, as pytest writes;
- an exit code, exit status or return code other than 0, or `Error 1` as make writes.

What counts none is no error: `0 errors`, `no failures`, `errors: 0`, `failed=0`.
"""

import re

WORDS = r"(?:errors?|fatal|failed|failures?|panic|exceptions?|traceback)"
# Of a text in lower case. Each begins with a letter, so that the next place to look at is found quickly.
WORD = re.compile(rf"{WORDS}(?![\w/-]|\.\w|\()|exit (?:code|status):?\s?[1-9]|return code:?\s?[1-9]")
NONE = re.compile(rf"\b(?:0|no) {WORDS}\b|\b{WORDS}[ \t]?[:=][ \t]?0\b")
BEFORE = re.compile(r"[\w./-]$")  # what a word is a part of a longer name after
NAME = re.compile(r"\b[A-Z]\w*(?:Error|Exception)\b|\bFAIL\b|\bERR!")
HINTS = ("err", "fail", "fatal", "panic", "exception", "traceback", "exit ", "return code")  # quick to look for
OF_PYTEST = "E   "


def looks_like_error(text: str) -> bool:
    """Say it of one line, without escapes; of several, whether any of them might."""
    if text.startswith(OF_PYTEST) or f"\n{OF_PYTEST}" in text:
        return True
    lowered = text.lower()
    if not any(hint in lowered for hint in HINTS):
        return False
    return bool(NAME.search(text)) or (has_word(lowered) and has_word(NONE.sub(" ", lowered)))


def has_word(text: str) -> bool:
    return any(not BEFORE.match(text[match.start() - 1 : match.start()]) for match in WORD.finditer(text))
