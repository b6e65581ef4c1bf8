"""Bring the translation files up to date: lulc_qgis_plugin/i18n/lulc_qgis_plugin_*.ts.

    make translations                  # all texts; adds what is new, drops what is gone
    make translations ARGS="de fr"     # begins or goes on with these languages, and makes their .qm

The .ts files are those of Qt Linguist; the one named xx is the empty template. pylupdate reads
literals only, but most of what the dialogs show is declared once, as options of the engine. So the
algorithms are made in QGIS itself, and what they want translated is written down. Runs in QGIS's
Python; lrelease (Debian: qttools5-dev-tools) makes the .qm files that the plugin reads.
"""

from __future__ import annotations

import ast
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QTranslator

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "lulc_qgis_plugin"
FOLDER = PLUGIN / "i18n"
TEMPLATE = "xx"
FUNCTIONS = ("tr",)
SHOWN = ("placeholder", "listed", "filter")  # settings of widgets that a dialog shows
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'


class Recorder(QTranslator):
    """A translator that translates nothing and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.place = ""
        self.found: dict[str, str] = {}

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1
    ) -> str:
        """Remember the first place that a text of the plugin was asked for in."""
        if context == "LulcPlugin":
            self.found.setdefault(text, self.place)
        return ""


def main() -> int:
    """Write the template and every language there is, or that was asked for."""
    texts = {**declared_texts(), **literal_texts()}
    FOLDER.mkdir(exist_ok=True)
    languages = {path.stem.rsplit("lulc_qgis_plugin_", 1)[1] for path in FOLDER.glob("*.ts")}
    for language in sorted(languages | {TEMPLATE, *sys.argv[1:]}):
        path = FOLDER / f"lulc_qgis_plugin_{language}.ts"
        known = {} if language == TEMPLATE else translations(path)
        path.write_text(as_ts(texts, known, language), encoding="utf-8")
        done = sum(text in known for text in texts)
        print(f"{path.relative_to(ROOT)}: {len(texts)} texts, {done} translated")
        if language != TEMPLATE and done:
            subprocess.run(["lrelease", "-silent", str(path)], check=True)
    return 0


def declared_texts() -> dict[str, str]:
    """Return the texts of the algorithms and the algorithm of each, in QGIS's own order."""
    sys.path.insert(0, str(ROOT))
    app = QgsApplication([], False)
    app.initQgis()
    recorder = Recorder()
    app.installTranslator(recorder)
    from lulc_qgis_plugin.provider import ALGORITHMS  # needs the application

    for algorithm in ALGORITHMS:
        recorder.place = algorithm.TITLE
        made = algorithm().create()
        made.displayName(), made.group(), made.shortDescription()
        for definition in made.parameterDefinitions():
            widget = definition.metadata().get("widget_wrapper", {})
            for name in SHOWN:
                recorder.translate("LulcPlugin", widget.get(name, ""))
    app.removeTranslator(recorder)
    recorder.found.pop("", None)
    return recorder.found


def literal_texts() -> dict[str, str]:
    """Return the texts in the plugin's sources that stand in tr("...") and the file of each.

    Or in tr(NAME), tr(NAME[...]) and tr(NAME.get(...)), where NAME is a text, or a dictionary of
    texts, of the same module.
    """
    found: dict[str, str] = {}
    for path in sorted(PLUGIN.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in FUNCTIONS:
                continue
            for text in texts_of(node.args[0], named):
                found.setdefault(text, path.relative_to(PLUGIN).as_posix())
    return found


def texts_of(node: ast.expr | None, named: dict[str, ast.expr]) -> Iterator[str]:
    """Yield the texts that an expression may stand for.

    Args:
        node: the expression.
        named: what the names of the module stand for.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name):
        yield from texts_of(named.get(node.id), named)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from texts_of(value, named)
    elif isinstance(node, ast.Subscript):
        yield from texts_of(node.value, named)
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get":
        yield from texts_of(node.func.value, named)
        for default in node.args[1:]:
            yield from texts_of(default, named)


def translations(path: Path) -> dict[str, str]:
    """Return the finished translations in a .ts file by text; none where there is no file."""
    if not path.is_file():
        return {}
    known = {}
    for message in ET.parse(path).iter("message"):  # noqa: S314 - a file of this repository
        target = message.find("translation")
        if target is not None and target.text and target.get("type") is None:
            known[message.findtext("source", "")] = target.text
    return known


def as_ts(texts: dict[str, str], known: dict[str, str], language: str) -> str:
    """Return a .ts file.

    Args:
        texts: where each text stands, by text.
        known: its translation, by text.
        language: such as de or pt_BR.
    """
    top = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ET.SubElement(top, "context")
    ET.SubElement(context, "name").text = "LulcPlugin"
    for text, place in texts.items():
        message = ET.SubElement(context, "message")
        ET.SubElement(message, "source").text = text
        ET.SubElement(message, "extracomment").text = place
        target = ET.SubElement(message, "translation")
        if text in known:
            target.text = known[text]
        else:
            target.set("type", "unfinished")
    ET.indent(top, " ")
    return _HEAD + ET.tostring(top, encoding="unicode") + "\n"


if __name__ == "__main__":
    sys.exit(main())
