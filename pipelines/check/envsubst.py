r"""How drone/envsubst reads the raw text of a configuration: what it refuses, and what it makes of the rest. Pure.

After parse/parse.go and parse/scan.go of github.com/drone/envsubst.
"""

import re

# Up to the next expression; not possessive as a whole, which Python before 3.11.5 ends too early.
LITERAL = re.compile(r"(?:[^$\\]++|\$\$|\\[\\/]|(?!\$\{).)*", re.DOTALL)
ESCAPED = re.compile(r"\$(\$)|\\([\\/])")
NAME = re.compile(r"\w+")
PLAIN = re.compile(r"#?\w+\}")  # most expressions
# What a word of an expression may hold; a word is never empty, and in some $$, \\ and \/ stand for $, \ and /.
TO_BRACE = re.compile(r"(?:(?!\$\{)[^}])+")
TO_COLON = re.compile(r"(?:(?!\$\{)[^:}])+")
OLD = re.compile(r"(?:\$\$|\\[\\/]|(?!\$\{)[^/])+")
NEW = re.compile(r"(?:\$\$|\\[\\/]|(?!\$\{)[^}])+")
DEFAULT, CASE, REPLACE, TRIM = map(re.compile, ("=|:[=?+-]", "[,^]{1,2}", "/[/#%]?", "##?|%%?"))
BEGIN, NEGATIVE = re.compile(r"[+-]?[0-9]+\Z"), re.compile(r"-0*[1-9][0-9]*\}")
COLONS, SLASHES = re.compile(":+"), re.compile("/+")
MOST = 20  # mistakes of one text; each may have gone through all of it
ANY_VALUE = "s"  # a letter that is no escape behind a backslash

NO_NAME, NOT_CLOSED, BAD = "unable to parse variable name", "missing closing brace", "bad substitution"
CRASH = "a negative length, by which the runner crashes"
BAD_WORD = "unable to parse substitution within function"


class Refused(Exception):
    """An expression that envsubst refuses, with its words for it."""


def substituted(text: str, *, one_word: bool = False) -> tuple[str, list[tuple[int, str]]]:
    """Substitute as a runner does, with ANY_VALUE for every expression.

    Args:
        text: the raw text.
        one_word: a default is exactly one word, as in envsubst 1.0.2; since 1.0.3 it is none or several, too.

    Returns:
        The text; and for each expression that is refused its index in `text` and the problem.
    """
    parts: list[str] = []
    refused: list[tuple[int, str]] = []
    at = 0
    while at < len(text):
        end = literal_end(text, at)
        parts.append(unescaped(text[at:end]))
        if end == len(text) or len(refused) == MOST:
            break
        try:
            at = expression(text, end + 2, one_word)
        except Refused as problem:
            refused.append((end, str(problem)))
            at = end + 2
        except RecursionError:  # hundreds of expressions within one another: not to be looked into
            parts.append(text[end:])
            break
        parts.append(ANY_VALUE)
    return "".join(parts), refused


def unescaped(text: str) -> str:
    r"""Return what is left of a text without expressions: `$$`, `\\` and `\/` stand for `$`, `\` and `/`."""
    return ESCAPED.sub(lambda match: match[1] or match[2], text)


def literal_end(text: str, start: int) -> int:
    match = LITERAL.match(text, start)
    return match.end() if match else start


def expression(text: str, at: int, one_word: bool) -> int:
    """Return the index behind an expression; `at` is the one behind its `${`.

    Raises:
        Refused: it is none.
    """
    if plain := PLAIN.match(text, at):
        return plain.end()
    if text.startswith("#", at):
        return close(text, take(NAME, text, at + 1, BAD), BAD)
    at = take(NAME, text, at, NO_NAME)
    if match := DEFAULT.match(text, at):
        at = match.end()
        if one_word:
            at = word(TO_BRACE, text, at, one_word)
        else:
            while at < len(text) and text[at] != "}":
                at = word(TO_BRACE, text, at, one_word)
    elif text.startswith(":", at):
        at = part_of(text, at + 1, one_word)
    elif match := REPLACE.match(text, at):
        at = replacement(text, match.end(), one_word)
    elif match := TRIM.match(text, at):
        at = word(TO_BRACE, text, match.end(), one_word)
    elif match := CASE.match(text, at):
        at = match.end()
    else:
        return close(text, at, NOT_CLOSED)
    return close(text, at, BAD)


def part_of(text: str, at: int, one_word: bool) -> int:
    """Return the index behind `begin` or `begin:length`."""
    begin = at
    at = word(TO_COLON, text, at, one_word)
    if text.startswith("}", at):
        return at
    length = take(COLONS, text, at, BAD)
    if BEGIN.match(text[begin:at]) and NEGATIVE.match(text, length):
        raise Refused(CRASH)
    return word(TO_BRACE, text, length, one_word)


def replacement(text: str, at: int, one_word: bool) -> int:
    """Return the index behind `old/` or `old/new`."""
    at = take(SLASHES, text, word(OLD, text, at, one_word), BAD)
    return at if text.startswith("}", at) else word(NEW, text, at, one_word)


def word(accepted: re.Pattern[str], text: str, at: int, one_word: bool) -> int:
    if text.startswith("${", at):
        return expression(text, at + 2, one_word)
    return take(accepted, text, at, BAD_WORD)


def take(accepted: re.Pattern[str], text: str, at: int, problem: str) -> int:
    match = accepted.match(text, at)
    if not match:
        raise Refused(problem)
    return match.end()


def close(text: str, at: int, problem: str) -> int:
    if not text.startswith("}", at):
        raise Refused(problem)
    return at + 1
