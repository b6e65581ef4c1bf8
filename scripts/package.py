"""Build dist/lulc_qgis_plugin-VERSION.zip: plugin, metadata, licence, pins, resources and engine.

The same sources give the same bytes: entries are sorted and carry fixed times and permissions.
Standard library only.
"""

from __future__ import annotations

import configparser
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "lulc_qgis_plugin"
FILES = ("metadata.txt", "LICENSE", "constraints.txt")
FOLDERS = ("resources", "lulc_engine")
LEFT_OUT_FOLDERS = {"__pycache__", "tests", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
# .ts: sources of translations, of which the plugin reads the .qm
LEFT_OUT_SUFFIXES = (".pyc", ".pyo", ".orig", ".tif.aux.xml", ".part", ".ts", "~")
LARGEST_MB = 25  # the plugin repository takes no more
FIXED_TIME = (2026, 1, 1, 0, 0, 0)


def main() -> int:
    """Write the zip and say where it is."""
    target = ROOT / "dist" / f"{NAME}-{plugin_version()}.zip"
    target.parent.mkdir(exist_ok=True)
    part = target.with_name(target.name + ".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, source in sorted(contents()):
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            entry.create_system = 3  # Unix, on every system
            archive.writestr(entry, source.read_bytes())
    part.replace(target)
    size_mb = target.stat().st_size / 1e6
    print(f"{target.relative_to(ROOT)}  {size_mb:.1f} MB")
    if size_mb > LARGEST_MB:
        print(f"The zip is larger than {LARGEST_MB} MB.", file=sys.stderr)
        return 1
    return 0


def plugin_version() -> str:
    """Return the version in metadata.txt."""
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    return metadata["general"]["version"]


def contents() -> Iterator[tuple[str, Path]]:
    """Yield the name in the zip and the file for everything that belongs into it."""
    for path in _files(ROOT / NAME):
        yield f"{NAME}/{path.relative_to(ROOT / NAME).as_posix()}", path
    for name in FILES:
        yield f"{NAME}/{name}", ROOT / name
    for folder in FOLDERS:
        for path in _files(ROOT / folder):
            yield f"{NAME}/{path.relative_to(ROOT).as_posix()}", path


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") or part in LEFT_OUT_FOLDERS for part in inside.parts)
        if path.is_file() and not hidden and not path.name.endswith(LEFT_OUT_SUFFIXES):
            yield path


if __name__ == "__main__":
    sys.exit(main())
