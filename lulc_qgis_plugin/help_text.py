"""Help of the algorithms: short Markdown files in resources/help, shown as HTML in dialogs.

Understood are paragraphs, ``## `` headings, ``- `` lists, ``**bold**`` and `` `code` ``. Everything
else, and everything from elsewhere, is escaped.
"""

from __future__ import annotations

import html
import re

from qgis.core import QgsApplication

from .engine_source import resource
from .translation import locale_names


def help_text(algorithm_id: str) -> str:
    """Return the help of an algorithm; empty where the file is missing."""
    text = _text(f"{algorithm_id}.md")
    return to_plain(text) if QgsApplication.platform() == "qgis_process" else to_html(text)


def _text(name: str) -> str:
    """Return a file in the user's language, from a folder such as help/de, else in English."""
    for folder in (*locale_names(), ""):
        path = resource("help", folder, name)
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return ""


def to_plain(text: str) -> str:
    """Return Markdown without its marks, for a terminal."""
    return re.sub(r"(?m)^## (.*)", r"\1:", text).replace("**", "").replace("`", "").strip()


def to_html(text: str) -> str:
    """Return Markdown as HTML in one line; QGIS makes a paragraph of every line."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text) if block.strip()]
    return "".join(_block(block.splitlines()) for block in blocks)


def _block(lines: list[str]) -> str:
    if lines[0].startswith("## "):
        return f"<h3>{_inline(lines[0][3:])}</h3>" + (_block(lines[1:]) if lines[1:] else "")
    if lines[0].startswith("- "):
        items = re.split(r"(?:^|\n)- ", "\n".join(lines))[1:]
        return "<ul>" + "".join(f"<li>{_inline(_joined(item))}</li>" for item in items) + "</ul>"
    return f"<p>{_inline(_joined(' '.join(lines)))}</p>"


def _joined(text: str) -> str:
    return " ".join(text.split())


def _inline(text: str) -> str:
    escaped = html.escape(text, quote=False)
    escaped = re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
    return re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", escaped)
