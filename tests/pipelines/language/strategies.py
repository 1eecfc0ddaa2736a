"""Made-up YAML, with what it means: written and read here by other rules than edrone's own.

A value is (text of the YAML, what it means); lists and maps are built from such pairs, so what a text means is known before
any parser saw it.
"""

import datetime as dt
import math
import re

from hypothesis import strategies as st

# YAML 1.1 (yaml.org/type): plain scalars and what they are. PyYAML knows no `y` and `n`, so they are text to it; Drone's parser
# is asked about them in tests/e2e.
PLAIN = {
    "yes": True, "Yes": True, "on": True, "true": True, "TRUE": True, "no": False, "off": False, "Off": False, "false": False,
    "~": None, "null": None, "Null": None, "0": 0, "7": 7, "-1": -1, "+12": 12, "0777": 511, "010": 8, "08": "08", "1_000": 1000,
    "1:30": 90, "1:30:00": 5400, "0x1F": 31, "0b101": 5, "1e3": "1e3", "1.5e+3": 1500.0, "1.": 1.0, ".5": 0.5, "6.8523015e+5": 685230.15,
    ".inf": math.inf, "-.INF": -math.inf, "2026-11-23": dt.date(2026, 11, 23), "2026-11-23T10:00:00Z": dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC),
    "1.10": 1.1, "1.10.2": "1.10.2", "y": "y", "n": "n", "N": "N", "NO WAY": "NO WAY", "-a": "-a", "a:b": "a:b",
    "python:3.13": "python:3.13", "http://x.y/z?a=b#c": "http://x.y/z?a=b#c", "a#b": "a#b", "${DRONE_TAG##v}": "${DRONE_TAG##v}", "$${HOME}": "$${HOME}",
    "make test && echo 'done'": "make test && echo 'done'", "it's": "it's", 'say "x"': 'say "x"', "a, b": "a, b", "a [b] {c}": "a [b] {c}", "éü": "éü",
    "🚀 deploy": "🚀 deploy", "tab\tinside": "tab\tinside", "\\n": "\\n", "?x": "?x", ":x": ":x", "---x": "---x", "<": "<", "a\\": "a\\",
}  # fmt: skip
OPEN = re.compile(r"\$\{[^}]*\Z")  # a variable of runners that would go on in what follows
NOT_IN_FLOW = re.compile(r"[\[\]{},?:]|^-$")

words = st.text("ab \n\t'\"\\:#-🚀é{}$%|>&*!?,[]01y\x85\u2028\x07\ufeff\r~", max_size=12)
lines = st.lists(st.text("ab '\"\\:#-é🚀{}$%|0\t ", max_size=8), min_size=1, max_size=4).filter(
    lambda found: not OPEN.search("\n".join(found))
)


@st.composite
def plain(draw, *, flow=False):
    text = draw(st.sampled_from([text for text in PLAIN if not (flow and NOT_IN_FLOW.search(text))]))
    return text, PLAIN[text]


@st.composite
def double(draw):
    value = draw(words)
    return '"' + "".join(c if (c.isalnum() and c.isascii()) or c in " ${}" else f"\\U{ord(c):08x}" for c in value) + '"', value


@st.composite
def single(draw):
    value = draw(st.text("ab :#-{}$%|>&*!?,[]'\"\\01yé🚀", max_size=12).filter(lambda text: not OPEN.search(text)))
    return "'" + value.replace("'", "''") + "'", value


scalars = st.one_of(plain(), double(), single())
flow_scalars = st.one_of(plain(flow=True), double(), single())
names = st.sampled_from(["a", "b", "c", "image", "key one", "8080", "é", "~x", "y-z"])


@st.composite
def flow(draw, depth=2):
    kind = draw(st.sampled_from("slm" if depth else "s"))
    if kind == "s":
        return draw(flow_scalars)
    if kind == "l":
        parts = draw(st.lists(flow(depth - 1), max_size=3))
        return "[" + ", ".join(text for text, _ in parts) + "]", [value for _, value in parts]
    pairs = draw(st.dictionaries(names, flow(depth - 1), max_size=3))
    return "{" + ", ".join(f'"{key}": {text}' for key, (text, _) in pairs.items()) + "}", {k: v for k, (_, v) in pairs.items()}


@st.composite
def block(draw, depth=3):
    """Give the lines of a node, not indented, and its meaning. The first line is for the same line as its key or dash."""
    kind = draw(st.sampled_from("sstflm" if depth else "sst"))
    if kind == "s":
        text, value = draw(scalars)
        return [text], value
    if kind == "f":
        text, value = draw(flow())
        return [text], value
    if kind == "t":
        return draw(literal())
    if kind == "l":
        parts = draw(st.lists(block(depth - 1), min_size=1, max_size=3))
        return ["", *(line for part, _ in parts for line in under("-", part))], [value for _, value in parts]
    pairs = draw(st.dictionaries(names, block(depth - 1), min_size=1, max_size=3))
    return ["", *(line for key, (part, _) in pairs.items() for line in under(f"{quoted(key)}:", part))], {
        k: v for k, (_, v) in pairs.items()
    }


@st.composite
def literal(draw):
    """A block scalar with one of the chompings."""
    content = draw(lines)
    content[0] = "x" + content[0]  # no indentation indicator needed
    chomping = draw(st.sampled_from(["", "-", "+"]))
    empty = draw(st.integers(0, 2))
    while content and not content[-1].strip(" "):
        content.pop()
    value = "\n".join(content) + {"": "\n", "-": "", "+": "\n" * (empty + 1)}[chomping]
    return [f"|{chomping}", *(f"  {line}" if line else "" for line in content), *[""] * empty], value


def quoted(key):
    return f'"{key}"' if key in {"8080", "~x"} else key


def under(head, part):
    first, *rest = part
    return [f"{head} {first}".rstrip(" ") if not first else f"{head} {first}", *(f"  {line}" if line else "" for line in rest)]


@st.composite
def documents(draw, keys=names):
    """A document that is a map, with its meaning."""
    pairs = draw(st.dictionaries(keys, block(), min_size=1, max_size=4))
    text = "\n".join(line for key, (part, _) in pairs.items() for line in under(f"{quoted(key)}:", part)) + "\n"
    return text, {key: value for key, (_, value) in pairs.items()}
