import re

import pytest

from lulc_qgis_plugin.engine_source import resource
from lulc_qgis_plugin.help_text import help_text, to_html, to_plain

TEXT = """First line
goes on.

## Heading

- one **bold**
- two `code`
  goes on
"""


def test_markdown_becomes_html_in_one_line():
    assert to_html(TEXT) == (
        "<p>First line goes on.</p><h3>Heading</h3>"
        "<ul><li>one <b>bold</b></li><li>two <code>code</code> goes on</li></ul>"
    )


def test_html_in_the_text_is_escaped():
    assert to_html("<script>alert(1)</script> & more") == (
        "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; more</p>"
    )


def test_a_terminal_gets_no_marks():
    assert to_plain(TEXT).splitlines()[:4] == ["First line", "goes on.", "", "Heading:"]
    assert "**" not in to_plain(TEXT)


def test_missing_help_is_empty():
    assert help_text("nosuchalgorithm") == ""


@pytest.mark.parametrize("path", sorted(resource("help").glob("*.md")), ids=lambda path: path.stem)
def test_no_mark_is_left_in_the_help(path):
    """Marks that this Markdown does not know, such as *one* or [a link](page), would be shown."""
    shown = re.sub(r"<code>.*?</code>", "", to_html(path.read_text(encoding="utf-8")))
    assert not re.search(r"\*\S[^*]*\*|\]\(|__|`|^#|<p>\|", shown)
