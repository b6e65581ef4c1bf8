"""Install the plugin into several QGIS versions, set up the engine there, run the demo, compare.

    make test-qgis-versions            # all; ARGS="3.44" for some of them, ARGS=--list names them

On each version: the zip goes into an empty profile, lulc:setupengine installs for real, the demo is
trained, classified and assessed through qgis_process and through the dialogs of the desktop (under
Xvfb), and the maps must be the same everywhere. Takes a quarter of an hour per version.

The versions beside this computer's own run in other Debian releases. LULC_QGIS_CHROOT names a
program that runs a command in one, called as ``PROGRAM run SUITE COMMAND...`` with this repository
at /src. LULC_TORCH_INDEX=ordinary where the index of PyTorch is out of reach. What each run leaves
(maps, logs, screenshots) is in build/qgis-versions.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = Path("build", "qgis-versions")
PROGRAM_VARIABLE = "LULC_QGIS_CHROOT"
SUITES = {"native": "", "3.40": "trixie", "3.44": "sid"}
PASSED_ON = ("LULC_TORCH_INDEX", "PIP_INDEX_URL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
COMPARED = ("map", "map_of_the_dialog", "overall_accuracy", "confusion")


def main() -> int:
    """Run the versions that were asked for and return 0 where all work and agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("versions", nargs="*", default=list(SUITES), metavar="VERSION")
    parser.add_argument("--list", action="store_true", help="name the versions")
    parser.add_argument("--keep", action="store_true", help="leave the engine, and use it again")
    given = parser.parse_args()
    if given.list:
        print(*SUITES)
        return 0
    for version in given.versions:
        if version not in SUITES:
            parser.error(f"{version} is not one of {', '.join(SUITES)}")
        if SUITES[version] and not os.environ.get(PROGRAM_VARIABLE):
            parser.error(f"{version} needs {PROGRAM_VARIABLE}; ARGS=native runs without it")
    reports = {}
    (ROOT / WORK).mkdir(parents=True, exist_ok=True)
    for archive in (ROOT / "dist").glob("lulc_qgis_plugin-*.zip"):  # one for all, whatever is built
        shutil.copyfile(archive, ROOT / WORK / "plugin.zip")
    with screen() as display:
        for version in given.versions:
            started = time.monotonic()
            code = run_version(version, display, given.keep)
            report = ROOT / WORK / version / "report.json"
            if code == 0 and report.is_file():
                reports[version] = json.loads(report.read_text(encoding="utf-8"))
            minutes = (time.monotonic() - started) / 60
            print(f"=== {version}: exit code {code}, {minutes:.1f} minutes\n", flush=True)
    return summarise(given.versions, reports)


def run_version(version: str, display: str, keep: bool) -> int:
    """Run the steps in one version of QGIS; return their exit code."""
    folder = ROOT / WORK / version
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    suite = SUITES[version]
    root = Path("/src") if suite else ROOT
    prefix = [os.environ[PROGRAM_VARIABLE], "run", suite] if suite else []
    passed_on = [f"{name}={os.environ[name]}" for name in PASSED_ON if name in os.environ]
    command = [*prefix, "env", *passed_on, f"DISPLAY={display}", "/usr/bin/python3"]
    command += [str(root / "scripts" / "qgis_version_steps.py"), str(root / WORK / version)]
    print(f"=== {version}", flush=True)
    return subprocess.run([*command, "--keep"] if keep else command, cwd=ROOT).returncode


def summarise(versions: list[str], reports: dict[str, dict[str, object]]) -> int:
    """Print a line per version and say whether all have the same results."""
    for version in versions:
        report = reports.get(version)
        if report is None:
            print(f"{version:8} FAILED")
            continue
        shown = {name: str(report[name])[:12] for name in ("qgis", "python", "map")}
        print(
            f"{version:8} QGIS {shown['qgis']}, engine's Python {shown['python']}, set up in "
            f"{report['setup_s']} s, map {shown['map']}, overall accuracy "
            f"{report['overall_accuracy']:.4f}"
        )
    differing = [
        name for name in COMPARED if len({json.dumps(r[name]) for r in reports.values()}) > 1
    ]
    twice = [v for v, report in reports.items() if report["map"] != report["map_of_the_dialog"]]
    for name in differing:
        print(f"The versions differ in: {name}")
    for version in twice:
        print(f"{version}: qgis_process and the dialog made different maps")
    failed = len(versions) - len(reports) + len(differing) + len(twice)
    print(f"{len(reports)} passed, {failed} failed")
    return 1 if failed else 0


@contextmanager
def screen(size: str = "1440x1000x24") -> Iterator[str]:
    """Start Xvfb on a free display and yield its name; programs in a chroot reach it too."""
    number = next(n for n in range(90, 200) if not Path(f"/tmp/.X{n}-lock").exists())  # noqa: S108
    server = subprocess.Popen(
        ["Xvfb", f":{number}", "-screen", "0", size, "-ac", "-nolisten", "tcp"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(2)
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
