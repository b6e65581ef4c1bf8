"""Check the plugin zip as the plugin repository does when it is uploaded, and a little more.

    .venv/bin/python scripts/check_package.py

Blocking there, and so here: what Bandit finds with all rules but four, what detect-secrets finds,
the size, and metadata that are missing. flake8-qgis looks for what Qt 6 no longer has; the check
for flat enums needs QGIS itself (scripts/flat_enums.py).
"""

from __future__ import annotations

import configparser
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from package import LARGEST_MB, NAME, ROOT, plugin_version

TOOLS = Path(sys.executable).parent
BANDIT_OFF = "B109,B404,B410,B411"  # the rules that the plugin repository has switched off
# QGS105: QGIS itself passes iface to the plugin, and tests pass one of their own. QGS201 and QGS202
# want the answers of addParameter and addOutput, which declare constants here.
FLAKE8_OFF = "QGS105,QGS201,QGS202"
DEMANDED = ("name", "description", "about", "version", "author", "license", "tags")
FOR_UPLOAD = ("email", "repository", "tracker", "homepage")


def main() -> int:
    """Check the zip that make package built and return 0 where nothing is wrong."""
    archive = ROOT / "dist" / f"{NAME}-{plugin_version()}.zip"
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(archive) as content:
            content.extractall(folder)
        plugin = Path(folder, NAME)
        faults = [
            *check_size(archive),
            *check_metadata(plugin),
            *check_files(plugin),
            *check_bandit(plugin),
            *check_secrets(plugin),
            *check_qt6(plugin),
        ]
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{archive.relative_to(ROOT)}: {len(faults)} findings")
    missing = [name for name in FOR_UPLOAD if name not in read_metadata(ROOT)]
    if missing:
        print(f"Not ready for an upload: metadata.txt has no {', '.join(missing)} yet.")
    return 1 if faults else 0


def check_size(archive: Path) -> list[str]:
    """Return what is wrong with the size."""
    size_mb = archive.stat().st_size / 1e6
    return [f"{size_mb:.1f} MB, {LARGEST_MB} are allowed"] if size_mb > LARGEST_MB else []


def check_metadata(plugin: Path) -> list[str]:
    """Return what is missing in metadata.txt."""
    general = read_metadata(plugin)
    faults = [f"metadata.txt: {name} is missing" for name in DEMANDED if not general.get(name)]
    expected = {
        "qgisMinimumVersion": "3.22",
        "qgisMaximumVersion": "4.99",
        "hasProcessingProvider": "yes",
    }
    faults += [
        f"metadata.txt: {name} is {general.get(name)}, not {value}"
        for name, value in expected.items()
        if general.get(name) != value
    ]
    if not (plugin / general.get("icon", "?")).is_file():
        faults.append("metadata.txt: the icon is missing")
    return faults


def read_metadata(folder: Path) -> configparser.SectionProxy:
    """Return the fields of metadata.txt."""
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(folder / "metadata.txt", encoding="utf-8")
    return metadata["general"]


def check_files(plugin: Path) -> list[str]:
    """Return files that the repository warns of: hidden, binary programs, caches."""
    unwanted = (".pyc", ".so", ".dll", ".dylib", ".exe", ".whl")
    return [
        f"{path.relative_to(plugin)} does not belong into the zip"
        for path in plugin.rglob("*")
        if path.name.startswith(".") or path.name == "__pycache__" or path.suffix in unwanted
    ]


def check_bandit(plugin: Path) -> list[str]:
    """Return what Bandit finds."""
    done = run("bandit", "-q", "-f", "json", "-s", BANDIT_OFF, "-r", plugin.name, folder=plugin)
    report = json.loads(done.stdout)
    faults = [f"bandit could not read {item['filename']}" for item in report["errors"]]
    return faults + [
        f"{item['filename']}:{item['line_number']}: {item['test_id']} {item['issue_text']}"
        for item in report["results"]
    ]


def check_secrets(plugin: Path) -> list[str]:
    """Return what detect-secrets takes for a secret."""
    # Nothing is sent anywhere to find out whether a secret is a true one.
    done = run("detect-secrets", "scan", "--no-verify", "--all-files", plugin.name, folder=plugin)
    found = json.loads(done.stdout)["results"]
    return [
        f"{name}:{item['line_number']}: {item['type']}" for name in found for item in found[name]
    ]


def check_qt6(plugin: Path) -> list[str]:
    """Return what flake8-qgis finds."""
    rules = ("--isolated", "--select", "QGS", "--extend-ignore", FLAKE8_OFF)
    done = run("flake8", *rules, plugin.name, folder=plugin)
    if done.returncode > 1 or done.stderr:
        return [f"flake8 failed: {done.stderr}"]
    return done.stdout.splitlines()


def run(tool: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool of this Python's environment beside the plugin's folder."""
    command = [str(TOOLS / tool), *arguments]
    return subprocess.run(command, cwd=folder.parent, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main())
