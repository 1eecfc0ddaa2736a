"""No file, whoever wrote it, holds up the builds of others."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.language.errors import ComposeError

STEP = "name: a\nimage: b\n"


def chain(length: int) -> dict[str, str]:
    """Make files f1 to f<length>, each extends the next."""
    files = {f"f{number}": f"extends: f{number + 1}.yaml\nk{number}: 1\n" for number in range(1, length)}
    return {**files, f"f{length}": STEP}


def refused(composed, top: str, **files: str) -> str:
    with pytest.raises(ComposeError) as caught:
        composed(top, **files)
    return str(caught.value)


def test_eight_files_in_a_row_are_fine(composed):
    assert "k7: 1" in composed("extends: f1.yaml\n", **chain(8)).text


@pytest.mark.parametrize("length", [9, 10, 60, 70])
def test_nine_files_in_a_row_are_not(composed, length):
    message = refused(composed, "extends: f1.yaml\n", **chain(length))
    assert message.startswith(
        'projects/f8.yaml:1:1: extends "f9.yaml": more than 8 files extend one another in a row. (extended from'
    )
    assert message.endswith("extended from projects/top.yaml:1:1)")


def test_a_row_is_counted_however_it_was_met_first(composed):
    files = {**chain(8), "late": "extends: f1.yaml\n"}
    message = refused(composed, "extends: [f5.yaml, f1.yaml, late.yaml]\n", **files)
    assert message.startswith('projects/late.yaml:1:1: extends "f1.yaml": with what it extends itself, more than 8 files')


def test_sixty_four_files_are_fine_and_more_are_not(composed):
    files = {f"f{number}": f"name: n{number}\n" for number in range(64)}
    top = "steps:\n" + "".join(f"- extends: f{number}.yaml\n" for number in range(63))
    assert composed(top, **files).text.count("name:") == 63
    assert "top.yaml:65:3: more than 64 files" in refused(composed, f"{top}- extends: f63.yaml\n", **files)


def test_ten_thousand_nodes_are_enough(composed):
    many = "steps:\n" + "- {name: a, image: b, pull: c}\n" * 5000
    assert "projects/top.yaml:" in refused(composed, f"extends: s.yaml\n{many}", s=STEP)
    assert "more than 10000 nodes" in refused(composed, f"extends: s.yaml\n{many}", s=STEP)
    assert "extended from projects/top.yaml:1:1" in refused(composed, "extends: many.yaml\n", many=many)


def test_a_file_of_five_thousand_steps_is_served_if_it_extends_nothing(composed):
    text = "# this file extends: nothing\nsteps:\n" + "- {name: a, image: b, pull: c, x: extends}\n" * 5000
    assert composed(text).text is text


def test_a_file_of_three_thousand_short_steps_is_composed(composed):
    top = "extends: s.yaml\nsteps:\n" + "".join(f"- {{name: s{number}}}\n" for number in range(3000))
    assert composed(top, s="kind: pipeline\n").text.count("name: s") == 3000


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize("top", [f"extends: s.yaml\n{BOMB}", "extends: bomb.yaml\n"])
def test_an_alias_bomb_is_refused(composed, top):
    assert "more than 10000 nodes" in refused(composed, top, s=STEP, bomb=BOMB)


def test_a_bomb_of_files_is_refused(composed):
    files = {f"f{n}": "steps:\n" + f"- extends: g{n + 1}.yaml\n" * 12 for n in range(6)}
    files |= {f"g{n}": f"- extends: g{n + 1}.yaml\n" * 12 for n in range(1, 6)}
    assert "more than 10000 nodes" in refused(composed, "extends: f0.yaml\n", **files, g6="- name: a\n")


def test_a_large_result_is_refused(composed):
    top = "steps:\n" + "- extends: big.yaml\n" * 30
    assert "larger than 1048576 bytes" in refused(composed, top, big=f"text: {'x y ' * 10_000}\n")


def test_a_result_of_nearly_a_megabyte_is_served(composed):
    line = "x" * 60_000
    top = "extends: s.yaml\nlines:\n" + f"- {line}\n" * 17
    assert len(composed(top, s=STEP).text) > 1_020_000


@pytest.mark.parametrize("opened", ["[", "{", "- ", "? ", "a: [", "[\n", "[{a: "])
def test_deep_nesting_is_refused(composed, opened):
    assert "projects/" in refused(composed, f"extends: s.yaml\na: {opened * 100_000}", s=STEP)
    assert "projects/" in refused(composed, "extends: s.yaml\n", s=opened * 100_000)


def test_nesting_by_aliases_is_refused(composed):
    levels = "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 150))
    assert "more than 100 maps and lists are inside one another" in refused(
        composed, f"extends: s.yaml\na0: &a0 []\n{levels}", s=STEP
    )


def test_a_hundred_levels_are_fine(composed):
    assert composed(f"extends: s.yaml\na: {'[' * 98}{']' * 98}\n", s=STEP).text


def test_directives_are_limited(composed):
    directives = "".join(f"%TAG !a{n}! x\n" for n in range(50_000))
    assert "more than 16 %TAG directives" in refused(composed, f"{directives}---\nextends: s.yaml\n", s=STEP)


def test_long_keys_that_are_no_words_are_not_copied(composed):
    top = f"extends: s.yaml\na: &a {'x' * 900_000}\n? [{'*a, ' * 7_000}*a]\n: b\n"
    assert "larger than 1048576 bytes" in refused(composed, top, s=STEP)


@pytest.mark.parametrize("length", [8, 62])
def test_deep_files_in_a_long_row_do_not_end_in_a_stack_overflow(composed, length):
    files = chain(length)
    files[f"f{length}"] = f"a: {'[' * 98}{']' * 98}\n"

    def called_from_deep_inside(levels: int) -> str:
        if levels:
            return called_from_deep_inside(levels - 1)
        try:
            return str(composed("extends: f1.yaml\n", **files).text)
        except ComposeError as error:
            return str(error)

    for levels in (0, 200, 400, 600, 800):
        assert re.search("more than 8 files|too deeply nested|k1: 1", called_from_deep_inside(levels))


HEAVY = """
import resource, sys
from pipelines.language.compose import compose
from pipelines.errors import ConfigError

