"""The colours of pages.css: text of a status is read on every ground that a row may have, in both themes."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "web/static/web/pages.css").read_text()
COLOURS = {name: pair for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", CSS)}
AA, AAA = 4.5, 7


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("status", ["good", "bad", "wait", "busy", "off"])
def test_a_status_is_read_on_each_ground(status, theme):
    for ground in ("ground", "soft", "hover", "selected", "wait-ground"):
        assert contrast(COLOURS[status][theme], COLOURS[ground][theme]) >= AAA, ground


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("button", ["danger", "danger-strong"])
def test_a_dangerous_button_is_read(button, theme):
    assert contrast("#ffffff", COLOURS[button][theme]) >= AA
