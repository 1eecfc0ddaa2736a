"""Every regular expression that has a name, in every way in which it is used."""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import builds
import configs
import drone_api
import edrone_site
import pipelines
import texts
import web
from benchmarks.growth_inputs import Make, MeasuredReader

LARGEST = 200_000  # characters


def expressions() -> Iterator[MeasuredReader]:
    """Give every regular expression that has a name, with the ways in which it is used."""
    for package in (configs, builds, edrone_site, pipelines, drone_api, texts, web):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" in info.name or info.name.endswith(("wsgi", "urls")):
                continue
            module = importlib.import_module(info.name)
            source = Path(module.__file__ or "").read_text()
            for name, pattern in vars(module).items():
                if not isinstance(pattern, re.Pattern):
                    continue
                ways = set(re.findall(rf"\b{name}\.(search|match|fullmatch|findall|sub|split|finditer)\b", source))
                for way in sorted(ways):
                    yield MeasuredReader(f"{info.name}.{name}.{way}", using(pattern, way), hostile_to(pattern), LARGEST)


def using(pattern: re.Pattern[Any], way: str) -> Callable[[Any], object]:
    """Use an expression in one way."""
    method = getattr(pattern, way)
    if way == "sub":
        return lambda text: method(text[:0], text)
    return (lambda text: sum(1 for _ in method(text))) if way == "finditer" else method


def hostile_to(pattern: re.Pattern[Any]) -> dict[str, Make]:
    """Repeat what stands in an expression, alone and in pairs, with an end that fits nothing."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    words = [word for word in re.findall(r"[A-Za-z]{2,}", source) if word.isascii()][:6]
    signs = [sign for sign in dict.fromkeys(re.sub(r"[A-Za-z0-9]", "", source)) if sign.isprintable()][:12]
    parts = list(dict.fromkeys([*words, *signs, "a", "A", "1", "_", " ", "\n", "\t", "\r", "/", ":", "$", "\x1b["]))
    pairs = [one + other for one in words[:3] + signs[:4] + ["a"] for other in ["a", " ", "_", "1", *signs[:3]]]
    binary = isinstance(pattern.pattern, bytes)

    def make(part: str) -> Make:
        return lambda size: (part * (size // len(part)) + "\x00").encode() if binary else part * (size // len(part)) + "\x00"

    return {repr(part): make(part) for part in [*parts, *pairs]}
