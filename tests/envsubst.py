r"""What runners do to the raw text of a configuration before they parse it: drone/envsubst, written anew for tests.

It follows parse/parse.go, parse/scan.go and funcs.go of github.com/drone/envsubst v2; tests/test_envsubst.py compares it with
what that library made of 2,405 texts.
"""

import fnmatch
import re
from collections.abc import Mapping

NO_NAME = "unable to parse variable name"
NOT_CLOSED = "missing closing brace"
BAD = "bad substitution"
BAD_FUNCTION = "unable to parse substitution within function"


class SubstitutionError(Exception):
    """Every stage of the file fails."""


def substituted(text: str, variables: Mapping[str, str]) -> str:
    """Replace the variables of a text as a runner does, which puts in a value of several lines with quotes and escapes."""
    values = {name: quoted(value) if "\n" in value else value for name, value in variables.items()}
    return Parser(text, values).text()


def quoted(value: str) -> str:
    """Write a value as Go's %q does."""
    names = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", '"': '\\"', "\\": "\\\\"}

    def shown(character: str) -> str:
        if character in names:
            return names[character]
        if character == " " or (character.isprintable() and not character.isspace()):
            return character
        code = ord(character)
        return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

    return '"' + "".join(map(shown, value)) + '"'


class Parser:
    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self.whole, self.at, self.variables = text, 0, variables

    def peek(self, count: int = 1) -> str:
        return self.whole[self.at : self.at + count]

    def take(self, pattern: str) -> str:
        found = re.compile(pattern, re.DOTALL).match(self.whole, self.at)
        self.at = found.end() if found else self.at
        return found.group() if found else ""

    def text(self) -> str:
        result = []
        while self.at < len(self.whole):
            if self.peek(2) == "${":
                self.at += 2
                result.append(self.expression())
            else:
                result.append(unescaped(self.literal()))
        return "".join(result)

    def literal(self) -> str:
        start = self.at
        while self.at < len(self.whole) and self.peek(2) != "${":
            self.at += 2 if self.peek(2) in {"$$", "\\\\", "\\/"} else 1
        return self.whole[start : self.at]

    def expression(self) -> str:
        """Replace one, behind its `${`."""
        if self.peek() == "#":
            self.at += 1
            name = self.name(BAD)
            self.close(BAD)
            return str(len(self.variables.get(name, "").encode()))
        name = self.name(NO_NAME)
        value = self.variables.get(name, "")
        following = self.peek()
        if following == ":" and self.peek(2) not in {":=", ":-", ":?", ":+"}:
            return self.part_of(value)
        operators = {":": self.default, "=": self.default, ",": self.cased, "^": self.cased, "/": self.replaced}
        operators |= {"#": self.trimmed, "%": self.trimmed}
        if following in operators:
            return operators[following](value)
        self.close(NOT_CLOSED)
        return value

    def name(self, problem: str) -> str:
        return self.take(r"\w+") or fail(problem)

    def close(self, problem: str) -> None:
        self.take(r"\}") or fail(problem)

    def default(self, value: str) -> str:
        self.take(r"=|:[=\-?+]")
        words = []
        while self.peek() != "}":
            words.append(self.word(r"[^}]"))
        self.close(BAD)
        return value or "".join(words)

    def part_of(self, value: str) -> str:
        self.at += 1
        begin = self.word(r"[^:}]")
        length = None
        if not self.take(r"\}"):
            self.take(":+") or fail(BAD)
            length = self.word(r"[^}]")
            self.close(BAD)
        return sliced(value, begin, length)

    def cased(self, value: str) -> str:
        how = self.take(",,?|\\^\\^?")
        if how in {",", "^"} and self.peek() in {",", "^"}:  # any two of them are read as one operator, which does not exist
            how += self.take("[,^]")
        self.close(BAD)
        first = {",": str.lower, "^": str.upper}.get(how)
        if first:
            return first(value[:1]) + value[1:]
        whole = {",,": str.lower, "^^": str.upper}.get(how)
        return whole(value) if whole else value

    def replaced(self, value: str) -> str:
        how = self.take("/[/#%]?")
        old = self.word(r"[^/]", escapes=True)
        self.take("/+") or fail(BAD)
        if self.take(r"\}"):
            return {"//": value.replace(old, ""), "/": value.replace(old, "", 1)}.get(how, value)
        new = self.word(r"[^}]", escapes=True)
        self.close(BAD)
        if how == "/#":
            return new + value.removeprefix(old) if value.startswith(old) else value
        if how == "/%":
            return value.removesuffix(old) + new if value.endswith(old) else value
        return value.replace(old, new, -1 if how == "//" else 1)

    def trimmed(self, value: str) -> str:
        how = self.take("##?|%%?")
        pattern = self.word(r"[^}]")
        self.close(BAD)
        return trimmed(value, pattern, how)

    def word(self, accepted: str, *, escapes: bool = False) -> str:
        """Read an expression, or text up to one."""
        if self.peek(2) == "${":
            self.at += 2
            return self.expression()
        start = self.at
        while self.at < len(self.whole) and self.peek(2) != "${":
            if escapes and self.peek(2) in {"$$", "\\\\", "\\/"}:
                self.at += 2
            elif re.match(accepted, self.peek(), re.DOTALL):
                self.at += 1
            else:
                break
        if self.at == start:
            fail(BAD_FUNCTION)
        text = self.whole[start : self.at]
        return unescaped(text) if escapes else text


def fail(problem: str) -> str:
    raise SubstitutionError(problem)


def unescaped(text: str) -> str:
    return re.sub(r"\$(\$)|\\([\\/])", lambda found: found[1] or found[2], text)


def sliced(value: str, begin: str, length: str | None) -> str:
    data = value.encode()
    if not re.fullmatch(r"[+-]?[0-9]+", begin):
        return value
    start = int(begin)
    if start < 0:
        start = max(0, len(data) + start)
    if length is None:
        return data[start:].decode(errors="replace")
    if not re.fullmatch(r"[+-]?[0-9]+", length):
        return value
    return data[start : start + int(length)].decode(errors="replace")


def trimmed(value: str, pattern: str, how: str) -> str:
    ends = range(len(value) + 1)
    cuts = [(value[:n], value[n:]) for n in ends] if how[0] == "#" else [(value[n:], value[:n]) for n in reversed(ends)]
    matching = [rest for part, rest in cuts if part and fnmatch.fnmatchcase(part, pattern)]
    if not matching:
        return value
    return matching[-1] if len(how) == 2 else matching[0]
