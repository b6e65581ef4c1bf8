"""The plugin takes the engine's modules from its own copy and leaves no trace of it."""

import subprocess
import sys

from support import PLUGIN_DIR, PLUGIN_PARENT

from lulc_qgis_plugin import engine_source


def test_modules_come_from_the_plugins_own_engine():
    inside = (PLUGIN_DIR / "lulc_engine").is_dir()
    expected = (PLUGIN_DIR if inside else PLUGIN_PARENT).resolve()
    assert expected == engine_source.SOURCE_DIR
    for module in (engine_source.errors, engine_source.options, engine_source.protocol):
        assert module.__file__.startswith(str(expected / "lulc_engine"))
    assert engine_source.resource("icons", "provider.svg").is_file()
    assert engine_source.shipped_file("constraints.txt").is_file()


def test_another_installed_engine_neither_wins_nor_is_touched(tmp_path):
    other = tmp_path / "lulc_engine"
    other.mkdir()
    (other / "__init__.py").write_text("__version__ = '99'\n")
    (other / "errors.py").write_text("LulcError = None\n")
    code = f"""
import sys
sys.path[:0] = [{str(tmp_path)!r}, {str(PLUGIN_PARENT)!r}]
import lulc_engine.errors
before, path = lulc_engine, list(sys.path)
from lulc_qgis_plugin import engine_source
assert engine_source.ENGINE_VERSION != "99"
assert issubclass(engine_source.errors.OptionsError, engine_source.errors.LulcError)
assert engine_source.options.declare.OptionsError is engine_source.errors.OptionsError
assert sys.path == path
assert sys.modules["lulc_engine"] is before
assert "lulc_engine.options" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_plugin_needs_neither_torch_nor_an_engine_module_in_sys_modules():
    code = f"""
import sys
sys.path.insert(0, {str(PLUGIN_PARENT)!r})
import lulc_qgis_plugin
assert "lulc_qgis_plugin.plugin" not in sys.modules
from lulc_qgis_plugin import provider
assert not [m for m in sys.modules if m.split(".")[0] in ("torch", "rasterio", "lulc_engine")]
assert "multiprocessing" not in sys.modules and "qgis.utils" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
