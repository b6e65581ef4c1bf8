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
