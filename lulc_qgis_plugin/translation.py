"""Texts in the user's language: Qt's translators, from the plugin's folder i18n.

Translated are dialogs, menus, messages, labels and help. Logs, errors and reports stay in English,
so that they can be searched for and reported; so do class names and everything in files.
"""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator

from .engine_source import PLUGIN_DIR

CONTEXT = "LulcPlugin"
FOLDER = PLUGIN_DIR / "i18n"
_FILES = "lulc_qgis_plugin"


def tr(text: str) -> str:
    """Return a text in the user's language; as it is where there is no translation."""
    return QCoreApplication.translate(CONTEXT, text) if text else ""


def locale_names() -> list[str]:
    """Return the user's locale as files may be named after it, best first: de_CH, de."""
    name = QLocale(QgsApplication.locale()).name()
    return list(dict.fromkeys([name, name.split("_")[0]]))


def install_translator() -> QTranslator | None:
    """Install the translator for the user's locale; return it, or None where there is no file."""
    for name in locale_names():
        translator = QTranslator()
        path = FOLDER / f"{_FILES}_{name}.qm"
        if path.is_file() and translator.load(str(path)):
            QCoreApplication.installTranslator(translator)
            return translator
    return None