class Files:
    def __init__(self, texts): self.texts = texts
    def text(self, path): return self.texts.get(path)
    def paths_near(self, path): return list(self.texts)

MB = 1024 * 1024
step = "name: a\\nimage: b\\n"
heavy = ["a: b\\n", "---\\n", "[" , "{", "- ", "?\\n", "'", '"\\\\U0001F600', "&a ", "*a ", "# extends:\\n", "extends extends ",
         "a: |\\n x\\n", "a: >\\n\\n x\\n", "\\t", "\\ufeff", "\\u2028", "\\r", "- {extends: s.yaml}\\n", "- *a\\n", "[],", "<<: {a: b}\\n",
         "x" , "x y\\n ", "a: x:", "!!str ", "%TAG ! x\\n", "- extends: s.yaml\\n  a+: [b]\\n", "{a: [b, {c: d}]}, "]
resource.setrlimit(resource.RLIMIT_CPU, (240, 240))
for unit in heavy:
    for head in ["extends: s.yaml\\n", "steps:\\n- extends: s.yaml\\n", "- extends: s.yaml\\n", "extends: s.yaml\\na: &a\\n", "# extends:\\n", "extends: s.yaml\\na: "]:
        text = (head + unit * (MB // len(unit)))[: MB]
        for files in ({"top.yaml": text, "s.yaml": step}, {"top.yaml": "extends: s.yaml\\n", "s.yaml": text}):
            try:
                compose("top.yaml", files["top.yaml"], Files(files))
            except ConfigError as error:
                str(error)
# Not ru_maxrss, which is handed down by whoever starts the process.
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) // 1024)
"""


@pytest.mark.slow
def test_whatever_a_megabyte_says_the_process_lives_and_stays_small():
    done = subprocess.run(
        [sys.executable, "-c", HEAVY], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) < 200
