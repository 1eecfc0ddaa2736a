"""What changes, told to a terminal and in a comment."""

import pytest

from pipelines.compare.report import LONGEST_COMMENT, markdown
from pipelines.compare.report import text as as_text
from tests.pipelines.compare.examples import GOOD, OTHER


def test_a_comment_is_safe_whatever_a_pipeline_holds(compared):
    found = compared(
        {"shop/default.yaml": GOOD},
        {"shop/default.yaml": f"{GOOD}  commands:\n  - echo '````'\n  - </details>\n", "shop/<b>.yaml": OTHER},
    )
    text = "\n".join(markdown(found))
    assert "`````diff\n" in text
    assert "&lt;b&gt;" in text
    assert "<b>" not in text.replace("projects/shop/<b>.yaml", "")


def test_a_diff_does_nothing_to_a_terminal(compared):
    found = compared({"shop/default.yaml": GOOD}, {"shop/default.yaml": f"{GOOD}# \u202eä\t\x7f\u009b\n"})
    assert "\n+# \\u202eä\t\\x7f\\x9b" in "\n".join(as_text(found))


def test_a_comment_is_cut_between_changes(compared):
    def files(word):
        return {
            f"shop{n}/default.yaml": GOOD + "  commands:\n" + "".join(f"  - {word} {n} {m} {'x' * 60}\n" for m in range(100))
            for n in range(20)
        }

    text = "\n".join(markdown(compared(files("a"), files("b"))))
    assert len(text) <= LONGEST_COMMENT + 300
    assert text.endswith("`manage.py compareprojects` prints all.")
    assert text.count("<details") == text.count("</details>")


@pytest.mark.parametrize(("lines", "length"), [(250, 600), (3, 100_000), (1, 500_000)])
def test_a_change_that_is_too_long_for_a_comment_is_shown_cut(compared, lines, length):
    def files(word):
        return {"shop/default.yaml": GOOD + "  commands:\n" + "".join(f"  - {word} {n} {'x' * length}\n" for n in range(lines))}

    comment = "\n".join(markdown(compared(files("a"), files("b"))))
    assert len(comment) <= LONGEST_COMMENT
    assert "\n-  - a 0 xxx" in comment
    assert "lines are shown; `manage.py compareprojects` prints all.\n" in comment
    assert comment.rstrip().endswith("</details>")
